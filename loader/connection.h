// A connection to the database that the loader fills; with connection.cc the only part that knows
// libpq.
#ifndef ARGO_LOADER_CONNECTION_H_
#define ARGO_LOADER_CONNECTION_H_

#include "loader/exit_code.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct pg_result;

namespace argo::loader {

// A value as SQL text; nothing stands for NULL.
using Text = std::optional<std::string>;
using Row = std::vector<Text>;

// What a query returned in PostgreSQL's binary format, kept as it came.
class BinaryRows {
 public:
  BinaryRows() = default;
  explicit BinaryRows(std::shared_ptr<const pg_result> result) : result_(std::move(result)) {}

  int size() const;
  // Returns the bytes of a value, which live as long as this; nothing stands for NULL.
  std::optional<std::string_view> value(int row, int column) const;

 private:
  std::shared_ptr<const pg_result> result_;
};

struct Rows {
  std::vector<std::string> columns;
  std::vector<unsigned int> types;  // OIDs, in the order of `columns`
  std::vector<Row> rows;            // empty where the result is binary
  BinaryRows binary;
  std::int64_t affected = 0;  // rows that were returned, or written
};

// One statement with its parameters $1, $2, ...
struct Statement {
  std::string sql;
  std::vector<Text> parameters;
  bool has_binary_result = false;
};

// What the server, or libpq, said of a statement that failed.
class DatabaseError : public Failure {
 public:
  DatabaseError(bool is_lost, const std::string& sqlstate, const std::string& message,
                std::string detail = {}, std::string hint = {});

  // Says whether the connection is gone, or about to go, so that another one may do better.
  bool is_lost() const { return is_lost_; }
  // Says whether the same transaction, once more, may succeed: a deadlock or a conflict.
  bool is_conflict() const { return sqlstate() == "40001" || sqlstate() == "40P01"; }

 private:
  bool is_lost_;
};

// What a wait asks and tells while it lasts; called on the thread that waits.
struct Patience {
  std::function<bool()> stop;                        // asked every 50 ms: end the wait by Cancelled
  std::function<void(const std::string& why)> tell;  // of a connection that is tried again
};

class Connection {
 public:
  // Connects nowhere yet. `url` is a libpq connection string or URI, and goes to libpq untouched.
  // Throws Failure (configuration) where it is none; in words without the password.
  Connection(std::string url, Patience patience);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Connects unless connected. Waits 15 s at most for one attempt, and tries again, with growing
  // jittered pauses, for as long as a server that starts or wakes takes. Throws Failure where that
  // does not help.
  void connect();

  // Forgets the connection, whatever state it is in; an open transaction is undone by the server.
  void close() noexcept;
  bool is_open() const;

  // Runs one statement. Throws DatabaseError.
  Rows query(const std::string& sql, const std::vector<Text>& parameters = {});

  // Sends all statements at once and waits once; returns what each gave. Where one fails, those
  // behind it are not run, and its error is thrown when all answers are read.
  std::vector<Rows> pipeline(const std::vector<Statement>& statements);

  // Runs a script of many statements whose rows nobody wants.
  void run_script(const std::string& script);

  // Writes the bytes of a COPY ... FROM STDIN; returns how many rows it stored.
  std::int64_t copy_in(const std::string& statement, std::string_view bytes);

  // Hands the bytes of a COPY ... TO STDOUT to `take` as they come, a row each, until it returns
  // false: then the connection is closed. Returns how many rows were taken.
  std::int64_t copy_out(const std::string& statement,
                        const std::function<bool(std::string_view)>& take);

  // Undoes what is open; closes where even that fails.
  void rollback() noexcept;

  // What NOTICEs and WARNINGs are handed to, as text of one line; the default drops them.
  void set_notice_taker(std::function<void(const std::string&)> taker);

  const Patience& patience() const;

  // The server process of this session, as whoever was connected to says, be it a pooler.
  int backend_pid() const;

  // The version of TLS, such as TLSv1.3; empty without TLS.
  std::string tls() const;

  // "PostgreSQL 17.2, database energy, user loader"
  std::string describe() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Quotes a name for SQL.
std::string quote_identifier(const std::string& name);

}  // namespace argo::loader

#endif  // ARGO_LOADER_CONNECTION_H_
