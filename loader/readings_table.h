// The statements that read and write the table `readings`.
#ifndef ARGO_LOADER_READINGS_TABLE_H_
#define ARGO_LOADER_READINGS_TABLE_H_

#include "core/model.h"
#include "loader/connection.h"

#include <string>
#include <vector>

namespace argo::loader {

class ReadingsTable {
 public:
  // `schema` is the quoted name of the schema that holds readings.
  explicit ReadingsTable(std::string schema);

  // Asks the catalogs how rows can be written; its answer goes to learn().
  Statement look() const;
  void learn(const Rows& answer);
  bool is_known() const { return is_known_; }

  // Says why COPY is not right for this table; empty where it is.
  const std::string& copy_refusal() const { return copy_refusal_; }

  // Reads what is stored of the windows of pulls; its binary answer goes to readings_of().
  Statement read(const std::vector<const Pull*>& pulls) const;
  // Returns the readings of each window, on the 15-minute grid, sorted by time.
  static std::vector<std::vector<Reading>> readings_of(const Rows& answer, std::size_t windows);

  // The COPY that takes encoding.h's bytes.
  std::string copy() const;

  // Inserts readings of a channel; leaves those that are stored as they are.
  Statement insert(std::int32_t channel_id, const std::vector<Reading>& readings) const;

  // Puts the values given over those stored, never a NULL, and keeps the earlier row in
  // reading_corrections.
  Statement correct(std::int32_t channel_id, const std::vector<Reading>& readings) const;

 private:
  std::string schema_;
  std::string table_;
  bool is_known_ = false;
  bool has_rules_ = false;
  std::string copy_refusal_;
};

}  // namespace argo::loader

#endif  // ARGO_LOADER_READINGS_TABLE_H_
