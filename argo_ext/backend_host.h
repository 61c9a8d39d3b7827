// The backend as the core's host: interrupts, notices, the clock and the tables of this server.
#ifndef ARGO_EXT_BACKEND_HOST_H_
#define ARGO_EXT_BACKEND_HOST_H_

#include "../core/host.h"
#include "../core/ingest.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "readings_writer.h"

namespace argo::pg {

class BackendHost : public Host {
 public:
  // `schema` is the quoted name of the schema that holds Argo's tables; SPI must be open. With
  // `as_of` the clock stands there.
  BackendHost(std::string schema, std::optional<UnixTime> as_of);

  bool stop_requested() override;
  void log(LogLevel level, const std::string& text) override;
  UnixTime now() override;
  TimeRange final_slots(const Organization& organization, int days) override;
  std::vector<std::int64_t> store(const Site& site, const std::vector<Pull>& pulls) override;
  std::int64_t count_present(const Site& site, const TimeRange& range) override;

  // Keeps data_sync_status: a row for the site and one for each of its channels.
  void log_sync(const IngestResult& result, UnixTime started);

 private:
  std::string schema_;
  std::optional<UnixTime> as_of_;
  std::unique_ptr<ReadingsWriter> writer_;
  bool is_site_stored_ = false;
};

}  // namespace argo::pg

#endif  // ARGO_EXT_BACKEND_HOST_H_
