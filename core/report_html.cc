// Renders a weekly report as one HTML file that needs nothing else: no script, no network.
#include "report_html.h"

#include <array>

#include "error.h"
#include "report_context.h"
#include "report_escape.h"
#include "report_parts.h"
#include "report_style.h"
#include "report_value.h"
#include "text.h"

namespace argo {

namespace {

using report::Context;
using report::Json;
using report::Limits;

constexpr int kVersion = 1;
// No report is nearly as large; more would take its time before a cancel is heard.
constexpr std::size_t kMaxReportJsonBytes = 16'000'000;

// From everything to what fits for certain, whatever names and texts there are.
constexpr std::array<Limits, 5> kLimits = {{
    {},
    {40, 300, 250, 40, 200, false},
    {32, 200, 120, 20, 200, false},
    {24, 120, 50, 12, 0, false},
    {16, 80, 20, 6, 0, false},
}};

[[noreturn]] void refuse(const std::string& detail) {
  throw Error(sqlstate::kInvalidParameter, "this is no weekly report of version 1", detail,
              "Give what argo_weekly_report() returned, or weekly_reports.report.");
}

Json parse(const std::string& report_json) {
  if (report_json.size() > kMaxReportJsonBytes)
    refuse("It has " + std::to_string(report_json.size() / 1'000'000) +
           " MB; one of 250 meters has less than 2.");
  Json report = Json::parse(storable(report_json), nullptr, false);
  if (report.is_discarded())
    refuse("The text is no JSON.");
  if (!report.is_object())
    refuse("The JSON is no object.");
  const Json& version = report::member(report, "version");
  if (!version.is_number_integer() || version.get<std::int64_t>() != kVersion)
    refuse("Its version is " +
           (version.is_null()        ? "missing"
            : version.is_primitive() ? printable(version.dump(-1, ' ', true), 40)
                                     : "no number") +
           ".");
  for (const char* part : {"metadata", "summary", "sections"}) {
    if (!report::member(report, part).is_object())
      refuse(std::string("It has no ") + part + ".");
  }
  return report;
}

// What a browser's tab and the name of a saved file show.
std::string title_of(const Context& context) {
  const std::string site = report::text(report::member(context.metadata, "site"), "name");
  std::string out = context.heading();
  if (!site.empty())
    out += ": " + report::escape(report::shortened(site, context.limits.name_characters));
  if (context.first_day && context.end_day)
    out += ", " + report::day_range(*context.first_day, *context.end_day);
  return out;
}

constexpr char kContents[] =
    "<nav aria-label=\"Contents\"><ul><li><a href=\"#actions\">What to do</a></li>"
    "<li><a href=\"#load\">Use</a></li><li><a href=\"#after-hours\">After hours</a></li>"
    "<li><a href=\"#unusual\">Unusual use</a></li><li><a href=\"#meters\">Meters</a></li>"
    "<li><a href=\"#data\">Data</a></li><li><a href=\"#method\">How to read this</a></li></ul>"
    "</nav>\n";

std::string page(const Json& report, const Limits& limits) {
  const Context context(report, limits);
  return "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
         "<meta charset=\"utf-8\"/>\n<meta http-equiv=\"Content-Security-Policy\" content=\"" +
         report::content_security_policy() +
         "\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
         "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
         "<meta name=\"robots\" content=\"noindex\"/>\n<title>" +
         title_of(context) + "</title>\n<style>" + report::style_sheet() +
         "</style>\n</head>\n<body>\n" + page_head(context) + "<main>\n" + key_figures(context) +
         kContents + actions(context) + load_section(context) + after_hours_section(context) +
         events_section(context) + meters_section(context) + data_section(context) +
         method_section(context) + "</main>\n" + page_foot(context) + "</body>\n</html>\n";
}

}  // namespace

std::string report_html(const std::string& report_json) {
  const Json report = parse(report_json);
  std::string out;
  for (const Limits& limits : kLimits) {
    out = page(report, limits);
    if (out.size() <= kMaxReportHtmlBytes)
      return out;
  }
  refuse("Its charts hold more than those of 31 days.");
}

}  // namespace argo
