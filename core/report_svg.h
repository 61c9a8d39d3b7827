// Draws with static SVG that has no style of its own to lose: plain colours, and classes for dark
// pages.
#ifndef ARGO_CORE_REPORT_SVG_H_
#define ARGO_CORE_REPORT_SVG_H_

#include "host_free.h"

#include <string>
#include <vector>

namespace argo::report {

// What is drawn has a meaning, which decides on its colour in light and dark.
enum class Ink {
  kUse,       // what was used
  kQuietUse,  // what was used on a day without business
  kUsual,     // the baseline
  kWaste,     // what is too much
  kSpike,     // short peaks
  kOffHours,  // time outside business hours
  kGrid,
  kAxis,
  kPaper,
};

// Return attributes that fill, or draw a line of that width.
std::string fill(Ink ink);
std::string stroke(Ink ink, double width, const std::string& dashes = {});

// Where text goes relative to its point.
enum class Anchor { kStart, kMiddle, kEnd };

// Returns about how wide text is drawn, in ems: of East Asian scripts and emoji twice as much.
double width_in_ems(const std::string& text);

// Returns text cut so that it is no wider than that.
std::string cut_to_ems(const std::string& text, double ems);

// Every chart is drawn twice, since a phone wants other proportions than a desk or paper.
struct Format {
  bool is_narrow = false;
  double width = 800;
  double font_size = 13;
};
inline constexpr Format kWide = {false, 800, 13};
inline constexpr Format kNarrow = {true, 350, 11.5};

class Drawing {
 public:
  // The id must be unique in the page; title and description are markup already.
  Drawing(std::string id, const Format& format, double height);

  const Format& format() const { return format_; }
  double height() const { return height_; }
  double font_size() const { return format_.font_size; }

  void rectangle(double x, double y, double width, double height, const std::string& attributes,
                 const std::string& hover = {});
  void line(double x1, double y1, double x2, double y2, const std::string& attributes);
  void path(const std::string& d, const std::string& attributes, const std::string& hover = {});
  void text(double x, double y, const std::string& content, Anchor anchor = Anchor::kStart,
            bool is_strong = false);

  // Returns attributes that fill with the hatching of what is missing.
  std::string missing() const;

  // Opens and closes a group whose attributes hold for what is in it.
  void open(const std::string& attributes);
  void close();

  std::string finish(const std::string& title, const std::string& description) const;

 private:
  std::string id_;
  Format format_;
  double height_;
  std::string body_;
};

// An entry of a chart's key: a class of the style sheet's swatches, and what it stands for.
struct Key {
  std::string swatch;
  std::string meaning;
};

// Returns a figure with its heading, sentence, key, both drawings and the table behind them.
std::string figure(const std::string& heading, const std::string& sentence,
                   const std::vector<Key>& keys, const std::string& wide, const std::string& narrow,
                   const std::string& table);

}  // namespace argo::report

#endif  // ARGO_CORE_REPORT_SVG_H_
