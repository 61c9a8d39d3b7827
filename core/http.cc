// Runs HTTP requests at the same time on one thread, by libcurl's multi interface.
#include "http.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <new>
#include <utility>

#include "error.h"
#include "text.h"

namespace argo {

namespace {

// Some front filter of the API refuses clients that do not look like a browser.
constexpr const char* kUserAgent = "Mozilla/5.0 (compatible; Argo/1.0)";

// Blocks all signals while it lives: threads that libcurl starts for name look-ups inherit the
// mask, so that they never run the host's handlers.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

struct EasyDelete {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDelete {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

// Starts libcurl once a process. Its clean-up is left to the end of the process.
void init_curl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
      throw Error(sqlstate::kNotSetUp, "could not start libcurl");
  });
}

}  // namespace

struct HttpClient::Transfer {
  std::uint64_t id = 0;
  std::size_t max_body_bytes = 0;
  bool is_plain = false;
  std::unique_ptr<curl_slist, ListDelete> header_list;
  HttpResponse response;
  std::array<char, CURL_ERROR_SIZE> error{};
  std::unique_ptr<CURL, EasyDelete> easy;  // last, since it uses the others

  // Appends to the body; returning less than it was given ends the transfer.
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    auto& response = transfer.response;
    try {
      if (response.body.size() + size > transfer.max_body_bytes) {
        response.too_large = true;
        return 0;
      }
      response.body.append(data, size);
      return size;
    } catch (const std::bad_alloc&) {
      return 0;
    }
  }

  // Keeps a header line; a new status line begins a new set, since 1xx answers come first.
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& headers = static_cast<Transfer*>(self)->response.headers;
    try {
      const std::string_view line(data, size);
      if (line.substr(0, 5) == "HTTP/")
        headers.clear();
      const std::size_t colon = line.find(':');
      if (colon != std::string_view::npos)
        headers[lower_case(trim(line.substr(0, colon)))] =
            std::string(trim(line.substr(colon + 1)));
      return size;
    } catch (const std::bad_alloc&) {
      return 0;
    }
  }

  void finish(CURLcode code) {
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &response.status);
    if (code == CURLE_FILESIZE_EXCEEDED)
      response.too_large = true;
    response.untrusted = code == CURLE_PEER_FAILED_VERIFICATION ||
                         code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
    response.timed_out = code == CURLE_OPERATION_TIMEDOUT;
    response.bad_ca_file = code == CURLE_SSL_CACERT_BADFILE;
    long system_error = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_OS_ERRNO, &system_error);
    response.was_refused = code == CURLE_COULDNT_CONNECT && system_error == ECONNREFUSED;
    curl_easy_getinfo(easy.get(), CURLINFO_SSL_VERIFYRESULT, &response.certificate_error);
    if (code != CURLE_OK) {
      const char* text = error[0] != '\0' ? error.data() : curl_easy_strerror(code);
      response.transport_error = response.too_large
                                     ? "answer over " + std::to_string(max_body_bytes) + " bytes"
                                     : printable(text);
    }
    note_times();
    if (code != CURLE_OK)
      response.ended_in = failed_step(code);
  }

  // Returns microseconds from the start to the end of a step; 0 where it did not happen.
  curl_off_t microseconds(CURLINFO info) const {
    curl_off_t value = 0;
    curl_easy_getinfo(easy.get(), info, &value);
    return value;
  }

  void note_times() {
    const curl_off_t resolved = microseconds(CURLINFO_NAMELOOKUP_TIME_T);
    const curl_off_t connected = std::max(resolved, microseconds(CURLINFO_CONNECT_TIME_T));
    const curl_off_t secured = std::max(connected, microseconds(CURLINFO_APPCONNECT_TIME_T));
    const curl_off_t first_byte = std::max(secured, microseconds(CURLINFO_STARTTRANSFER_TIME_T));
    const auto to_ms = [](curl_off_t value) { return static_cast<double>(value) / 1000; };
    response.times = {to_ms(resolved), to_ms(connected - resolved), to_ms(secured - connected),
                      to_ms(first_byte - secured), to_ms(microseconds(CURLINFO_TOTAL_TIME_T))};
    const auto shown = [](double ms) { return std::to_string(static_cast<std::int64_t>(ms)); };
    response.timings = "dns " + shown(response.times.resolve) + " ms, connect " +
                       shown(response.times.connect) + " ms, tls " + shown(response.times.secure) +
                       " ms, first byte " + shown(response.times.first_byte) + " ms, total " +
                       shown(response.times.total) + " ms";
  }

  // Returns the step in which a transfer failed.
  HttpStep failed_step(CURLcode code) const {
    switch (code) {
      case CURLE_COULDNT_RESOLVE_HOST:
      case CURLE_COULDNT_RESOLVE_PROXY:
        return HttpStep::kResolve;
      case CURLE_COULDNT_CONNECT:
        return HttpStep::kConnect;
      case CURLE_SSL_CONNECT_ERROR:
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
      case CURLE_SSL_ISSUER_ERROR:
      case CURLE_SSL_CIPHER:
        return HttpStep::kSecure;
      default:
        break;
    }
    if (response.status != 0)
      return HttpStep::kAnswer;
    if (microseconds(CURLINFO_NAMELOOKUP_TIME_T) == 0)
      return HttpStep::kResolve;
    // Of a transfer that failed, later times and ports say different things in different versions.
    long connections = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_NUM_CONNECTS, &connections);
    if (connections == 0 && microseconds(CURLINFO_CONNECT_TIME_T) == 0)
      return HttpStep::kConnect;
    return is_plain || microseconds(CURLINFO_APPCONNECT_TIME_T) > 0 ? HttpStep::kAnswer
                                                                    : HttpStep::kSecure;
  }
};

