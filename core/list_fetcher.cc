// Fetches whole lists of the API, page by page, and makes sure that they are whole.
#include "list_fetcher.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "error.h"
#include "text.h"

namespace argo {

namespace {

constexpr int kPageSize = 100;  // the API's largest
// A list longer than this is the API's mistake, or an endless one.
constexpr std::int64_t kMaxPages = 1000;
// A list that does not announce its length is whole only if it cannot have filled a page.
constexpr std::int64_t kSmallestPage = 20;

struct Page {
  std::size_t list;
  std::int64_t number;
  ListPage content;
};

// Returns how many pages a list has, as its first page says.
std::int64_t page_count(const ListPage& first) {
  if (first.page_count)
    return *first.page_count;
  const auto size = static_cast<std::int64_t>(first.items.size());
  const std::int64_t items = first.record_count.value_or(size);
  return size == 0 ? 1 : items / size + (items % size == 0 ? 0 : 1);
}

// Takes a page unless it is torn; `record_count` must not change while the list is read.
Verdict check_page(const ListPage& content, std::int64_t number) {
  using Kind = Verdict::Kind;
  if (!content.error.empty())
    return {Kind::kRetry, content.error};
  if (content.current_page && *content.current_page != number)
    return {Kind::kRetry, "asked for page " + std::to_string(number) + ", got page " +
                              std::to_string(*content.current_page)};
  if (page_count(content) > kMaxPages)
    return {Kind::kRefused, "the list has more than " + std::to_string(kMaxPages) + " pages"};
  return {};
}

void submit_page(Fetcher& fetcher, const ListRequest& request, std::size_t tag, Page& page) {
  Job job;
  job.tag = tag;
  job.path = "/" + request.name + "?limit=" + std::to_string(kPageSize) +
             "&page=" + std::to_string(page.number) + request.filter;
  job.take = [&page, name = request.name](const HttpResponse& response) {
    page.content = parse_list_page(response.body, name);
    return check_page(page.content, page.number);
  };
  fetcher.submit(std::move(job));
}

// Throws what the user can do about a request that failed for good.
[[noreturn]] void throw_failure(const std::string& what, const Outcome& outcome) {
  const std::string detail = what + ": " + outcome.reason + ". Nothing was stored.";
  if (outcome.sqlstate == sqlstate::kLoginRefused)
    throw Error(sqlstate::kLoginRefused, "the API refused the login", detail,
                "Check the user mapping: ALTER USER MAPPING FOR CURRENT_USER SERVER ... OPTIONS "
                "(SET api_key '...', SET email '...', SET password '...').");
  if (outcome.sqlstate == sqlstate::kNoRights)
    throw Error(sqlstate::kNoRights, "the API grants this login no right to read its lists", detail,
                "Ask the account's owner for read access.");
  if (outcome.sqlstate == sqlstate::kSubscription)
    throw Error(sqlstate::kSubscription, "the API's subscription has expired", detail,
                "Renew the subscription, then run it again.");
  if (outcome.sqlstate == sqlstate::kRateLimited)
    throw Error(sqlstate::kRateLimited, "the API's rate limit was still exceeded after waiting",
                detail, "Run it again later.");
  if (outcome.sqlstate == sqlstate::kUnreachable || outcome.sqlstate == sqlstate::kConnectionLost)
    throw Error(outcome.sqlstate.c_str(), "could not reach the API", detail,
                "Check the server's options url and ca_file, and that this machine may connect "
                "there, then run it again.");
  throw Error(sqlstate::kBadResponse, "the API gave no usable list", detail, "Run it again later.");
}

// Waits for all pages submitted; throws Error where one of them failed.
void wait_for(Fetcher& fetcher, const std::vector<ListRequest>& requests,
              const std::deque<Page>& pages) {
  std::optional<Outcome> failure;
  while (auto outcome = fetcher.next()) {
    if (outcome->kind == Outcome::Kind::kDone || failure)
      continue;
    fetcher.halt(outcome->sqlstate, "another list failed");
    failure = std::move(outcome);
  }
  if (!failure)
    return;
  const Page& page = pages[failure->tag];
  throw_failure("Page " + std::to_string(page.number) + " of /" + requests[page.list].name,
                *failure);
}

// Says what is wrong with a list read whole, or nothing.
std::string torn(const std::vector<const Page*>& pages, const std::string& id) {
  std::set<std::string> ids;
  std::int64_t items = 0;
  const auto announced = pages.front()->content.record_count;
  for (const Page* page : pages) {
    if (page->content.record_count != announced)
      return "its length changed while it was read";
    for (const ListItem& item : page->content.items) {
      ++items;
      const auto found = item.find(id);
      if (found == item.end())
        return "an item has no " + id;
      if (!ids.insert(found->second).second)
        return id + " " + printable(found->second, 40) + " comes twice";
    }
  }
  if (announced && items != *announced)
    return "it announces " + std::to_string(*announced) + " items and holds " +
           std::to_string(items);
  if (!announced && items >= kSmallestPage)
    return "it does not say how long it is";
  return {};
}

// Gives items that call their id by its other name the usual one.
void unify_ids(ListPage& content, const ListRequest& request) {
  for (ListItem& item : content.items) {
    const auto other = item.find(request.other_id);
    if (other != item.end() && item.count(request.id) == 0)
      item[request.id] = other->second;
  }
}

// Reads the lists once; says in `faults` what is wrong with each.
std::vector<std::vector<ListItem>> read_once(Fetcher& fetcher,
                                             const std::vector<ListRequest>& requests,
                                             std::vector<std::string>& faults) {
  // Jobs under way point to their page: a deque does not move what it holds.
  std::deque<Page> pages;
  const auto submit = [&](std::size_t list, std::int64_t number) {
    pages.push_back({list, number, {}});
    submit_page(fetcher, requests[list], pages.size() - 1, pages.back());
  };
  for (std::size_t list = 0; list < requests.size(); ++list)
    submit(list, 1);
  wait_for(fetcher, requests, pages);
  for (std::size_t list = 0; list < requests.size(); ++list)
    for (std::int64_t number = 2; number <= page_count(pages[list].content); ++number)
      submit(list, number);
  wait_for(fetcher, requests, pages);

  std::vector<std::vector<ListItem>> lists(requests.size());
  std::vector<std::vector<const Page*>> by_list(requests.size());
  for (Page& page : pages) {
    unify_ids(page.content, requests[page.list]);
    by_list[page.list].push_back(&page);
  }
  for (std::size_t list = 0; list < requests.size(); ++list)
    faults.push_back(torn(by_list[list], requests[list].id));
  for (Page& page : pages)
    std::move(page.content.items.begin(), page.content.items.end(),
              std::back_inserter(lists[page.list]));
  return lists;
}

}  // namespace

std::vector<std::vector<ListItem>> fetch_lists(Fetcher& fetcher,
                                               const std::vector<ListRequest>& requests) {
  constexpr int kMaxReads = 2;
  for (int read = 1;; ++read) {
    std::vector<std::string> faults;
    auto lists = read_once(fetcher, requests, faults);
    const auto fault = std::find_if(faults.begin(), faults.end(),
                                    [](const std::string& text) { return !text.empty(); });
    if (fault == faults.end())
      return lists;
    if (read < kMaxReads)
      continue;
    const auto& request = requests[static_cast<std::size_t>(fault - faults.begin())];
    throw Error(sqlstate::kBadResponse, "the API's list of " + request.name + " is torn",
                *fault + ", also when read again. Nothing was stored.", "Run it again later.");
  }
}

}  // namespace argo
