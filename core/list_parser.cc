// Reads one page of a list of the API: /organizations, /devices, /channels.
#include "list_parser.h"

#include <charconv>
#include <utility>

#include "json_sax.h"
#include "text.h"

namespace argo {

namespace {

std::optional<std::int64_t> to_integer(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

// Collects {"<any>": [{item}, ...], "meta": {...}, "error": "..."} by the names of the top level.
class ListHandler : public JsonHandler {
 public:
  std::map<std::string, std::vector<ListItem>> arrays;
  std::map<std::string, std::string> meta;
  std::optional<std::string> error;

  bool null() { return true; }
  bool boolean(bool value) { return scalar(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) { return scalar(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) { return scalar(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) { return scalar(text); }
  bool string(string_t& value) { return value.empty() || scalar(storable(value)); }

  bool key(string_t& name) {
    if (depth() == 1)
      top_key_ = name;
    if (depth() == 1 && name == "error")
      error = "";
    key_ = name;
    return true;
  }
  bool start_object(std::size_t) {
    if (depth() == 2 && in_array_)
      arrays[top_key_].emplace_back();
    return enter();
  }
  bool end_object() {
    leave();
    return true;
  }
  bool start_array(std::size_t) {
    if (depth() == 1) {
      in_array_ = true;
      arrays[top_key_];
    }
    return enter();
  }
  bool end_array() {
    leave();
    if (depth() == 1)
      in_array_ = false;
    return true;
  }

 private:
  bool scalar(std::string value) {
    if (top_key_ == "error" && error && error->empty())
      error = value;
    if (depth() == 2 && top_key_ == "meta" && !in_array_)
      meta[key_] = std::move(value);
    else if (depth() == 3 && in_array_ && !arrays[top_key_].empty())
      arrays[top_key_].back()[key_] = std::move(value);
    return true;
  }

  std::string top_key_;
  std::string key_;
  bool in_array_ = false;
};

}  // namespace

ListPage parse_list_page(std::string_view body, const std::string& name) {
  ListPage page;
  auto handler = parse_json<ListHandler>(body);
  if (!handler.failure().empty()) {
    page.error = handler.failure();
    return page;
  }
  auto array = handler.arrays.find(name);
  if (array == handler.arrays.end())
    array = handler.arrays.find("result");
  if (array == handler.arrays.end()) {
    page.error = handler.error ? "the API says: " + printable(*handler.error, 1000)
                               : "no \"" + name + "\" in the answer";
    return page;
  }
  page.items = std::move(array->second);
  page.current_page = to_integer(handler.meta["currentPage"]);
  page.page_count = to_integer(handler.meta["pageCount"]);
  page.record_count = to_integer(handler.meta["recordCount"]);
  return page;
}

}  // namespace argo
