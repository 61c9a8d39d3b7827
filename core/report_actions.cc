// The first section of the report's page: what to do, what it is worth, and what needs a look.
#include "report_escape.h"
#include "report_number.h"
#include "report_parts.h"

namespace argo::report {

namespace {

std::string worth_of(const Context& context, const Json& win) {
  const std::optional<double> weekly = number(win, "weeklyCost");
  if (!weekly)
    return "<div class=\"worth\"><b>Better data</b> no saving by itself</div>";
  const std::optional<double> yearly = number(win, "yearlyCost");
  const std::optional<double> kwh = number(win, "weeklyKwh");
  return "<div class=\"worth\"><b>" + money(weekly, context.currency) + " a week</b> " +
         (kwh ? quantity(kwh, "kWh") + " a week" : std::string()) + "<br/>" +
         (yearly ? money(yearly, context.currency) + " a year" : "no yearly figure yet") + "</div>";
}

std::string win_of(const Context& context, const Json& win) {
  const std::string confidence = text(win, "confidence");
  const std::string basis = context.prose(win, "basis");
  return "<li><div class=\"rank\">" + grouped(number(win, "rank").value_or(0), 0) +
         "</div><div><h3>" + context.prose(win, "title") + "</h3><p>" +
         context.prose(win, "action") + "</p><p class=\"soft\">" +
         (confidence.empty()
              ? std::string()
              : "<span class=\"tag" + std::string(confidence == "high" ? " good" : "") + "\">" +
                    escape(shortened(confidence, 20)) + " confidence</span> ") +
         (basis.empty() ? "" : "Basis: " + basis + ".") + "</p></div>" + worth_of(context, win) +
         "</li>\n";
}

std::string wins_of(const Context& context) {
  std::string out;
  for (const Json& win : items(context.sections, "quickWins"))
    out += win_of(context, win);
  if (out.empty())
    return context.has_baseline()
               ? "<p class=\"none\">Nothing stands out this time: no waste after hours, no unusual "
                 "use, no spikes that would be worth a visit.</p>\n"
               : "<p class=\"none\">Without readings in the weeks before there is nothing to judge "
                 "this period by, so no measures are proposed.</p>\n";
  return "<ol class=\"wins\">\n" + out + "</ol>\n";
}

std::string risks_of(const Context& context) {
  std::string out;
  for (const Json& risk : items(context.summary, "topRisks")) {
    const std::string severity = text(risk, "severity");
    const bool has_look = severity == "high" || severity == "medium";
    out += "<li><span class=\"tag" + (has_look ? " " + severity : "") + "\">" +
           escape(shortened(severity.empty() ? "note" : severity, 20)) + "</span><span>" +
           context.prose(risk, "text") + "</span></li>\n";
  }
  return out.empty() ? out : "<ul class=\"risks\">\n" + out + "</ul>\n";
}

}  // namespace

std::string actions(const Context& context) {
  const Json& savings = member(context.summary, "totalPotentialSavings");
  const std::optional<double> kwh = number(savings, "weeklyKwh");
  const std::optional<double> weekly = number(savings, "weekly");
  std::string lead = "Measures by what they are worth. No energy is counted twice.";
  if (kwh && weekly)
    lead = "Together worth " + money(weekly, context.currency) + " and " + quantity(kwh, "kWh") +
           " a week, if this week was a usual one. No energy is counted twice.";
  if (items(context.sections, "quickWins").empty())
    lead.clear();
  std::string out = section("actions", "What to do", lead, wins_of(context));
  const std::string risks = risks_of(context);
  return risks.empty() ? out : out + section("risks", "What needs a look", "", risks);
}

}  // namespace argo::report
