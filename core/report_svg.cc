// Draws with static SVG that has no style of its own to lose: plain colours, and classes for dark
// pages.
#include "report_svg.h"

#include "report_escape.h"
#include "report_number.h"
#include "text.h"

namespace argo::report {

namespace {

struct Shade {
  const char* name;
  const char* colour;
};

Shade shade(Ink ink) {
  switch (ink) {
    case Ink::kUse:
      return {"use", "#0b66ad"};
    case Ink::kQuietUse:
      return {"quiet", "#4f90c8"};
    case Ink::kUsual:
      return {"usual", "#6b7783"};
    case Ink::kWaste:
      return {"waste", "#b9510a"};
    case Ink::kSpike:
      return {"spike", "#a3195b"};
    case Ink::kOffHours:
      return {"off", "#edf0f3"};
    case Ink::kGrid:
      return {"grid", "#d5dce2"};
    case Ink::kAxis:
      return {"axis", "#4d5b68"};
    case Ink::kPaper:
      break;
  }
  return {"paper", "#ffffff"};
}

bool is_wide_character(std::string_view sequence) {
  // From U+1100 in three bytes (Hangul, CJK), and all of four bytes (emoji among them).
  return sequence.size() == 4 || (sequence.size() == 3 && sequence >= "\xE1\x84\x80" &&
                                  (sequence < "\xE1\x86\x80" || sequence >= "\xE2\xBA\x80"));
}

double ems_of(std::string_view sequence) {
  if (is_wide_character(sequence))
    return 1.1;
  const char first = sequence.empty() ? ' ' : sequence.front();
  if (first == 'm' || first == 'w' || first == 'M' || first == 'W' || first == '%')
    return 0.88;
  if (first == 'i' || first == 'l' || first == 'j' || first == ' ' || first == '.' || first == ',')
    return 0.35;
  return first >= 'A' && first <= 'Z' ? 0.7 : 0.58;
}

std::string hover_title(const std::string& hover) {
  return hover.empty() ? "/>\n" : "><title>" + hover + "</title>";
}

}  // namespace

std::string fill(Ink ink) {
  const Shade found = shade(ink);
  return std::string(" class=\"f-") + found.name + "\" fill=\"" + found.colour + "\"";
}

std::string stroke(Ink ink, double width, const std::string& dashes) {
  const Shade found = shade(ink);
  return std::string(" class=\"s-") + found.name + "\" fill=\"none\" stroke=\"" + found.colour +
         "\" stroke-width=\"" + coordinate(width) + "\"" +
         (dashes.empty() ? "" : " stroke-dasharray=\"" + dashes + "\"");
}

double width_in_ems(const std::string& text) {
  double ems = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence_length(text, at);
    ems += ems_of(std::string_view(text).substr(at, length));
    at += length == 0 ? 1 : length;
  }
  return ems;
}

std::string cut_to_ems(const std::string& text, double ems) {
  if (width_in_ems(text) <= ems)
    return text;
  double used = 1;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_sequence_length(text, at);
    used += ems_of(std::string_view(text).substr(at, length));
    if (used > ems)
      break;
    at += length == 0 ? 1 : length;
  }
  return text.substr(0, at) + "\xE2\x80\xA6";
}

Drawing::Drawing(std::string id, const Format& format, double height)
    : id_(std::move(id) + (format.is_narrow ? "-narrow" : "-wide")),
      format_(format),
      height_(height) {}

void Drawing::rectangle(double x, double y, double width, double height,
                        const std::string& attributes, const std::string& hover) {
  body_ += "<rect x=\"" + coordinate(x) + "\" y=\"" + coordinate(y) + "\" width=\"" +
           coordinate(width) + "\" height=\"" + coordinate(height) + "\"" + attributes +
           hover_title(hover);
  if (!hover.empty())
    body_ += "</rect>\n";
}

void Drawing::line(double x1, double y1, double x2, double y2, const std::string& attributes) {
  path("M" + coordinate(x1) + " " + coordinate(y1) + "L" + coordinate(x2) + " " + coordinate(y2),
       attributes);
}

void Drawing::path(const std::string& d, const std::string& attributes, const std::string& hover) {
  if (d.empty())
    return;
  body_ += "<path d=\"" + d + "\"" + attributes + hover_title(hover);
  if (!hover.empty())
    body_ += "</path>\n";
}

void Drawing::text(double x, double y, const std::string& content, Anchor anchor, bool is_strong) {
  body_ += "<text x=\"" + coordinate(x) + "\" y=\"" + coordinate(y) + "\"";
  if (anchor != Anchor::kStart)
    body_ += anchor == Anchor::kMiddle ? " text-anchor=\"middle\"" : " text-anchor=\"end\"";
  if (is_strong)
    body_ += " class=\"strong\" fill=\"#17212b\"";
  body_ += ">" + content + "</text>\n";
}

std::string Drawing::missing() const {
  return " fill=\"url(#" + id_ + "-gap)\"";
}

void Drawing::open(const std::string& attributes) {
  body_ += "<g" + attributes + ">\n";
}

void Drawing::close() {
  body_ += "</g>\n";
}

std::string Drawing::finish(const std::string& title, const std::string& description) const {
  const std::string size = coordinate(format_.width) + " " + coordinate(height_);
  return "<svg class=\"" + std::string(format_.is_narrow ? "narrow" : "wide") +
         "\" role=\"img\" aria-labelledby=\"" + id_ + "-title " + id_ + "-desc\" viewBox=\"0 0 " +
         size + "\" xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\" font-size=\"" +
         coordinate(format_.font_size) + "\" fill=\"#4d5b68\">\n<title id=\"" + id_ + "-title\">" +
         title + "</title>\n<desc id=\"" + id_ + "-desc\">" + description +
         "</desc>\n<defs><pattern id=\"" + id_ +
         "-gap\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
         "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\"" +
         fill(Ink::kPaper) + "/><path d=\"M1 0V6\"" + stroke(Ink::kUsual, 1.6) +
         "/></pattern></defs>\n" + body_ + "</svg>\n";
}

std::string figure(const std::string& heading, const std::string& sentence,
                   const std::vector<Key>& keys, const std::string& wide, const std::string& narrow,
                   const std::string& table) {
  std::string out = "<figure><figcaption><h3>" + heading + "</h3>";
  if (!sentence.empty())
    out += "<p>" + sentence + "</p>";
  out += "</figcaption>\n";
  if (!keys.empty()) {
    out += "<ul class=\"key\">";
    for (const Key& key : keys)
      out += "<li><span class=\"swatch k-" + key.swatch + "\"></span>" + key.meaning + "</li>";
    out += "</ul>\n";
  }
  return out + wide + narrow + table + "</figure>\n";
}

}  // namespace argo::report
