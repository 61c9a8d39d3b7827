// Functions that fail in every way there is, with living C++ objects on the stack.
#include "../../core/error.h"

#include <new>
#include <stdexcept>
#include <string>

#include "../../argo_ext/boundary.h"
#include "../../argo_ext/sql.h"

extern "C" {
PG_MODULE_MAGIC;
}

namespace {

int live_objects = 0;

// Counts itself, and holds memory that a skipped destructor would lose.
class Counted {
 public:
  Counted() : text_(100, 'x') { ++live_objects; }
  ~Counted() { --live_objects; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::string text_;
};

// Runs `fail` below some frames that each own an object.
template <int Frames = 5, typename Fail>
void deep_down(const Fail& fail) {
  const Counted counted;
  if constexpr (Frames == 0)
    fail();
  else
    deep_down<Frames - 1>(fail);
}

void fail_as(const std::string& kind) {
  if (kind == "error")
    throw argo::Error("ZA002", "a message", "a detail", "a hint");
  if (kind == "long")
    throw argo::Error("22023", std::string(5000, 'a') + "\xC3\xA4", {}, {});
  if (kind == "cut")
    throw argo::Error("22023", std::string(2046, 'a') + "\xC3\xA4" + "b", {}, {});
  if (kind == "bad_alloc")
    throw std::bad_alloc();
  if (kind == "exception")
    throw std::runtime_error("expected by the test");
  if (kind == "int")
    throw 42;
  if (kind == "cancelled")
    throw argo::Cancelled();
  if (kind == "postgres")
    argo::pg::call([] {
      ereport(ERROR, (errcode(ERRCODE_DIVISION_BY_ZERO), errmsg("raised below C++"),
                      errdetail("its detail"), errhint("its hint"), errcontext("its context")));
    });
}

}  // namespace

ARGO_FUNCTION(boundary_live, Statement::kMayBeLogged) {
  PG_RETURN_INT32(live_objects);
}

ARGO_FUNCTION(boundary_fail, Statement::kMayBeLogged) {
  const std::string kind = *argo::pg::text_argument(fcinfo, 0);
  deep_down([&] { fail_as(kind); });
  PG_RETURN_VOID();
}

ARGO_FUNCTION(boundary_fail_secretly, Statement::kHoldsSecrets) {
  const std::string kind = *argo::pg::text_argument(fcinfo, 0);
  deep_down([&] { fail_as(kind); });
  PG_RETURN_VOID();
}

// Runs a statement; what it raises passes through C++ frames.
ARGO_FUNCTION(boundary_sql, Statement::kMayBeLogged) {
  const std::string sql = *argo::pg::text_argument(fcinfo, 0);
  argo::pg::open_spi();
  deep_down([&] { argo::pg::query(sql); });
  argo::pg::close_spi();
  PG_RETURN_VOID();
}

// Runs a statement in a subtransaction and returns its error, or nothing.
ARGO_FUNCTION(boundary_try, Statement::kMayBeLogged) {
  const std::string sql = *argo::pg::text_argument(fcinfo, 0);
  argo::pg::open_spi();
  const auto error = argo::pg::in_subtransaction([&] { deep_down([&] { argo::pg::query(sql); }); });
  std::string text = error ? error->message() : "";
  argo::pg::close_spi();
  if (!error)
    PG_RETURN_NULL();
  const char* plain = text.c_str();
  PG_RETURN_DATUM(argo::pg::call([=] { return CStringGetTextDatum(plain); }));
}

// Throws a C++ exception out of a subtransaction.
ARGO_FUNCTION(boundary_throw_from_subtransaction, Statement::kMayBeLogged) {
  const std::string sql = *argo::pg::text_argument(fcinfo, 0);
  argo::pg::open_spi();
  try {
    argo::pg::in_subtransaction([&] {
      argo::pg::query(sql);
      deep_down([] { fail_as("error"); });
    });
  } catch (const argo::Error&) {
    argo::pg::report(DEBUG1, "caught");
  }
  argo::pg::close_spi();
  PG_RETURN_VOID();
}

// Waits until it is told to stop.
ARGO_FUNCTION(boundary_wait, Statement::kMayBeLogged) {
  deep_down([] {
    while (!argo::pg::stop_requested())
      argo::pg::call([] { pg_usleep(1000); });
    throw argo::Cancelled();
  });
  PG_RETURN_VOID();
}
