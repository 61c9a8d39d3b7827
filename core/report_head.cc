// The head of the report's page: whose it is, warnings, the headline, and six figures of the
// period.
#include <array>
#include <cmath>

#include "report_escape.h"
#include "report_number.h"
#include "report_parts.h"
#include "report_table.h"

namespace argo::report {

namespace {

std::string period_of(const Context& context) {
  if (!context.first_day || !context.end_day)
    return "Period not stated";
  return day_range(*context.first_day, *context.end_day);
}

std::string address_of(const Context& context) {
  std::string out;
  const Json& site = member(context.metadata, "site");
  for (const char* key : {"address", "city", "postcode", "country"}) {
    const std::string line = text(site, key);
    if (!line.empty())
      out += (out.empty() ? "" : ", ") + html_name(shortened(line, context.limits.name_characters));
  }
  return out;
}

// Says whose clock is meant, and by how much it is off UTC.
std::string clock_of(const Context& context) {
  const Json& period = member(context.metadata, "period");
  const std::optional<Moment> start = parse_moment(text(period, "localStart"));
  const std::optional<Moment> end = parse_moment(text(period, "localEnd"));
  std::string out = "All times are those of the clock at the site";
  if (!context.zone().empty())
    out += ", " + context.zone();
  if (start)
    out += " (" + utc_offset(start->offset_minutes) + ")";
  for (const auto& [day, minutes] : context.clock.changes())
    out +=
        end ? "; the clock changes on " + short_day(day) + ", to " + utc_offset(end->offset_minutes)
            : "";
  return out + ".";
}

std::string running(const Context& context) {
  const Json& period = member(context.metadata, "period");
  const std::optional<Moment> until = parse_moment(text(period, "dataUntil"));
  const std::optional<Moment> end = parse_moment(text(period, "localEnd"));
  if (!until || !end || until->utc_seconds >= end->utc_seconds)
    return {};
  return "<div class=\"banner\" role=\"note\"><b>The period is not over.</b> Figures are until " +
         context.clock.moment(until) + ".</div>\n";
}

std::string without_stop(const std::string& sentence) {
  return sentence.substr(0, sentence.find_last_not_of(". ") + 1);
}

// Returns whether one text of an object says what another one does.
bool tells(const Json& object, const char* key, const char* other) {
  return text(object, key).find(without_stop(text(object, other))) != std::string::npos;
}

// Returns the worst finding of a rule that fails, and how many more there are.
std::string flag_words(const Context& context, const Json& flag) {
  const std::string detail = text(flag, "detail");
  const Json worst = {{"detail", detail.substr(0, detail.find("; "))}};
  std::int64_t findings = 0;
  for (const Json& finding : items(context.quality, "openFindings"))
    findings += text(finding, "rule") == text(flag, "rule") ? 1 : 0;
  const std::string words = context.prose(worst, "detail");
  return context.prose(flag, "rule") + (words.empty() ? "" : ": " + words) +
         (findings > 1 ? "; <a href=\"#data\">and " +
                             grouped(static_cast<double>(findings - 1), 0) + " more</a>"
                       : "");
}

std::string gate_banner(const Context& context) {
  const Json& gate = member(context.metadata, "gate");
  if (text(gate, "state") != "degraded" && text(gate, "banner").empty())
    return {};
  std::string out =
      "<div class=\"banner\" role=\"note\"><b>Read with care: checks of the data "
      "failed.</b> " +
      context.prose(gate, "banner");
  const std::string reason = context.prose(gate, "overrideReason");
  if (!reason.empty())
    out += " Released by hand until " + context.moment(gate, "overrideUntil") +
           (tells(gate, "banner", "overrideReason") ? "" : ": " + without_stop(reason)) + ".";
  std::string flags;
  std::size_t shown = 0;
  for (const Json& item : items(gate, "flags")) {
    if (shown++ < 5)
      flags += "<li>" + flag_words(context, item) + "</li>";
  }
  return out + (flags.empty() ? "" : "<ul>" + flags + "</ul>") + "</div>\n";
}

// Returns how much of what the site's energy is the sum of was measured, as a mean of the hours.
std::optional<double> measured(const Context& context) {
  double sum = 0;
  int hours = 0;
  for (const Json& point : items(member(context.charts, "loadProfile"), "points")) {
    const std::optional<double> share = number(point, "completenessPercent");
    sum += share.value_or(0);
    hours += share ? 1 : 0;
  }
  return hours > 0 ? std::optional(sum / hours) : std::nullopt;
}

// Warns of sums that are too low, where no banner does.
std::string completeness_banner(const Context& context) {
  constexpr double kEnough = 90;
  const bool has_main = member(context.metadata, "mainMeter").is_object();
  const std::optional<double> share =
      has_main ? measured(context) : number(context.summary, "completenessPercent");
  if (!share || *share >= kEnough)
    return {};
  return "<div class=\"banner\" role=\"note\"><b>Only " + percent(share) +
         " of the expected readings " + (has_main ? "of the main meter " : "") +
         "arrived.</b> Sums are what was measured, and so too low.</div>\n";
}

std::string tile(const std::string& name, const std::string& figure, const std::string& about,
                 const std::string& look = {}) {
  return "<div><dt>" + name + "</dt><dd><div class=\"figure" + (look.empty() ? "" : " " + look) +
         "\">" + figure + "</div><div class=\"about\">" + about + "</div></dd></div>\n";
}

// Returns a figure with its unit set smaller, or that there is none.
std::string with_unit(std::optional<double> value, const std::string& unit) {
  return value ? rounded(*value) + "\xC2\xA0<small>" + unit + "</small>" : "no data";
}

std::string energy_tile(const Context& context) {
  const std::optional<double> share = number(context.summary, "completenessPercent");
  const std::optional<double> energy = number(context.summary, "energyKwh");
  if (!energy)
    return tile("Energy used", "no data", "nothing was measured");
  return tile("Energy used", with_unit(energy, "kWh"),
              share && *share < 100 ? "as measured; missing readings are not estimated"
                                    : "in the whole period");
}

std::string cost_tile(const Context& context) {
  const std::optional<double> cost = number(context.summary, "cost");
  if (!cost)
    return tile("Cost of energy", "no data", "nothing was measured");
  std::string about =
      items(context.metadata, "timeOfUse").empty()
          ? "at " + rate(number(context.metadata, "tariffPerKwh"), context.currency) + " per kWh"
          : "of energy, at the rates of its hours";
  const std::optional<double> demand =
      number(member(member(context.sections, "load"), "site"), "demandCost");
  if (demand)
    about += "; demand charge " + money(demand, context.currency) + " on top";
  return tile("Cost of energy", money(cost, context.currency), about);
}

std::string change_tile(const Context& context) {
  const std::optional<double> change = number(context.summary, "changePercent");
  const std::optional<double> usual = number(context.summary, "baselineEnergyKwh");
  const std::optional<double> now = number(context.summary, "energyKwh");
  const std::string name = "Against " + context.weeks_before();
  if (!change || !usual || !now)
    return tile(name, "no comparison", "too little data in the baseline or in the period");
  const double more = *now - *usual;
  constexpr double kEnough = 95;
  const std::optional<double> share = measured(context);
  const bool is_complete = !share || *share >= kEnough;
  const std::string about = quantity(std::abs(more), "kWh") + (more < 0 ? " less" : " more") +
                            " than their mean of " + quantity(usual, "kWh") +
                            (is_complete ? "" : ", but readings are missing");
  // A percent up or down is no news, and what was not measured is not saved.
  const std::string look = std::abs(*change) < 1 ? ""
                           : *change > 0         ? "more"
                           : is_complete         ? "less"
                                                 : "";
  return tile(name, signed_percent(change), about, look);
}

std::string data_tile(const Context& context) {
  const std::optional<std::int64_t> expected = count(context.quality, "expectedReadings");
  const std::optional<std::int64_t> received = count(context.quality, "receivedReadings");
  const std::optional<double> share = number(context.summary, "completenessPercent");
  const std::string about = expected && received && *expected > 0
                                ? grouped(static_cast<double>(*received), 0) + " of " +
                                      grouped(static_cast<double>(*expected), 0) +
                                      " expected readings"
                                : "no readings were expected";
  return tile("Data received", share ? percent(share) : "no data", about,
              share && *share < 90 ? "more" : "");
}

std::string peak_tile(const Context& context) {
  const Json& site = member(member(context.sections, "load"), "site");
  const std::optional<double> peak = number(site, "peakKw");
  return tile("Peak demand", with_unit(peak, "kW"),
              peak ? context.moment(site, "peakAt") + ", highest 15-minute reading"
                   : "no power was measured");
}

std::string savings_tile(const Context& context) {
  const Json& savings = member(context.summary, "totalPotentialSavings");
  const std::optional<double> weekly = number(savings, "weekly");
  if (!weekly)
    return tile(
        "Potential savings", "none found",
        context.has_baseline() ? "no measure with a figure" : "there is no baseline to judge by");
  const std::optional<double> yearly = number(savings, "yearly");
  const std::int64_t without = count(savings, "winsWithoutYearly").value_or(0);
  std::string about = yearly ? money(yearly, context.currency) +
                                   " a year, if every week is like "
                                   "this one"
                             : "too few comparable weeks for a yearly figure";
  if (yearly && without > 0)
    about += "; " + counted(without, "measure") + " not in it";
  return tile("Potential savings",
              money(weekly, context.currency) + "\xC2\xA0<small>a week</small>", about);
}

}  // namespace

std::string page_head(const Context& context) {
  const Json& site = member(context.metadata, "site");
  std::string name = text(site, "name");
  if (name.empty())
    name = "Site " + text(site, "id");
  std::string out = "<header>\n<h1>" + context.heading() + " <span class=\"site\">" +
                    html_name(shortened(name, 2 * context.limits.name_characters)) +
                    "</span></h1>\n<p class=\"when\">" + period_of(context) + "</p>\n";
  const std::string address = address_of(context);
  out +=
      "<p class=\"soft\">" + (address.empty() ? "" : address + ". ") + clock_of(context) + "</p>\n";
  out += running(context);
  const std::string banner = gate_banner(context);
  out += banner + completeness_banner(context);
  const std::string headline = context.prose(context.summary, "headline");
  if (!headline.empty())
    out += "<p class=\"headline\">" + headline + "</p>\n";
  return out + "</header>\n";
}

std::string key_figures(const Context& context) {
  return "<dl class=\"tiles\">\n" + energy_tile(context) + cost_tile(context) +
         change_tile(context) + savings_tile(context) + peak_tile(context) + data_tile(context) +
         "</dl>\n";
}

}  // namespace argo::report
