// The boundary between C++ and PostgreSQL: no exception leaves a function of ours, and no longjmp
// of PostgreSQL's crosses a living C++ object.
#include "../core/error.h"

#include <cstdint>
#include <cstring>
#include <exception>
#include <new>

#include "boundary.h"

namespace argo::pg {

namespace {

constexpr std::size_t kMaxText = 2048;

// What is to be raised once all C++ objects are dead: plain data, so that ereport may longjmp.
struct Raised {
  enum class Kind : std::uint8_t { kNothing, kError, kPostgres, kCancelled, kNoMemory };
  Kind kind;
  char sqlstate[6];
  char message[kMaxText];
  char detail[kMaxText];
  char hint[kMaxText];
  ErrorData* postgres;
};

// Copies text, cut at a whole UTF-8 character where it is too long.
void copy_text(char (&to)[kMaxText], const std::string& from) noexcept {
  std::size_t size = from.size();
  if (size >= kMaxText) {
    size = kMaxText - 1;
    while (size > 0 && (static_cast<unsigned char>(from[size]) & 0xC0U) == 0x80U)
      --size;
  }
  std::memcpy(to, from.data(), size);
  to[size] = '\0';
}

// Runs the body and keeps what it throws.
Datum run_body(FunctionCallInfo fcinfo, Body body, Raised& raised) noexcept {
  try {
    return body(fcinfo);
  } catch (const Error& error) {
    raised.kind = Raised::Kind::kError;
    std::memcpy(raised.sqlstate, error.sqlstate().c_str(), sizeof(raised.sqlstate));
    copy_text(raised.message, error.message());
    copy_text(raised.detail, error.detail());
    copy_text(raised.hint, error.hint());
  } catch (const Cancelled&) {
    raised.kind = Raised::Kind::kCancelled;
  } catch (const PgError& error) {
    raised.kind = error.data() != nullptr ? Raised::Kind::kPostgres : Raised::Kind::kNoMemory;
    raised.postgres = error.data();
  } catch (const std::bad_alloc&) {
    raised.kind = Raised::Kind::kNoMemory;
  } catch (const std::exception& error) {
    raised.kind = Raised::Kind::kError;
    std::memcpy(raised.sqlstate, "XX000", sizeof(raised.sqlstate));
    copy_text(raised.message, std::string("unexpected C++ exception: ") + error.what());
  } catch (...) {
    raised.kind = Raised::Kind::kError;
    std::memcpy(raised.sqlstate, "XX000", sizeof(raised.sqlstate));
    copy_text(raised.message, "unexpected C++ exception");
  }
  return 0;
}

// The core's texts are UTF-8; in a database of another encoding only their ASCII is safe.
char* to_server(char* text) {
  if (GetDatabaseEncoding() != PG_UTF8)
    for (char* c = text; *c != '\0'; ++c)
      if ((static_cast<unsigned char>(*c) & 0x80U) != 0)
        *c = '?';
  return text;
}

// Raises what was kept. No C++ object lives here.
[[noreturn]] void raise(Raised& raised, Statement statement) {
  const bool hide_statement = statement == Statement::kHoldsSecrets;
  switch (raised.kind) {
    case Raised::Kind::kPostgres:
      raised.postgres->hide_stmt = raised.postgres->hide_stmt || hide_statement;
      ReThrowError(raised.postgres);
    case Raised::Kind::kCancelled:
      CHECK_FOR_INTERRUPTS();
      ereport(ERROR,
              (errcode(ERRCODE_QUERY_CANCELED), errmsg("canceling statement due to user request")));
    case Raised::Kind::kNoMemory:
      ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
                      errdetail("Argo could not allocate memory outside PostgreSQL's contexts."),
                      errhidestmt(hide_statement)));
    default:
      ereport(ERROR,
              (errcode(MAKE_SQLSTATE(raised.sqlstate[0], raised.sqlstate[1], raised.sqlstate[2],
                                     raised.sqlstate[3], raised.sqlstate[4])),
               errmsg_internal("%s", to_server(raised.message)),
               raised.detail[0] != '\0' ? errdetail_internal("%s", to_server(raised.detail)) : 0,
               raised.hint[0] != '\0' ? errhint("%s", to_server(raised.hint)) : 0,
               errhidestmt(hide_statement)));
  }
  pg_unreachable();
}

// Copies the error being handled; null where there is no memory for it.
ErrorData* copy_error() noexcept {
  ErrorData* volatile data = nullptr;
  PG_TRY();
  { data = CopyErrorData(); }
  PG_CATCH();
  { data = nullptr; }
  PG_END_TRY();
  return data;
}

}  // namespace

detail::Caught detail::run_guarded(void (*thunk)(void*) noexcept, void* argument) noexcept {
  MemoryContext context = CurrentMemoryContext;
  volatile bool is_error = false;
  ErrorData* volatile data = nullptr;
  PG_TRY();
  { thunk(argument); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    is_error = true;
    data = copy_error();
    FlushErrorState();
  }
  PG_END_TRY();
  return {is_error, data};
}

Subtransaction::Subtransaction() : context_(CurrentMemoryContext), owner_(CurrentResourceOwner) {
  call([this] {
    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(context_);
  });
}

void Subtransaction::commit() {
  call([this] {
    ReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(context_);
    CurrentResourceOwner = owner_;
  });
}

void Subtransaction::roll_back() {
  call([this] {
    RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(context_);
    CurrentResourceOwner = owner_;
  });
}

bool stop_requested() {
  if (!InterruptPending)
    return false;
  if (QueryCancelPending || ProcDiePending)
    return true;
  call([] { CHECK_FOR_INTERRUPTS(); });
  return false;
}

void report(int level, const char* text) {
  call([=] { ereport(level, (errmsg_internal("%s", text))); });
}

Datum guarded(FunctionCallInfo fcinfo, Body body, Statement statement) {
  Raised raised;
  raised.kind = Raised::Kind::kNothing;
  const Datum result = run_body(fcinfo, body, raised);
  if (raised.kind != Raised::Kind::kNothing)
    raise(raised, statement);
  return result;
}

}  // namespace argo::pg