HttpClient::HttpClient(const Settings& settings) : settings_(settings), multi_(nullptr) {
  init_curl();
  multi_ = curl_multi_init();
  if (multi_ == nullptr)
    throw std::bad_alloc();
  curl_multi_setopt(static_cast<CURLM*>(multi_), CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(settings.max_concurrency));
// From 8.20 on the multi handle keeps the look-up threads, and would wait for them when it ends.
#if LIBCURL_VERSION_NUM >= 0x081400
  curl_multi_setopt(static_cast<CURLM*>(multi_), CURLMOPT_QUICK_EXIT, 1L);
#endif
}

HttpClient::~HttpClient() {
  const SignalsBlocked blocked;
  for (auto& [id, transfer] : transfers_)
    curl_multi_remove_handle(static_cast<CURLM*>(multi_), transfer->easy.get());
  transfers_.clear();
  curl_multi_cleanup(static_cast<CURLM*>(multi_));
}

void HttpClient::start(std::uint64_t id, const HttpRequest& request) {
  auto transfer = std::make_unique<Transfer>();
  transfer->easy.reset(curl_easy_init());
  CURL* easy = transfer->easy.get();
  if (easy == nullptr)
    throw std::bad_alloc();
  for (const std::string& header : request.headers) {
    curl_slist* longer = curl_slist_append(transfer->header_list.get(), header.c_str());
    if (longer == nullptr)
      throw std::bad_alloc();
    static_cast<void>(transfer->header_list.release());
    transfer->header_list.reset(longer);
  }
  const bool is_plain = curl_strnequal(request.url.c_str(), "http:", 5) != 0;
  transfer->id = id;
  transfer->is_plain = is_plain;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer.get());
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->header_list.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, kUserAgent);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // Links and redirects point to other hosts, which must not get the login.
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, is_plain ? "http" : "https");
  if (is_plain)
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  if (!settings_.ca_file.empty())
    curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(settings_.connect_timeout_ms));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.timeout_ms));
  const std::int64_t max_body_bytes =
      std::min(kMaxBodyBytes, kMaxBodiesBytes / settings_.max_concurrency);
  transfer->max_body_bytes = static_cast<std::size_t>(max_body_bytes);
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(max_body_bytes));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer.get());
  if (curl_multi_add_handle(static_cast<CURLM*>(multi_), easy) != CURLM_OK)
    throw std::bad_alloc();
  transfers_.emplace(id, std::move(transfer));
}

void HttpClient::perform() {
  const SignalsBlocked blocked;
  int running = 0;
  curl_multi_perform(static_cast<CURLM*>(multi_), &running);
}

std::vector<std::pair<std::uint64_t, HttpResponse>> HttpClient::poll(int max_wait_ms) {
  auto* multi = static_cast<CURLM*>(multi_);
  std::vector<std::pair<std::uint64_t, HttpResponse>> ended;
  const auto collect = [&] {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE)
        continue;
      const CURLcode code = message->data.result;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      transfer->finish(code);
      curl_multi_remove_handle(multi, transfer->easy.get());
      ended.emplace_back(transfer->id, std::move(transfer->response));
      transfers_.erase(transfer->id);
    }
  };
  perform();
  collect();
  if (ended.empty()) {
    curl_multi_poll(multi, nullptr, 0, max_wait_ms, nullptr);
    perform();
    collect();
  }
  return ended;
}

}  // namespace argo
