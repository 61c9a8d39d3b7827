// Speaks libpq: never blocks in it while a server is silent, and keeps what it says free of the
// password.
#include "loader/connection.h"

#include "core/host.h"
#include "core/text.h"
#include "loader/connect.h"

#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <future>
#include <string_view>
#include <thread>
#include <utility>

namespace argo::loader {

namespace {

constexpr std::chrono::milliseconds kCancelWait{300};
// More than that waits in no buffer of libpq's.
constexpr std::size_t kCopyBytes = 256UL * 1024;

constexpr char kLostState[] = "08006";
constexpr char kReadOnlyState[] = "25006";
constexpr char kReadOnlyHint[] =
    "connect to the primary server; or, where the role only reads by default, type "
    "ALTER ROLE ... SET default_transaction_read_only = off;";

struct ResultFree {
  void operator()(const PGresult* result) const noexcept { PQclear(const_cast<PGresult*>(result)); }
};
using Result = std::unique_ptr<PGresult, ResultFree>;

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.pop_back();
  return text;
}

// Returns the exit code of an error; waits for any lock end with the SQLSTATE of another run.
ExitCode exit_code_for(bool is_lost, const std::string& sqlstate, const std::string& message) {
  if (is_lost)
    return ExitCode::kDatabaseUnreachable;
  const ExitCode code = exit_code_of_database(sqlstate);
  return code == ExitCode::kAnotherRun && !message.starts_with("another run ")
             ? ExitCode::kDatabaseError
             : code;
}

DatabaseError lost_error(const std::string& what) {
  return {true, kLostState, "lost the connection to the database",
          what.empty() ? "what was not committed is undone" : printable(first_line(what), 500),
          "run the same command again; what is stored stays"};
}

// Makes an error of what the server or libpq said.
DatabaseError to_error(PGconn* conn, const PGresult* result) {
  const std::string state = or_empty(PQresultErrorField(result, PG_DIAG_SQLSTATE));
  if (state.empty())
    return PQstatus(conn) == CONNECTION_BAD
               ? lost_error(trimmed(PQresultErrorMessage(result)))
               : DatabaseError(false, "XX000", trimmed(or_empty(PQresultErrorMessage(result))));
  const std::string severity = or_empty(PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED));
  const bool is_lost = PQstatus(conn) == CONNECTION_BAD || severity == "FATAL" ||
                       severity == "PANIC" || state.starts_with("08") || state == "57P01" ||
                       state == "57P02" || state == "57P03";
  std::string hint = or_empty(PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
  if (hint.empty() && state == kReadOnlyState)
    hint = kReadOnlyHint;
  return {is_lost, state, or_empty(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)),
          or_empty(PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL)), std::move(hint)};
}

Rows to_rows(Result result) {
  Rows out;
  const int columns = PQnfields(result.get());
  for (int column = 0; column < columns; ++column) {
    out.columns.emplace_back(PQfname(result.get(), column));
    out.types.push_back(PQftype(result.get(), column));
  }
  out.affected = std::strtoll(PQcmdTuples(result.get()), nullptr, 10);
  if (PQbinaryTuples(result.get()) != 0) {
    out.binary = BinaryRows(std::shared_ptr<const PGresult>(result.release(), ResultFree()));
    return out;
  }
  const int rows = PQntuples(result.get());
  out.rows.resize(static_cast<std::size_t>(rows));
  for (int row = 0; row < rows; ++row) {
    Row& to = out.rows[static_cast<std::size_t>(row)];
    to.resize(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column)
      if (PQgetisnull(result.get(), row, column) == 0)
        to[static_cast<std::size_t>(column)].emplace(
            PQgetvalue(result.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result.get(), row, column)));
  }
  return out;
}

}  // namespace

int BinaryRows::size() const {
  return result_ ? PQntuples(result_.get()) : 0;
}

std::optional<std::string_view> BinaryRows::value(int row, int column) const {
  if (PQgetisnull(result_.get(), row, column) != 0)
    return std::nullopt;
  return std::string_view(PQgetvalue(result_.get(), row, column),
                          static_cast<std::size_t>(PQgetlength(result_.get(), row, column)));
}

DatabaseError::DatabaseError(bool is_lost, const std::string& sqlstate, const std::string& message,
                             std::string detail, std::string hint)
    : Failure(exit_code_for(is_lost, sqlstate, message), sqlstate.c_str(), message,
              std::move(detail), std::move(hint)),
      is_lost_(is_lost) {}

struct Connection::Impl {
  std::string url;
  Patience patience;
  ConnPtr conn;
  bool was_open = false;
  std::function<void(const std::string&)> take_notice;

  void forget() noexcept;
  void cancel() noexcept;
  void require_open() const;
  void send(const Statement& statement);
  [[noreturn]] void fail_to_send();
  void check_stop();
  void wait(bool is_flushed);
  void send_rest();
  Result next_result();
  Rows collect(std::optional<DatabaseError> error = {});
  void settle(const std::optional<DatabaseError>& error);

  static void receive_notice(void* self, const PGresult* result);
};

