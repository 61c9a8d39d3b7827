// What every part of the report's page needs: the report, its clock and money, and how much to
// show.
#ifndef ARGO_CORE_REPORT_CONTEXT_H_
#define ARGO_CORE_REPORT_CONTEXT_H_

#include "host_free.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "report_time.h"
#include "report_value.h"

namespace argo::report {

// How much a page may show; a page that would be too large is drawn again with less.
struct Limits {
  std::size_t name_characters = 60;
  std::size_t text_characters = 400;
  std::size_t meters = 250;
  std::size_t rows = 50;
  std::size_t hourly_rows = 750;
  bool hover = true;
};

struct Context {
  Context(const Json& report, const Limits& limits);

  const Json& report;
  const Json& metadata;
  const Json& summary;
  const Json& sections;
  const Json& charts;
  const Json& quality;
  Limits limits;
  Clock clock;
  std::string currency;
  std::optional<Day> first_day;
  std::optional<Day> end_day;

  // Names that several meters share: those are shown with the meter's id.
  std::set<std::string> shared_names;

  // Return a member's meter name, or "meter 42" for one without a name; as it is, in HTML, in SVG.
  std::string name(const Json& item) const;
  std::string html_name(const Json& item) const;

  // Tells whether the meter is the site's main one, whose figures hold those of the others.
  bool is_main(const Json& item) const;

  // Returns a sentence from the report as HTML, the meter's name in it in a direction of its own.
  std::string prose(const Json& object, const char* key) const;

  // Returns the moment of a member, or nothing.
  std::string moment(const Json& object, const char* key) const;
  std::string range(const Json& object) const;

  // Returns a member as money.
  std::string cost(const Json& object, const char* key) const;

  // Tells whether an hour that begins then is within business hours.
  bool is_business(const Moment& moment) const;
  bool is_business_day(Day day) const;

  // Returns the hours from which to which a business day goes, or nothing.
  std::optional<std::pair<double, double>> business_hours() const;

  // Returns "at the site (America/New_York)" and the like.
  std::string zone() const;

  // Returns the number of weeks of the baseline as words: "the 4 weeks before".
  std::string weeks_before() const;

  // Returns what the page is called: weekly only where the period has seven days.
  std::string heading() const;

  // Tells whether the report has anything to compare the period with.
  bool has_baseline() const;
};

}  // namespace argo::report

#endif  // ARGO_CORE_REPORT_CONTEXT_H_
