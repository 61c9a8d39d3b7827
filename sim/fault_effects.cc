// Plays the faults of the answer and list layers.
#include "fault_effects.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "gzip.h"
#include "text.h"

namespace argo::sim {
namespace {

// Replaces the body by gzip bytes that are sent as they are.
void set_gzip(Answer& answer, std::string bytes) {
  answer.body = std::move(bytes);
  answer.headers.emplace_back("Content-Encoding", "gzip");
  answer.compressible = false;
}

}  // namespace

void spoil_status(const FaultContext& context, Answer& answer) {
  const Json& params = context.params;
  const auto status = static_cast<int>(int_param(params, "status", 500));
  // The API answers 403 with an empty body.
  answer = Answer::error(status, status == 500 ? "Invalid Parameter" : "Error");
  if (status == 403 || status == 204 || status == 304) {
    answer.body.clear();
  }
  answer.body = text_param(params, "body", answer.body);
  answer.type = text_param(params, "content_type", answer.type);
  if (const auto headers = params.find("headers"); headers != params.end()) {
    for (const auto& [name, value] : headers->items()) {
      answer.headers.emplace_back(name,
                                  value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  if (const auto retry = params.find("retry_after"); retry != params.end()) {
    answer.headers.emplace_back("Retry-After",
                                retry->is_string() ? retry->get<std::string>() : retry->dump());
  }
  if (params.contains("retry_after_date")) {
    answer.headers.emplace_back("Retry-After",
                                http_date(context.now + int_param(params, "retry_after_date", 0)));
  }
}

void spoil_hang(const FaultContext& context, Answer& answer) {
  answer.hang_seconds = real_param(context.params, "seconds", 30);
}

void spoil_slow(const FaultContext& context, Answer& answer) {
  answer.piece_bytes =
      static_cast<size_t>(std::max<int64_t>(1, int_param(context.params, "bytes", 1)));
  answer.piece_ms = int_param(context.params, "every_ms", 1000);
  answer.compressible = false;
}

void spoil_truncated(const FaultContext& context, Answer& answer) {
  const auto half = static_cast<int64_t>(answer.body.size() / 2);
  const auto keep =
      static_cast<size_t>(std::max<int64_t>(0, int_param(context.params, "bytes", half)));
  answer.body.resize(std::min(answer.body.size(), keep));
}

void spoil_invalid_json(const FaultContext& /*context*/, Answer& answer) {
  answer.body.insert(answer.body.size() / 2, "{]");
}

void spoil_deep_json(const FaultContext& context, Answer& answer) {
  const auto depth = static_cast<size_t>(int_param(context.params, "depth", 100000));
  answer.body = "{\"records\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

void spoil_html(const FaultContext& context, Answer& answer) {
  answer.status = static_cast<int>(int_param(context.params, "status", 200));
  answer.type = "text/html; charset=utf-8";
  answer.body =
      "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form method=\"post\">"
      "<input name=\"email\"><input name=\"password\" type=\"password\"></form></body></html>\n";
}

void spoil_error_200(const FaultContext& context, Answer& answer) {
  answer = Answer::error(200, text_param(context.params, "message", "Internal Error"));
}

void spoil_empty(const FaultContext& context, Answer& answer) {
  answer.status = static_cast<int>(int_param(context.params, "status", 200));
  answer.body.clear();
}

void spoil_gzip(const FaultContext& /*context*/, Answer& answer) {
  set_gzip(answer, gzip(answer.body));
}

void spoil_gzip_bomb(const FaultContext& context, Answer& answer) {
  const int64_t megabytes = std::max<int64_t>(1, int_param(context.params, "megabytes", 1000));
  set_gzip(answer, gzip_bomb(megabytes));
}

void spoil_corrupt_gzip(const FaultContext& /*context*/, Answer& answer) {
  std::string bytes = gzip(answer.body);
  const size_t middle = bytes.size() / 2;
  for (size_t i = middle; i < std::min(bytes.size(), middle + 16); ++i) {
    bytes[i] = static_cast<char>(bytes[i] ^ 0x5a);
  }
  set_gzip(answer, std::move(bytes));
}

void spoil_truncated_gzip(const FaultContext& /*context*/, Answer& answer) {
  std::string bytes = gzip(answer.body);
  bytes.resize(bytes.size() / 2);
  set_gzip(answer, std::move(bytes));
}

void spoil_oversized(const FaultContext& context, Answer& answer) {
  const int64_t megabytes = std::max<int64_t>(0, int_param(context.params, "megabytes", 100));
  answer.padding_bytes = static_cast<uint64_t>(megabytes) << 20;
  answer.compressible = false;
  const auto chunked = context.params.find("chunked");
  answer.chunked = chunked != context.params.end() && *chunked == true;
}

void spoil_chunked(const FaultContext& context, Answer& answer) {
  answer.chunked = true;
  answer.compressible = false;
  answer.piece_bytes =
      static_cast<size_t>(std::max<int64_t>(1, int_param(context.params, "bytes", 1000)));
}

void spoil_content_type(const FaultContext& context, Answer& answer) {
  answer.type = text_param(context.params, "value", "text/html");
}

void spoil_bom(const FaultContext& /*context*/, Answer& answer) {
  answer.body.insert(0, "\xEF\xBB\xBF");
}

void spoil_redirect(const FaultContext& context, Answer& answer) {
  answer = {};
  answer.status = static_cast<int>(int_param(context.params, "status", 302));
  answer.headers.emplace_back(
      "Location", text_param(context.params, "location", "https://elsewhere.invalid/v1/readings"));
}

void spoil_token_expired(const FaultContext& context, Answer& answer) {
  // Expiring the tokens themselves is left to the API, which owns them.
  answer =
      Answer::error(static_cast<int>(int_param(context.params, "status", 419)), "Session expired");
}

void bend_repeat(const Json& /*params*/, ListTweaks& tweaks) {
  tweaks.page_shift = -1;
}
void bend_missing(const Json& /*params*/, ListTweaks& tweaks) {
  tweaks.empty_page = true;
}
void bend_short(const Json& /*params*/, ListTweaks& tweaks) {
  tweaks.drop_last = true;
}
void bend_duplicate(const Json& /*params*/, ListTweaks& tweaks) {
  tweaks.repeat_last = true;
}
void bend_total(const Json& params, ListTweaks& tweaks) {
  tweaks.total_shift = int_param(params, "by", 7);
}
void bend_no_meta(const Json& /*params*/, ListTweaks& tweaks) {
  tweaks.no_meta = true;
}
void bend_numeric_ids(const Json& /*params*/, ListTweaks& tweaks) {
  tweaks.numeric_ids = true;
}
void bend_result(const Json& /*params*/, ListTweaks& tweaks) {
  tweaks.array_name = "result";
}

}  // namespace argo::sim
