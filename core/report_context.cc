// What every part of the report's page needs: the report, its clock and money, and how much to
// show.
#include "report_context.h"

#include <map>

#include "report_escape.h"
#include "report_number.h"

namespace argo::report {

namespace {

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

bool is_letter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

// Returns a sentence in which no line ends between a number and its unit; 5 % becomes 5%, as it is
// written elsewhere on the page.
std::string with_units_kept(const std::string& sentence) {
  std::string out;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    const bool is_between =
        sentence[i] == ' ' && i > 0 && is_digit(sentence[i - 1]) && i + 1 < sentence.size();
    if (is_between && sentence[i + 1] == '%')
      continue;
    if (is_between && is_letter(sentence[i + 1]))
      out += kNoBreakSpace;
    else
      out += sentence[i];
  }
  return out;
}

bool holds_letter(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") != std::string::npos;
}

// Returns the names that stand for more than one meter.
std::set<std::string> names_of_several(const Context& context) {
  std::map<std::string, std::int64_t> first_id;
  std::set<std::string> shared;
  for (const Json* list :
       {&items(member(context.sections, "load"), "meters"), &items(context.quality, "meters"),
        &items(context.quality, "metersWithoutData")}) {
    for (const Json& meter : *list) {
      const std::optional<std::int64_t> id = count(meter, "meterId");
      if (id && first_id.emplace(text(meter, "meterName"), *id).first->second != *id)
        shared.insert(text(meter, "meterName"));
    }
  }
  return shared;
}

}  // namespace

Context::Context(const Json& report, const Limits& limits)
    : report(report),
      metadata(member(report, "metadata")),
      summary(member(report, "summary")),
      sections(member(report, "sections")),
      charts(member(report, "charts")),
      quality(member(report, "dataQuality")),
      limits(limits),
      clock(report),
      currency(text(metadata, "currency")),
      first_day(parse_day(text(member(metadata, "period"), "start"))),
      end_day(parse_day(text(member(metadata, "period"), "end"))),
      shared_names(names_of_several(*this)) {}

std::string Context::name(const Json& item) const {
  const std::string found = text(item, "meterName");
  const std::optional<std::int64_t> id = count(item, "meterId");
  if (holds_letter(found))
    return shortened(found, limits.name_characters) +
           (id && shared_names.contains(found) ? " (" + std::to_string(*id) + ")" : "");
  return id ? "meter " + std::to_string(*id) : "the site";
}

std::string Context::html_name(const Json& item) const {
  return report::html_name(name(item));
}

bool Context::is_main(const Json& item) const {
  const std::optional<double> main_id = number(member(metadata, "mainMeter"), "meterId");
  return main_id && number(item, "meterId") == main_id;
}

std::string Context::prose(const Json& object, const char* key) const {
  const std::string sentence =
      with_units_kept(shortened(text(object, key), limits.text_characters));
  const std::string name = with_units_kept(text(object, "meterName"));
  const std::size_t at = holds_letter(name) ? sentence.find(name) : std::string::npos;
  if (at == std::string::npos)
    return escape(sentence);
  return escape(std::string_view(sentence).substr(0, at)) + html_name(object) +
         escape(std::string_view(sentence).substr(at + name.size()));
}

std::string Context::moment(const Json& object, const char* key) const {
  return clock.moment(parse_moment(text(object, key)));
}

std::string Context::range(const Json& object) const {
  const Json& period = member(metadata, "period");
  const std::string start = text(object, "start");
  const std::string end = text(object, "end");
  if (!start.empty() && start == text(period, "localStart") && end == text(period, "localEnd"))
    return "the whole period";
  return clock.range(parse_moment(start), parse_moment(end));
}

std::string Context::cost(const Json& object, const char* key) const {
  return money(number(object, key), currency);
}

std::optional<std::pair<double, double>> Context::business_hours() const {
  const Json& hours = member(metadata, "businessHours");
  const std::optional<double> start = number(hours, "start");
  const std::optional<double> end = number(hours, "end");
  if (!start || !end || *start < 0 || *end > 24 || *start >= *end)
    return std::nullopt;
  return std::pair(*start, *end);
}

bool Context::is_business_day(Day day) const {
  for (const Json& holiday : items(metadata, "holidays")) {
    if (parse_day(text(holiday)) == day)
      return false;
  }
  for (const Json& weekday : items(member(metadata, "businessHours"), "weekdays")) {
    if (number(weekday) == iso_weekday(day))
      return true;
  }
  return false;
}

bool Context::is_business(const Moment& moment) const {
  const std::optional<std::pair<double, double>> hours = business_hours();
  return hours && moment.hour() >= hours->first && moment.hour() < hours->second &&
         is_business_day(moment.day());
}

std::string Context::zone() const {
  return escape(shortened(text(member(metadata, "site"), "timezone"), limits.name_characters));
}

std::string Context::weeks_before() const {
  const std::optional<std::int64_t> weeks = count(member(metadata, "baseline"), "weeks");
  if (!weeks)
    return "the weeks before";
  return *weeks == 1 ? "the week before" : "the " + std::to_string(*weeks) + " weeks before";
}

std::string Context::heading() const {
  constexpr Day kWeek = 7;
  const bool is_week = !first_day || !end_day || *end_day - *first_day == kWeek;
  return is_week ? "Weekly energy report" : "Energy report";
}

bool Context::has_baseline() const {
  for (const Json& point : items(member(charts, "loadProfile"), "points")) {
    if (number(point, "baselineKw"))
      return true;
  }
  return number(summary, "baselineEnergyKwh").has_value();
}

}  // namespace argo::report
