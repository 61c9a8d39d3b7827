// The boundary between C++ and PostgreSQL: no exception leaves a function of ours, and no longjmp
// of PostgreSQL's crosses a living C++ object.
//
//   PostgreSQL ──> ARGO_FUNCTION ──> C++ body ──> pg::call ──> PostgreSQL
//        ^              │               ^            │
//        └── ereport ───┘               └── throw ───┘
//      once all C++ objects are dead     once PG_TRY has caught
#ifndef ARGO_EXT_BOUNDARY_H_
#define ARGO_EXT_BOUNDARY_H_

#include <optional>
#include <type_traits>
#include <utility>

#include "pg.h"

namespace argo::pg {

// An error of PostgreSQL's on its way through C++. It can only be thrown on, unless the internal
// subtransaction it happened in was rolled back.
class PgError {
 public:
  explicit PgError(ErrorData* data) : data_(data) {}

  // The error, in the memory context that was current when it was caught; null where PostgreSQL
  // had no memory left to keep it.
  ErrorData* data() const { return data_; }
  const char* message() const {
    return data_ != nullptr && data_->message != nullptr ? data_->message : "out of memory";
  }

 private:
  ErrorData* data_;
};

namespace detail {

struct Caught {
  bool is_error;
  ErrorData* data;
};

// Runs `thunk` under PG_TRY and catches what PostgreSQL raises.
Caught run_guarded(void (*thunk)(void*) noexcept, void* argument) noexcept;

}  // namespace detail

// Runs one lambda that calls PostgreSQL and throws what that raises as PgError. The lambda must
// hold nothing that a longjmp would leak: it may capture by reference and return plain data.
template <typename Function>
auto call(Function function) {
  using Result = std::invoke_result_t<Function>;
  static_assert(std::is_trivially_destructible_v<Function>, "a longjmp would skip a destructor");
  if constexpr (std::is_void_v<Result>) {
    const detail::Caught caught = detail::run_guarded(
        [](void* argument) noexcept { (*static_cast<Function*>(argument))(); }, &function);
    if (caught.is_error)
      throw PgError(caught.data);
  } else {
    static_assert(std::is_trivially_copyable_v<Result>, "a longjmp would skip a destructor");
    struct Frame {
      Function* function;
      Result result;
    } frame{&function, Result()};
    const detail::Caught caught = detail::run_guarded(
        [](void* argument) noexcept {
          auto* inner = static_cast<Frame*>(argument);
          inner->result = (*inner->function)();
        },
        &frame);
    if (caught.is_error)
      throw PgError(caught.data);
    return frame.result;
  }
}

// Begins and ends an internal subtransaction; memory context and resource owner stay the caller's.
class Subtransaction {
 public:
  Subtransaction();
  void commit();
  void roll_back();

 private:
  MemoryContext context_;
  ResourceOwner owner_;
};

// Runs a C++ body in an internal subtransaction. Returns the error of PostgreSQL's that ended it,
// by then rolled back; anything else that is thrown rolls back too and goes on.
template <typename Body>
std::optional<PgError> in_subtransaction(Body&& body) {
  Subtransaction subtransaction;
  try {
    std::forward<Body>(body)();
  } catch (const PgError& error) {
    subtransaction.roll_back();
    return error;
  } catch (...) {
    subtransaction.roll_back();
    throw;
  }
  subtransaction.commit();
  return std::nullopt;
}

// Says whether the user, a timeout or the server wants this backend to stop; serves on the way what
// else PostgreSQL asks of a backend at such a point.
bool stop_requested();

// Passes a line on at a level such as NOTICE.
void report(int level, const char* text);

using Body = Datum (*)(FunctionCallInfo);

enum class Statement : bool { kMayBeLogged, kHoldsSecrets };

// Runs a function's C++ body and raises what it throws as an error of PostgreSQL's.
Datum guarded(FunctionCallInfo fcinfo, Body body, Statement statement);

}  // namespace argo::pg

// Declares a function that SQL can call, as ARGO_FUNCTION(name, Statement::...) { ... }. There is
// no other way to declare one, so that none is unguarded.
#define ARGO_FUNCTION(name, statement)                                  \
  static Datum name##_body(FunctionCallInfo fcinfo);                    \
  extern "C" {                                                          \
  PG_FUNCTION_INFO_V1(name);                                            \
  PGDLLEXPORT Datum name(PG_FUNCTION_ARGS) {                            \
    return argo::pg::guarded(fcinfo, name##_body, argo::pg::statement); \
  }                                                                     \
  }                                                                     \
  static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)

#endif  // ARGO_EXT_BOUNDARY_H_