// Forgets the connection.
void Connection::Impl::forget() noexcept {
  conn.reset();
}

void Connection::Impl::require_open() const {
  if (!conn || PQstatus(conn.get()) != CONNECTION_OK)
    throw lost_error({});
}

// Asks the server to cancel what runs. PQcancel() may hang where the network does, so it gets a
// thread that is left to itself.
void Connection::Impl::cancel() noexcept {
  try {
    const std::shared_ptr<PGcancel> handle(PQgetCancel(conn.get()), PQfreeCancel);
    if (!handle)
      return;
    auto done = std::make_shared<std::promise<void>>();
    const auto answer = done->get_future();
    std::thread([handle, done] {
      std::array<char, 256> error{};
      PQcancel(handle.get(), error.data(), static_cast<int>(error.size()));
      done->set_value();
    }).detach();
    answer.wait_for(kCancelWait);
  } catch (const std::exception&) {
    // No thread to be had: the statement ends with its connection.
    return;
  }
}

// Queues a statement to be sent.
void Connection::Impl::send(const Statement& statement) {
  std::vector<const char*> values;
  values.reserve(statement.parameters.size());
  for (const Text& value : statement.parameters)
    values.push_back(value ? value->c_str() : nullptr);
  if (PQsendQueryParams(conn.get(), statement.sql.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, statement.has_binary_result ? 1 : 0) != 1)
    fail_to_send();
}

void Connection::Impl::fail_to_send() {
  const DatabaseError error = lost_error(trimmed(PQerrorMessage(conn.get())));
  forget();
  throw DatabaseError(error);
}

// Throws Cancelled once the wait is to end.
void Connection::Impl::check_stop() {
  if (!patience.stop || !patience.stop())
    return;
  // A server that computes would notice a closed socket much later.
  cancel();
  forget();
  throw Cancelled();
}

// Waits for the socket or for 50 ms, whichever comes first, and takes what has come.
void Connection::Impl::wait(bool is_flushed) {
  check_stop();
  pollfd socket{PQsocket(conn.get()), static_cast<short>(is_flushed ? POLLIN : POLLIN | POLLOUT),
                0};
  poll(&socket, 1, kStopPollMs);
  PQconsumeInput(conn.get());
}

// Sends what waits, so that it does not grow in memory.
void Connection::Impl::send_rest() {
  while (PQflush(conn.get()) == 1 && PQstatus(conn.get()) != CONNECTION_BAD)
    wait(false);
}

// Waits for the next result, and sends what is still to be sent meanwhile.
Result Connection::Impl::next_result() {
  while (PQstatus(conn.get()) != CONNECTION_BAD) {
    const bool is_flushed = PQflush(conn.get()) != 1;
    if (PQisBusy(conn.get()) == 0)
      break;
    wait(is_flushed);
  }
  return Result(PQgetResult(conn.get()));
}

// Takes the answers to what was sent outside of a pipeline, after an error that came first, if any;
// returns the last one's rows.
Rows Connection::Impl::collect(std::optional<DatabaseError> error) {
  Rows rows;
  while (Result result = next_result()) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY)
      rows = to_rows(std::move(result));
    else if (!error)
      error = to_error(conn.get(), result.get());
    const bool is_copy = status == PGRES_COPY_IN || status == PGRES_COPY_OUT;
    if (is_copy || PQstatus(conn.get()) == CONNECTION_BAD)
      break;
  }
  if (PQstatus(conn.get()) == CONNECTION_OK && PQtransactionStatus(conn.get()) == PQTRANS_ACTIVE)
    forget();
  settle(error);
  return rows;
}

// Throws the error of what has ended; a connection that is gone is forgotten first.
void Connection::Impl::settle(const std::optional<DatabaseError>& error) {
  const bool is_bad = !conn || PQstatus(conn.get()) == CONNECTION_BAD;
  if (!error && !is_bad)
    return;
  const DatabaseError thrown =
      error ? *error : lost_error(conn ? trimmed(PQerrorMessage(conn.get())) : std::string());
  if (thrown.is_lost())
    forget();
  throw DatabaseError(thrown);
}

void Connection::Impl::receive_notice(void* self, const PGresult* result) {
  const auto* impl = static_cast<const Impl*>(self);
  const std::string severity = or_empty(PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED));
  // The last words of a session that was idle: what is run next will fail, and say so.
  if (!impl->take_notice || severity == "FATAL" || severity == "PANIC")
    return;
  try {
    impl->take_notice(
        severity + ":  " +
        printable(or_empty(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)), 1000));
  } catch (const std::exception&) {
    // No exception may pass through libpq.
    return;
  }
}

Connection::Connection(std::string url, Patience patience) : impl_(std::make_unique<Impl>()) {
  check_url(url);
  impl_->url = std::move(url);
  impl_->patience = std::move(patience);
}

Connection::~Connection() = default;

void Connection::connect() {
  if (is_open())
    return;
  impl_->forget();
  impl_->conn = open_connection(impl_->url, impl_->patience, impl_->was_open);
  impl_->was_open = true;
  PQsetNoticeReceiver(impl_->conn.get(), Impl::receive_notice, impl_.get());
}

