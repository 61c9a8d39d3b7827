// Says what is wrong on the way from here to the database and to the API, and what to type.
#ifndef ARGO_LOADER_DOCTOR_H_
#define ARGO_LOADER_DOCTOR_H_

#include "loader/context.h"
#include "loader/exit_code.h"

namespace argo::loader {

// Works with nothing configured, and changes nothing. Returns kConfiguration, kDatabaseUnreachable
// or kDatabaseError where a check fails, the first of these that one is about.
ExitCode run_doctor(const Context& context);

}  // namespace argo::loader

#endif  // ARGO_LOADER_DOCTOR_H_
