// The axes of the report's charts: values from zero in round steps, and the period's days and
// hours.
#ifndef ARGO_CORE_REPORT_AXIS_H_
#define ARGO_CORE_REPORT_AXIS_H_

#include "host_free.h"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "report_context.h"
#include "report_svg.h"

namespace argo::report {

// An axis from zero to a round number that is no less than what it must show.
class ValueAxis {
 public:
  ValueAxis(double largest, int most_steps);

  // Returns an axis with steps that are less round, to come closer to so many.
  static ValueAxis fine(double largest, int most_steps);

  double top() const { return step_ * steps_; }
  double step() const { return step_; }
  int steps() const { return steps_; }

  // Returns a value of the axis with the decimals that its steps need.
  std::string label(double value) const;

  // Draws a line and a label for each step between two heights, and the unit above.
  void draw(Drawing& drawing, double left, double right, double top, double bottom,
            const std::string& unit) const;

  // Returns the room that the labels need at the left.
  double room(const Format& format) const;

  double y(double value, double top, double bottom) const;

 private:
  ValueAxis() = default;
  void choose(double largest, int most_steps, std::initializer_list<double> roundness);

  double step_ = 1;
  int steps_ = 1;
  int decimals_ = 0;
};

// A day of the period, as long as it really is.
struct DaySpan {
  Day day = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
};

// The period from left to right, in real time.
class TimeAxis {
 public:
  TimeAxis(const Context& context, double left, double right);

  bool empty() const { return days_.empty(); }
  double x(std::int64_t utc_seconds) const;
  const std::vector<DaySpan>& days() const { return days_; }

  // Shades what is outside business hours.
  void draw_off_hours(Drawing& drawing, double top, double bottom) const;

  // Draws a line at each midnight.
  void draw_midnights(Drawing& drawing, double top, double bottom) const;

  // Writes the days below a chart.
  void draw_days(Drawing& drawing, double bottom) const;

 private:
  struct Span {
    std::int64_t from;
    std::int64_t to;
  };

  double left_;
  double right_;
  std::int64_t from_ = 0;
  std::int64_t to_ = 0;
  std::vector<DaySpan> days_;
  std::vector<Span> off_hours_;
};

}  // namespace argo::report

#endif  // ARGO_CORE_REPORT_AXIS_H_
