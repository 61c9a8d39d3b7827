// Checks what the API answered before anything is stored: first the answer, then each record.
#ifndef ARGO_CORE_CHECK_H_
#define ARGO_CORE_CHECK_H_

#include "host_free.h"

#include "fetcher.h"
#include "model.h"
#include "readings_parser.h"
#include "settings.h"

namespace argo {

// Says whether an answer is one to the question asked: this channel, 15 minutes, Wh and W, whole.
Verdict check_answer(const ReadingsAnswer& answer, const Pull& asked);

// Sorts the records of an answer into pull.readings, in kWh, kW and kvar, and pull.rejects. A
// record is rejected when its timestamp is missing, off the 15-minute grid, outside the window or
// in the future, when a value is no finite number, when the power is negative, or when it has no
// value at all. Of two records with one timestamp the later counts.
void check_records(const ReadingsAnswer& answer, const Settings& limits, UnixTime now, Pull& pull);

}  // namespace argo

#endif  // ARGO_CORE_CHECK_H_
