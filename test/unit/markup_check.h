// Reads a page as XML without mercy, and keeps what a test may ask about.
#ifndef ARGO_TEST_UNIT_MARKUP_CHECK_H_
#define ARGO_TEST_UNIT_MARKUP_CHECK_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace argo {

class MarkupCheck {
 public:
  explicit MarkupCheck(std::string_view page) : page_(page) { read(); }

  // Empty where the page is well-formed and no id is used twice.
  const std::string& fault() const { return fault_; }

  // "svg" or "svg@viewBox", and how often each is there.
  const std::map<std::string, int>& elements() const { return elements_; }
  const std::map<std::string, int>& attributes() const { return attributes_; }
  const std::set<std::string>& ids() const { return ids_; }

  // Values of an attribute such as "svg@aria-labelledby".
  std::vector<std::string> values(const std::string& attribute) const {
    const auto found = values_.find(attribute);
    return found == values_.end() ? std::vector<std::string>() : found->second;
  }

  // All text of elements but style, with references as they are.
  const std::string& text() const { return text_; }

 private:
  bool fail(const std::string& what, std::size_t at) {
    if (fault_.empty())
      fault_ = what + " near: " + std::string(page_.substr(at > 60 ? at - 60 : 0, 160));
    return false;
  }

  static bool is_name(std::string_view name) {
    return !name.empty() &&
           name.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:") ==
               std::string_view::npos;
  }

  // Characters and references of text or of an attribute's value.
  bool check_text(std::string_view text, std::size_t at) {
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t length = utf8_sequence_length(text, i);
      const auto first = static_cast<unsigned char>(text[i]);
      if (length == 0 || (first < 0x20 && first != '\n') || first == 0x7F || text[i] == '<')
        return fail("bad character", at + i);
      if (text[i] == '&') {
        const std::string_view name = text.substr(i, text.find(';', i) - i);
        if (name != "&amp" && name != "&lt" && name != "&gt" && name != "&quot" && name != "&#39")
          return fail("bad reference", at + i);
      }
      i += length;
    }
    return true;
  }

  bool open_tag(std::string_view tag, std::size_t at) {
    const bool is_closed = tag.ends_with('/');
    if (is_closed)
      tag.remove_suffix(1);
    const std::size_t end = tag.find(' ');
    const std::string name(tag.substr(0, end));
    if (!is_name(name))
      return fail("bad element name", at);
    ++elements_[name];
    tag = end == std::string_view::npos ? std::string_view() : tag.substr(end);
    std::set<std::string> seen;
    while (!tag.empty()) {
      const std::size_t equals = tag.find("=\"");
      const std::size_t quote =
          equals == std::string_view::npos ? equals : tag.find('"', equals + 2);
      if (tag[0] != ' ' || quote == std::string_view::npos)
        return fail("bad attribute", at);
      const std::string attribute(tag.substr(1, equals - 1));
      const std::string value(tag.substr(equals + 2, quote - equals - 2));
      if (!is_name(attribute) || !seen.insert(attribute).second)
        return fail("bad attribute name", at);
      if (!check_text(value, at))
        return false;
      ++attributes_[attribute];
      values_[name + "@" + attribute].push_back(value);
      if (attribute == "id" && !ids_.insert(value).second)
        return fail("id twice", at);
      tag = tag.substr(quote + 1);
    }
    if (!is_closed)
      open_.push_back(name);
    return true;
  }

  bool close_tag(std::string_view name, std::size_t at) {
    if (open_.empty() || open_.back() != name)
      return fail("closed in the wrong order", at);
    open_.pop_back();
    return true;
  }

  bool read() {
    constexpr std::string_view kDoctype = "<!DOCTYPE html>\n";
    if (!page_.starts_with(kDoctype))
      return fail("no doctype", 0);
    for (std::size_t at = kDoctype.size(); at < page_.size();) {
      if (page_[at] != '<') {
        const std::size_t end = std::min(page_.find('<', at), page_.size());
        const std::string_view text = page_.substr(at, end - at);
        if (!check_text(text, at))
          return false;
        if (open_.empty() && text != "\n")
          return fail("text outside", at);
        if (!open_.empty() && open_.back() != "style")
          text_ += text;
        at = end;
        continue;
      }
      // No value holds a bare >, since escape() leaves none.
      const std::size_t end = page_.find('>', at);
      if (end == std::string_view::npos)
        return fail("tag without end", at);
      const std::string_view tag = page_.substr(at + 1, end - at - 1);
      if (!(tag.starts_with('/') ? close_tag(tag.substr(1), at) : open_tag(tag, at)))
        return false;
      at = end + 1;
    }
    return open_.empty() || fail("left open: " + open_.back(), page_.size());
  }

  std::string_view page_;
  std::string fault_;
  std::string text_;
  std::vector<std::string> open_;
  std::map<std::string, int> elements_;
  std::map<std::string, int> attributes_;
  std::map<std::string, std::vector<std::string>> values_;
  std::set<std::string> ids_;
};

}  // namespace argo

#endif  // ARGO_TEST_UNIT_MARKUP_CHECK_H_
