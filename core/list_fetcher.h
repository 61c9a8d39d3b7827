// Fetches whole lists of the API, page by page, and makes sure that they are whole.
#ifndef ARGO_CORE_LIST_FETCHER_H_
#define ARGO_CORE_LIST_FETCHER_H_

#include "host_free.h"

#include <string>
#include <vector>

#include "fetcher.h"
#include "list_parser.h"

namespace argo {

struct ListRequest {
  std::string name;      // "channels": the endpoint and its array
  std::string filter;    // "&organization=23271" or nothing
  std::string id;        // the field that tells items apart, "dataChannelId"
  std::string other_id;  // the field that stands for it in other answers, or nothing
};

// Fetches these lists side by side: the first page of each, then the others. The id of each item is
// under `id`. Throws Error where a request fails for good, or where a list stays torn when it is
// read once more: items repeated, missing, or more than announced.
std::vector<std::vector<ListItem>> fetch_lists(Fetcher& fetcher,
                                               const std::vector<ListRequest>& requests);

}  // namespace argo

#endif  // ARGO_CORE_LIST_FETCHER_H_
