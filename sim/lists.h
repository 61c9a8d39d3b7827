// The list endpoints: organizations, devices, meters and channels, page by page.
#pragma once

#include <cstdint>
#include <string>

#include "answer.h"
#include "site.h"

namespace argo::sim {

// How a fault bends a list.
struct ListTweaks {
  int64_t page_shift = 0;    // answers another page than was asked
  bool empty_page = false;   // leaves the array empty, the total unchanged
  bool drop_last = false;    // leaves one item out, the total unchanged
  bool repeat_last = false;  // gives the last item twice
  int64_t total_shift = 0;   // adds to recordCount
  bool no_meta = false;
  bool numeric_ids = false;  // numbers where the API gives strings
  std::string array_name;    // instead of the endpoint's
};

// Tells whether a path is a list or a single organization.
bool is_list_path(const std::string& path);

// Answers a list, or one organization.
Answer answer_list(const Catalog& catalog, const Request& request, const ListTweaks& tweaks);

}  // namespace argo::sim
