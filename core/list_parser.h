// Reads one page of a list of the API: /organizations, /devices, /channels.
#ifndef ARGO_CORE_LIST_PARSER_H_
#define ARGO_CORE_LIST_PARSER_H_

#include "host_free.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace argo {

// The scalar fields of one listed object as text; null, empty and nested ones are absent.
using ListItem = std::map<std::string, std::string>;

struct ListPage {
  std::vector<ListItem> items;
  std::optional<std::int64_t> current_page, page_count, record_count;
  std::string error;  // why this is no page; empty: it is one
};

// Reads a page whose array is called `name`, or `result`.
ListPage parse_list_page(std::string_view body, const std::string& name);

}  // namespace argo

#endif  // ARGO_CORE_LIST_PARSER_H_
