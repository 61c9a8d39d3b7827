// The section on the data: what is missing, which sensors need a visit, and what the checks found.
#include <cmath>
#include <map>

#include "report_escape.h"
#include "report_number.h"
#include "report_parts.h"
#include "report_table.h"

namespace argo::report {

namespace {

std::string severity_tag(const std::string& severity) {
  const bool is_high = severity == "high" || severity == "error";
  const bool is_medium = severity == "medium" || severity == "warning";
  return "<span class=\"tag" +
         std::string(is_high     ? " high"
                     : is_medium ? " medium"
                                 : "") +
         "\">" + escape(shortened(severity.empty() ? "note" : severity, 20)) + "</span>";
}

// Returns what an issue is called, and how large it is.
std::string issue_name(const std::string& issue) {
  if (issue == "flatline")
    return "stuck value";
  if (issue == "completeness")
    return "readings missing";
  if (issue == "stale")
    return "no news";
  return escape(shortened(issue, 40));
}

std::string issue_size(const Json& issue) {
  const std::optional<double> value = number(issue, "value");
  const std::string unit = text(issue, "unit");
  if (!value)
    return kNoFigure;
  if (unit == "percent")
    return percent(value) + " received";
  // A run of missing readings is a time without any.
  const int minutes = unit == "intervals" ? 15 : unit == "hours" ? 60 : 0;
  if (minutes > 0 && *value >= 0 && *value < 1e9)
    return duration(std::llround(*value * minutes));
  return rounded(value) + kNoBreakSpace + escape(shortened(unit, 20));
}

// The issues of one kind that a meter has, which the largest of them stands for.
struct Group {
  const Json* largest;
  std::size_t issues = 1;
};

// Returns the issues in their order, those that repeat where the first of them stands.
std::vector<Group> groups_of(const Json& issues) {
  std::vector<Group> groups;
  std::map<std::string, std::size_t> places;
  for (const Json& issue : issues) {
    const std::string key = std::to_string(count(issue, "meterId").value_or(-1)) + " " +
                            text(issue, "severity") + " " + text(issue, "issue");
    const auto [place, is_new] = places.emplace(key, groups.size());
    if (is_new) {
      groups.push_back({&issue});
      continue;
    }
    Group& group = groups[place->second];
    ++group.issues;
    if (number(issue, "value") > number(*group.largest, "value"))
      group.largest = &issue;
  }
  return groups;
}

std::string issues_of(const Context& context) {
  const Json& health = member(context.sections, "sensorHealth");
  Table table("Sensors that need a look", {{"Meter", true},
                                           {"What", true},
                                           {"Severity", true},
                                           {"How much", true},
                                           {"When", true},
                                           {"In words", true}});
  std::size_t left_out = count(health, "omitted").value_or(0);
  std::size_t shown = 0;
  for (const Group& group : groups_of(items(health, "issues"))) {
    if (shown >= 2 * context.limits.rows) {
      left_out += group.issues;
      continue;
    }
    ++shown;
    const Json& issue = *group.largest;
    const std::string of_several =
        group.issues > 1 ? " <span class=\"soft\">the longest of " +
                               grouped(static_cast<double>(group.issues), 0) + "</span>"
                         : std::string();
    table.row({context.html_name(issue), issue_name(text(issue, "issue")),
               severity_tag(text(issue, "severity")), issue_size(issue),
               context.range(issue) + of_several, context.prose(issue, "detail")});
  }
  if (table.empty() && count(context.quality, "expectedReadings").value_or(0) == 0)
    return "<p class=\"none\">No readings were expected, so no sensor could be judged.</p>\n";
  return table.empty() ? "<p class=\"none\">No sensor shows gaps, stuck values or silence.</p>\n"
                       : table.begun(left_out);
}

std::string incomplete_meters(const Context& context) {
  Table table("Meters with readings missing",
              {{"Meter", true}, {"Received"}, {"Expected"}, {"Data"}, {"Last reading", true}});
  std::size_t complete = 0;
  std::size_t left_out = 0;
  std::size_t shown = 0;
  for (const Json& meter : items(context.quality, "meters")) {
    const std::optional<double> share = number(meter, "completenessPercent");
    if (share == 100) {
      ++complete;
    } else if (shown >= 2 * context.limits.rows) {
      ++left_out;
    } else {
      ++shown;
      table.row({context.html_name(meter), Cell::whole(count(meter, "received")),
                 Cell::whole(count(meter, "expected")), percent(share),
                 context.moment(meter, "lastReading")});
    }
  }
  std::string out = table.empty() ? std::string() : table.begun(left_out);
  if (complete > 0)
    out += "<p class=\"note\">" + counted(static_cast<std::int64_t>(complete), "meter") +
           (table.empty() ? " with readings, and not one reading missing."
                          : " with every reading are not listed.") +
           "</p>\n";
  const std::int64_t unlisted = count(context.quality, "omittedMeters").value_or(0);
  if (unlisted > 0)
    out += "<p class=\"note\">" + counted(unlisted, "more meter") +
           ", each at least as complete, are left out of the report.</p>\n";
  return out;
}

std::string silent_meters(const Context& context) {
  const Json& meters = items(context.quality, "metersWithoutData");
  const std::size_t all =
      meters.size() +
      static_cast<std::size_t>(count(context.quality, "omittedWithoutData").value_or(0));
  if (all == 0)
    return {};
  std::string names;
  std::size_t shown = 0;
  for (const Json& meter : meters) {
    if (shown >= context.limits.rows)
      break;
    ++shown;
    const std::optional<Moment> last = parse_moment(text(meter, "lastReading"));
    names += (names.empty() ? "" : ", ") + context.html_name(meter) +
             (last ? " (last " + long_day(last->day()) + ")" : " (never)");
  }
  if (shown < all)
    names += " and " + grouped(static_cast<double>(all - shown), 0) + " more";
  return "<p>" + counted(static_cast<std::int64_t>(all), "meter") +
         " without any reading for a month or longer, not judged and not in any figure: " + names +
         ".</p>\n";
}

// Returns what was found; without words of its own the figures, whose units the rule knows.
std::string finding_words(const Context& context, const Json& finding) {
  std::string detail = context.prose(finding, "detail");
  const std::optional<double> observed = number(finding, "observed");
  if (!detail.empty() || !observed)
    return detail;
  const std::optional<double> threshold = number(finding, "threshold");
  return "found " + rounded(observed) + (threshold ? ", limit " + rounded(threshold) : "");
}

std::string findings_of(const Context& context) {
  Table table(
      "Open findings of the data checks",
      {{"Check", true}, {"Severity", true}, {"Meter", true}, {"Day", true}, {"In words", true}});
  std::size_t left_out = count(context.quality, "omittedFindings").value_or(0);
  std::size_t shown = 0;
  for (const Json& finding : items(context.quality, "openFindings")) {
    if (shown >= context.limits.rows) {
      ++left_out;
      continue;
    }
    ++shown;
    const std::optional<Day> day = parse_day(text(finding, "day"));
    table.row({context.prose(finding, "rule"), severity_tag(text(finding, "severity")),
               context.html_name(finding), day ? short_day(*day) : kNoFigure,
               finding_words(context, finding)});
  }
  return table.empty() ? std::string() : table.begun(left_out);
}

}  // namespace

std::string data_section(const Context& context) {
  const Json& summary = member(member(context.sections, "sensorHealth"), "summary");
  const std::int64_t issues = count(summary, "issues").value_or(0);
  const std::int64_t high = count(summary, "high").value_or(0);
  std::string lead;
  if (issues > 0)
    lead = counted(issues, "issue") + " on " +
           counted(count(summary, "metersAffected").value_or(0), "meter") + ", " +
           grouped(static_cast<double>(high), 0) + " of high severity.";
  lead += data_behind(summary);
  return section("data", "Sensors and data", lead,
                 issues_of(context) + incomplete_meters(context) + silent_meters(context) +
                     findings_of(context));
}

}  // namespace argo::report
