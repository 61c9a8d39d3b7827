// Keeps the core free of its hosts: included first by every core header, it fails to compile where
// PostgreSQL's headers came in before it, since their macros would change the core's meaning.
#ifndef ARGO_CORE_HOST_FREE_H_
#define ARGO_CORE_HOST_FREE_H_

#if defined(POSTGRES_H) || defined(C_H) || defined(LIBPQ_FE_H)
#error "core headers know no PostgreSQL: include them before postgres.h and libpq-fe.h"
#endif

#endif  // ARGO_CORE_HOST_FREE_H_
