// Writes readings into the table, leaving those that are stored already as they are.
#ifndef ARGO_EXT_READINGS_WRITER_H_
#define ARGO_EXT_READINGS_WRITER_H_

#include "../core/model.h"

#include <cstdint>
#include <memory>
#include <string>

namespace argo::pg {

class ReadingsWriter {
 public:
  ReadingsWriter() = default;
  ReadingsWriter(const ReadingsWriter&) = delete;
  ReadingsWriter& operator=(const ReadingsWriter&) = delete;
  virtual ~ReadingsWriter() = default;

  // Stores the readings of a pull; returns how many of them were new.
  virtual std::int64_t write(const Pull& pull) = 0;
};

// Returns a writer by INSERT ... ON CONFLICT DO NOTHING, which is right for every kind of table.
// SPI must be open, and stay so while the writer is used.
std::unique_ptr<ReadingsWriter> make_spi_writer(const std::string& schema);

}  // namespace argo::pg

#endif  // ARGO_EXT_READINGS_WRITER_H_
