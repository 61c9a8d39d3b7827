// A connection to the database that the loader fills; the only part that knows libpq.
#ifndef ARGO_LOADER_CONNECTION_H_
#define ARGO_LOADER_CONNECTION_H_

#include <memory>
#include <string>

struct pg_conn;

namespace argo::loader {

class Connection {
 public:
  // Connects to a libpq connection string or URI. Throws Failure, in words without the password.
  explicit Connection(const std::string& url);

  // Says which server, database and user this is.
  std::string describe() const;

 private:
  struct Closer {
    void operator()(pg_conn* connection) const noexcept;
  };
  std::unique_ptr<pg_conn, Closer> connection_;
};

}  // namespace argo::loader

#endif  // ARGO_LOADER_CONNECTION_H_