void Connection::close() noexcept {
  impl_->forget();
}

bool Connection::is_open() const {
  return impl_->conn != nullptr && PQstatus(impl_->conn.get()) == CONNECTION_OK;
}

Rows Connection::query(const std::string& sql, const std::vector<Text>& parameters) {
  impl_->require_open();
  impl_->send({sql, parameters, false});
  return impl_->collect();
}

std::vector<Rows> Connection::pipeline(const std::vector<Statement>& statements) {
  impl_->require_open();
  PGconn* conn = impl_->conn.get();
  if (PQenterPipelineMode(conn) != 1)
    throw lost_error(trimmed(PQerrorMessage(conn)));
  for (const Statement& statement : statements)
    impl_->send(statement);
  if (PQpipelineSync(conn) != 1)
    impl_->fail_to_send();

  std::vector<Rows> all;
  std::optional<DatabaseError> error;
  bool is_synced = false;
  while (!is_synced && PQstatus(conn) != CONNECTION_BAD) {
    // Between two statements there is none.
    Result result = impl_->next_result();
    if (!result)
      continue;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC)
      is_synced = true;
    else if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
      all.push_back(to_rows(std::move(result)));
    else if (status != PGRES_PIPELINE_ABORTED && !error)
      error = to_error(conn, result.get());
  }
  if (is_synced && PQexitPipelineMode(conn) != 1)
    impl_->forget();
  impl_->settle(error);
  return all;
}

void Connection::run_script(const std::string& script) {
  impl_->require_open();
  if (PQsendQuery(impl_->conn.get(), script.c_str()) != 1)
    impl_->fail_to_send();
  impl_->collect();
}

std::int64_t Connection::copy_in(const std::string& statement, std::string_view bytes) {
  impl_->require_open();
  PGconn* conn = impl_->conn.get();
  if (PQsendQuery(conn, statement.c_str()) != 1)
    impl_->fail_to_send();
  const Result ready = impl_->next_result();
  if (PQresultStatus(ready.get()) != PGRES_COPY_IN) {
    return impl_->collect(to_error(conn, ready.get())).affected;
  }
  for (std::size_t at = 0; at < bytes.size(); at += kCopyBytes) {
    const std::string_view piece = bytes.substr(at, kCopyBytes);
    if (PQputCopyData(conn, piece.data(), static_cast<int>(piece.size())) != 1)
      break;
    impl_->send_rest();
  }
  // An error that ended the COPY comes with the result.
  PQputCopyEnd(conn, nullptr);
  return impl_->collect().affected;
}

std::int64_t Connection::copy_out(const std::string& statement,
                                  const std::function<bool(std::string_view)>& take) {
  impl_->require_open();
  PGconn* conn = impl_->conn.get();
  if (PQsendQuery(conn, statement.c_str()) != 1)
    impl_->fail_to_send();
  const Result ready = impl_->next_result();
  if (PQresultStatus(ready.get()) != PGRES_COPY_OUT)
    return impl_->collect(to_error(conn, ready.get())).affected;
  std::int64_t rows = 0;
  while (PQstatus(conn) != CONNECTION_BAD) {
    char* bytes = nullptr;
    const int count = PQgetCopyData(conn, &bytes, 1);
    const std::unique_ptr<char, decltype(&PQfreemem)> holder(bytes, PQfreemem);
    if (count < 0)
      break;
    if (count == 0) {
      impl_->wait(true);
      continue;
    }
    // Where rows come faster than they are taken, nothing is ever waited for.
    impl_->check_stop();
    if (!take(std::string_view(bytes, static_cast<std::size_t>(count)))) {
      impl_->cancel();
      impl_->forget();
      return rows;
    }
    ++rows;
  }
  return impl_->collect().affected;
}

void Connection::rollback() noexcept {
  try {
    if (is_open() && PQtransactionStatus(impl_->conn.get()) != PQTRANS_IDLE)
      query("ROLLBACK");
  } catch (const std::exception&) {
    close();
  }
}

void Connection::set_notice_taker(std::function<void(const std::string&)> taker) {
  impl_->take_notice = std::move(taker);
}

const Patience& Connection::patience() const {
  return impl_->patience;
}

int Connection::backend_pid() const {
  return PQbackendPID(impl_->conn.get());
}

std::string Connection::tls() const {
  PGconn* conn = impl_->conn.get();
  return PQsslInUse(conn) != 0 ? or_empty(PQsslAttribute(conn, "protocol")) : "";
}

std::string Connection::describe() const {
  const auto or_unknown = [](const char* text) { return text == nullptr ? "unknown" : text; };
  const PGconn* conn = impl_->conn.get();
  std::string text = "PostgreSQL ";
  text += or_unknown(PQparameterStatus(conn, "server_version"));
  text += ", database ";
  text += or_unknown(PQdb(conn));
  text += ", user ";
  text += or_unknown(PQuser(conn));
  return text;
}

std::string quote_identifier(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"')
      quoted += c;
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace argo::loader
