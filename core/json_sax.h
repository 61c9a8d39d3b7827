// What all of Argo's JSON handlers share: they see events, keep no document, and fail by a reason.
#ifndef ARGO_CORE_JSON_SAX_H_
#define ARGO_CORE_JSON_SAX_H_

#include "host_free.h"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "json_repair.h"
#include "text.h"

namespace argo {

// The API's answers nest four deep; beyond this it is an attack or a mistake.
inline constexpr int kMaxJsonDepth = 32;

// A base for nlohmann's SAX interface that counts depth. Handlers shadow what they want to see.
class JsonHandler {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  // Never called for text.
  bool binary(binary_t&) { return false; }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    return fail("invalid JSON at byte " + std::to_string(position));
  }

  const std::string& failure() const { return failure_; }

 protected:
  bool fail(std::string reason) {
    if (failure_.empty())
      failure_ = std::move(reason);
    return false;
  }
  bool enter() { return ++depth_ <= kMaxJsonDepth || fail("JSON nested too deep"); }
  void leave() { --depth_; }
  int depth() const { return depth_; }

 private:
  int depth_ = 0;
  std::string failure_;
};

// Parses text into a handler made by `make`, once as it is and, where that fails, once mended.
// Returns the handler; its failure() is empty where either try succeeded.
template <typename Handler>
Handler parse_json(std::string_view text) {
  Handler handler;
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &handler) && handler.failure().empty())
    return handler;
  const std::string mended = repair_json(text);
  if (mended == text)
    return handler;
  Handler second;
  nlohmann::json::sax_parse(mended.begin(), mended.end(), &second);
  return second;
}

}  // namespace argo

#endif  // ARGO_CORE_JSON_SAX_H_
