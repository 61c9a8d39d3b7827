// The axes of the report's charts: values from zero in round steps, and the period's days and
// hours.
#include "report_axis.h"

#include <algorithm>
#include <cmath>

#include "report_number.h"

namespace argo::report {

namespace {

// Of more days than this not every one has a label.
constexpr std::size_t kLabelledDays = 8;

}  // namespace

ValueAxis::ValueAxis(double largest, int most_steps) {
  choose(largest, most_steps, {1, 2, 2.5, 5});
}

ValueAxis ValueAxis::fine(double largest, int most_steps) {
  ValueAxis axis;
  axis.choose(largest, most_steps, {1, 1.5, 2, 2.5, 3, 4, 5, 6, 8});
  return axis;
}

void ValueAxis::choose(double largest, int most_steps, std::initializer_list<double> roundness) {
  if (!(largest > 1e-9))
    return;
  const double least = largest / most_steps;
  double power = std::pow(10, std::floor(std::log10(least)));
  const auto* found = std::find_if(roundness.begin(), roundness.end(),
                                   [&](double step) { return step * power >= least * (1 - 1e-9); });
  if (found == roundness.end()) {
    power *= 10;
    found = roundness.begin();
  }
  step_ = *found * power;
  steps_ = std::max(1, static_cast<int>(std::ceil(largest / step_ - 1e-9)));
  while (decimals_ < 6 &&
         std::abs(step_ * std::pow(10, decimals_) - std::round(step_ * std::pow(10, decimals_))) >
             1e-6 * std::pow(10, decimals_) * step_)
    ++decimals_;
}

std::string ValueAxis::label(double value) const {
  return grouped(value, decimals_);
}

double ValueAxis::y(double value, double top, double bottom) const {
  return bottom - (bottom - top) * std::clamp(value / this->top(), 0.0, 1.0);
}

double ValueAxis::room(const Format& format) const {
  return (static_cast<double>(label(top()).size()) * 0.6 + 0.6) * format.font_size;
}

void ValueAxis::draw(Drawing& drawing, double left, double right, double top, double bottom,
                     const std::string& unit) const {
  for (int i = 0; i <= steps_; ++i) {
    const double at = y(step_ * i, top, bottom);
    drawing.line(left, at, right, at, stroke(i == 0 ? Ink::kAxis : Ink::kGrid, 1));
    drawing.text(left - 0.4 * drawing.font_size(), at + 0.35 * drawing.font_size(),
                 label(step_ * i), Anchor::kEnd);
  }
  drawing.text(0, top - 0.9 * drawing.font_size(), unit, Anchor::kStart, true);
}

TimeAxis::TimeAxis(const Context& context, double left, double right) : left_(left), right_(right) {
  for (const Json& point : items(member(context.charts, "loadProfile"), "points")) {
    const std::optional<Moment> at = parse_moment(text(point, "t"));
    if (!at)
      continue;
    const std::int64_t end = at->utc_seconds + kSecondsPerHour;
    if (days_.empty() || days_.back().day != at->day())
      days_.push_back({at->day(), at->utc_seconds, end});
    days_.back().to = end;
    if (context.is_business(*at))
      continue;
    if (off_hours_.empty() || off_hours_.back().to != at->utc_seconds)
      off_hours_.push_back({at->utc_seconds, end});
    off_hours_.back().to = end;
  }
  if (days_.empty())
    return;
  from_ = days_.front().from;
  to_ = days_.back().to;
}

double TimeAxis::x(std::int64_t utc_seconds) const {
  if (to_ <= from_)
    return left_;
  const double share = static_cast<double>(std::clamp(utc_seconds, from_, to_) - from_) /
                       static_cast<double>(to_ - from_);
  return left_ + (right_ - left_) * share;
}

void TimeAxis::draw_off_hours(Drawing& drawing, double top, double bottom) const {
  std::string d;
  for (const Span& span : off_hours_) {
    const std::string right = coordinate(x(span.to));
    d += "M" + coordinate(x(span.from)) + " " + coordinate(top) + "H" + right + "V" +
         coordinate(bottom) + "H" + coordinate(x(span.from)) + "z";
  }
  drawing.path(d, fill(Ink::kOffHours));
}

void TimeAxis::draw_midnights(Drawing& drawing, double top, double bottom) const {
  std::string midnights;
  for (const DaySpan& day : days_) {
    if (x(day.from) > left_ + 0.5)
      midnights += "M" + coordinate(x(day.from)) + " " + coordinate(top) + "V" + coordinate(bottom);
  }
  drawing.path(midnights, stroke(Ink::kUsual, 0.7));
}

void TimeAxis::draw_days(Drawing& drawing, double bottom) const {
  const double size = drawing.font_size();
  for (const DaySpan& day : days_) {
    const double left = x(day.from);
    const double middle = (left + x(day.to)) / 2;
    if (days_.size() <= kLabelledDays) {
      if (drawing.format().is_narrow) {
        drawing.text(middle, bottom + 1.4 * size, weekday_name(day.day), Anchor::kMiddle);
        drawing.text(middle, bottom + 2.6 * size, day_and_month(day.day), Anchor::kMiddle);
      } else {
        drawing.text(middle, bottom + 1.6 * size, short_day(day.day), Anchor::kMiddle);
      }
    } else if (iso_weekday(day.day) == 1) {
      drawing.text(left, bottom + 1.6 * size,
                   (drawing.format().is_narrow ? "" : "Mon ") + day_and_month(day.day),
                   Anchor::kMiddle);
    }
  }
}

}  // namespace argo::report
