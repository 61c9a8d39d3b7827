// Tests of the report's page: what it says, and that nothing in a report can break it.
#include "core/report_html.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"
#include "markup_check.h"

namespace argo {
namespace {

using nlohmann::json;

const std::string folder = std::string(ARGO_SOURCE_DIR) + "/test/report/";

json sample(const std::string& name = "sample.json") {
  std::ifstream file(folder + name);
  return json::parse(file);
}

std::string render(const json& report) {
  return report_html(report.dump(-1, ' ', false, json::error_handler_t::replace));
}

bool holds(const std::string& page, const std::string& text) {
  return page.find(text) != std::string::npos;
}

std::size_t occurrences(const std::string& page, const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = page.find(text); at != std::string::npos; at = page.find(text, at + 1))
    ++count;
  return count;
}

// Returns the part of a page from one text to the next that follows.
std::string between(const std::string& page, const std::string& from, const std::string& to) {
  const std::size_t start = page.find(from);
  return start == std::string::npos ? "" : page.substr(start, page.find(to, start) - start);
}

// Returns text with another one in every place of some part of it.
std::string replaced(std::string text, const std::string& part, const std::string& other) {
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + other.size()))
    text.replace(at, part.size(), other);
  return text;
}

// What every page must be, whatever the report.
void expect_sound(const std::string& page, const std::string& about) {
  const MarkupCheck check(page);
  EXPECT_EQ(check.fault(), "") << about;
  EXPECT_LE(page.size(), kMaxReportHtmlBytes) << about;
  static const std::set<std::string> kElements = {
      "html", "head", "meta", "title",  "style",      "body",    "header",  "main",
      "nav",  "ul",   "ol",   "li",     "a",          "footer",  "section", "div",
      "span", "p",    "b",    "br",     "bdi",        "small",   "h1",      "h2",
      "h3",   "dl",   "dt",   "dd",     "svg",        "desc",    "defs",    "pattern",
      "g",    "rect", "path", "text",   "table",      "caption", "thead",   "tbody",
      "tr",   "th",   "td",   "figure", "figcaption", "details", "summary"};
  for (const auto& [element, times] : check.elements())
    EXPECT_TRUE(kElements.contains(element)) << about << ": " << element;
  for (const auto& [attribute, times] : check.attributes()) {
    EXPECT_FALSE(attribute.starts_with("on")) << about << ": " << attribute;
    EXPECT_NE(attribute, "style") << about;
    EXPECT_NE(attribute, "src") << about;
  }
  for (const std::string& target : check.values("a@href"))
    EXPECT_TRUE(target.starts_with("#") && check.ids().contains(target.substr(1)))
        << about << ": " << target;
  for (const std::string& names : check.values("svg@aria-labelledby")) {
    std::istringstream words(names);
    for (std::string id; words >> id;)
      EXPECT_TRUE(check.ids().contains(id)) << about << ": " << id;
  }
  EXPECT_FALSE(holds(between(page, "<style>", "</style>"), "url(")) << about;
  for (const char* number : {">nan<", ">inf<", ">null<", "NaN", "\"nan", "-nan", "\"inf"})
    EXPECT_FALSE(holds(page, number)) << about << ": " << number;
}

TEST(ReportHtml, IsSoundForEverySample) {
  int samples = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".json")
      continue;
    ++samples;
    const std::string page = render(sample(file.path().filename()));
    expect_sound(page, file.path());
    EXPECT_EQ(page, render(sample(file.path().filename())));
  }
  EXPECT_GE(samples, 2);
}

TEST(ReportHtml, AllowsItsStyleSheetAndNothingElse) {
  const std::string page = render(sample());
  const std::string sheet = between(page, "<style>", "</style>").substr(7);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(sheet.data()), sheet.size(), digest.data());
  std::array<unsigned char, 64> base64{};
  EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  EXPECT_TRUE(holds(page, "content=\"default-src &#39;none&#39;") ||
              holds(page, "content=\"default-src 'none'; style-src 'sha256-" +
                              std::string(reinterpret_cast<const char*>(base64.data())) +
                              "'; base-uri 'none'; form-action 'none'\""));
  EXPECT_FALSE(holds(page, "<script"));
  EXPECT_EQ(occurrences(page, "://"), occurrences(page, "http://www.w3.org/"));
}

TEST(ReportHtml, DrawsEachChartWithWordsAndATable) {
  const MarkupCheck check(render(sample()));
  // Five charts, each for desks and for phones.
  EXPECT_EQ(check.elements().at("svg"), 10);
  EXPECT_EQ(check.elements().at("desc"), 10);
  EXPECT_EQ(check.elements().at("figure"), 5);
  EXPECT_GE(check.elements().at("details"), 5);
  for (const std::string& role : check.values("svg@role"))
    EXPECT_EQ(role, "img");
  for (const char* chart : {"profile", "heat", "daily", "ranking", "timeline"}) {
    for (const char* format : {"-wide-title", "-wide-desc", "-narrow-title", "-narrow-desc"})
      EXPECT_TRUE(check.ids().contains(std::string(chart) + format)) << chart << format;
  }
}

TEST(ReportHtml, SaysFirstWhatMattersFirst) {
  const std::string page = render(sample());
  std::size_t before = 0;
  for (const char* part :
       {"Riverside Office Park", "Read with care", "class=\"headline\"", "Energy used",
        "What to do", "What needs a look", "How the building used energy", "After hours</h2>",
        "Unusual use and spikes", "Meter by meter", "Sensors and data", "How to read this"}) {
    const std::size_t at = page.find(part, before);
    ASSERT_NE(at, std::string::npos) << part;
    before = at;
  }
  EXPECT_TRUE(holds(page, "21,780\xC2\xA0<small>kWh</small>"));
  EXPECT_TRUE(holds(page, ">$2,614<"));
  EXPECT_TRUE(holds(page, ">+2.9%<"));
  EXPECT_TRUE(holds(page, ">95.5%<"));
  EXPECT_TRUE(holds(page, "9,572 of 10,020 expected readings"));
  EXPECT_TRUE(holds(page,
                    "America/New_York (UTC\xE2\x88\x92"
                    "5)"));
  EXPECT_TRUE(holds(page, "$75.07\xC2\xA0<small>a week"));
}

TEST(ReportHtml, HatchesWhatIsMissingAndBreaksTheLine) {
  json report = sample();
  json& points = report["charts"]["loadProfile"]["points"];
  for (json& point : points) {
    point["kw"] = 10;
    point["completenessPercent"] = 100;
  }
  for (const int at : {20, 21, 50})
    points[at]["kw"] = nullptr;
  for (const int at : {20, 21, 50})
    points[at]["completenessPercent"] = 0;
  points[80]["completenessPercent"] = 75;
  const std::string chart = between(render(report), "<svg class=\"wide\"", "</svg>");
  EXPECT_EQ(occurrences(chart, "fill=\"url(#profile-wide-gap)\""), 3U);
  EXPECT_EQ(occurrences(chart, "<title>No readings: "), 2U);
  EXPECT_EQ(occurrences(chart, "<title>Some readings missing: "), 1U);
  const std::size_t end = chart.find("\" class=\"s-use\"");
  ASSERT_NE(end, std::string::npos);
  const std::size_t start = chart.rfind("<path d=\"", end);
  ASSERT_NE(start, std::string::npos);
  EXPECT_EQ(occurrences(chart.substr(start, end - start), "M"), 3U);
}

TEST(ReportHtml, LeavesHoursEmptyInWhichNothingWasExpected) {
  json report = sample();
  for (json& point : report["charts"]["loadProfile"]["points"]) {
    point["kw"] = nullptr;
    point["completenessPercent"] = nullptr;
  }
  report["charts"]["loadProfile"]["points"][0]["kw"] = 5;
  report["metadata"]["period"]["dataUntil"] = "2026-03-02T01:00:00-05:00";
  const std::string page = render(report);
  expect_sound(page, "running period");
  EXPECT_TRUE(holds(page, "The period is not over."));
  EXPECT_FALSE(holds(page, "fill=\"url(#profile-wide-gap)\""));
}

TEST(ReportHtml, TakesMissingReadingsForNoSaving) {
  json report = sample();
  report["summary"].update({{"changePercent", -30.0}, {"energyKwh", 14000.0}});
  EXPECT_TRUE(holds(render(report), "<div class=\"figure less\">"));
  EXPECT_FALSE(holds(render(report), "of the main meter arrived"));
  for (int hour = 48; hour < 96; ++hour)
    report["charts"]["loadProfile"]["points"][hour]["completenessPercent"] = 0;
  const std::string page = render(report);
  EXPECT_FALSE(holds(page, "<div class=\"figure less\">"));
  EXPECT_TRUE(holds(page, ", but readings are missing"));
  EXPECT_TRUE(holds(page, "of the expected readings of the main meter arrived."));
}

TEST(ReportHtml, DrawsZeroAsZero) {
  json report = sample();
  for (json& point : report["charts"]["loadProfile"]["points"])
    point.update({{"kw", 0}, {"completenessPercent", 100}});
  for (json& day : report["charts"]["dailyUse"])
    day["kwh"] = 0;
  report["summary"]["energyKwh"] = 0;
  const std::string page = render(report);
  expect_sound(page, "all zero");
  EXPECT_TRUE(holds(page, "0\xC2\xA0<small>kWh</small>"));
  EXPECT_FALSE(holds(page, "fill=\"url(#profile-wide-gap)\""));
}

TEST(ReportHtml, KnowsDaysOf23Hours) {
  const std::string page = render(sample());
  EXPECT_TRUE(holds(page,
                    "Sun\xC2\xA0"
                    "8\xC2\xA0Mar, 23\xC2\xA0h<"));
  EXPECT_EQ(occurrences(page, "no such hour"), 1U);
  EXPECT_TRUE(holds(page,
                    "06:45\xC2\xA0(UTC\xE2\x88\x92"
                    "4)"));
}

TEST(ReportHtml, KnowsDaysOf25Hours) {
  json report = sample();
  json hours = json::array();
  for (int hour = 0; hour < 25; ++hour) {
    const int shown = hour < 2 ? hour : hour - 1;
    const std::string t = "2026-11-01T" + std::string(shown < 10 ? "0" : "") +
                          std::to_string(shown) + (hour < 2 ? ":00:00-04:00" : ":00:00-05:00");
    hours.push_back({{"t", t}, {"kw", hour}, {"completenessPercent", 100}});
  }
  report["charts"]["loadProfile"]["points"] = hours;
  report["charts"]["heatMap"]["rows"] = {
      {{"date", "2026-11-01"}, {"weekday", 7}, {"isBusinessDay", false}, {"hours", hours}}};
  const std::string page = render(report);
  expect_sound(page, "25 hours");
  EXPECT_TRUE(holds(page, "25\xC2\xA0h<"));
  EXPECT_TRUE(holds(page, "two half cells"));
  EXPECT_TRUE(holds(page, "<td>1.00 / 2.00</td>"));
  EXPECT_TRUE(holds(page,
                    "01:00\xC2\xA0(UTC\xE2\x88\x92"
                    "4): 1.00\xC2\xA0kW"));
  EXPECT_TRUE(holds(page,
                    "01:00\xC2\xA0(UTC\xE2\x88\x92"
                    "5): 2.00\xC2\xA0kW"));
}

TEST(ReportHtml, TellsMetersOfOneNameApart) {
  json report = sample();
  report["sections"]["load"]["meters"][1]["meterName"] = "Pump";
  report["sections"]["load"]["meters"][2]["meterName"] = "Pump";
  const std::string page = render(report);
  for (const int at : {1, 2})
    EXPECT_TRUE(holds(
        page,
        "<bdi>Pump (" + report["sections"]["load"]["meters"][at]["meterId"].dump() + ")</bdi>"));
  EXPECT_FALSE(holds(page, "<bdi>Pump</bdi>"));
}

// Calls `change` with each text of a report that came from outside, keys excluded.
void each_text(json& value, const std::function<void(json&)>& change) {
  if (value.is_string())
    change(value);
  else if (value.is_structured()) {
    for (json& part : value)
      each_text(part, change);
  }
}

TEST(ReportHtml, EscapesWhateverTextThereIs) {
  for (const std::string text :
       {"<script>alert(1)</script>", "\"/><img src=x onerror=alert(1)>", "' onload='x",
        "</title></style><b>", "]]><!--", "&lt;&#60;&bogus;", "🏢👨‍👩‍👧",
        "مضخة \xE2\x80\xAE evil",
        "a\x01\x02\x7F"
        "b\nc\td",
        "url(https://example.com/x)", "   ", ""}) {
    json report = sample();
    each_text(report, [&](json& value) { value = text; });
    const std::string page = render(report);
    EXPECT_EQ(MarkupCheck(page).fault(), "") << text;
    EXPECT_FALSE(holds(page, "<script")) << text;
    EXPECT_FALSE(holds(page, "<img")) << text;
    EXPECT_FALSE(holds(page, "\xE2\x80\xAE")) << text;
    // Names only, so that the charts are drawn as well.
    report = sample();
    for (const char* list : {"afterHoursRanking", "anomalyTimeline"}) {
      for (json& item : report["charts"][list])
        item["meterName"] = text;
    }
    for (json& meter : report["sections"]["load"]["meters"])
      meter["meterName"] = text;
    report["metadata"]["site"]["name"] = text;
    expect_sound(replaced(render(report), "https://example.com", ""), text);
  }
}

TEST(ReportHtml, MendsInvalidUtf8) {
  std::string text = sample().dump();
  const std::size_t at = text.find("Riverside");
  text.replace(at, 3, "\xFF\xC3(");
  const std::string page = report_html(text);
  expect_sound(page, "invalid UTF-8");
  EXPECT_TRUE(holds(page, "\xEF\xBF\xBD\xEF\xBF\xBD(erside"));
}

TEST(ReportHtml, NamesMetersWithoutAName) {
  json report = sample();
  report["sections"]["load"]["meters"][1]["meterName"] = "  ";
  EXPECT_TRUE(holds(render(report), "<bdi>meter 59178</bdi>"));
}

// Cuts lists to their first items, so that every place of a report is there once.
void trim(json& value) {
  if (value.is_array() && value.size() > 2)
    value.erase(value.begin() + 2, value.end());
  if (value.is_structured()) {
    for (json& part : value)
      trim(part);
  }
}

TEST(ReportHtml, BearsAnythingInAnyPlace) {
  json report = sample();
  trim(report);
  int places = 0;
  const json flat = report.flatten();
  for (const auto& [path, value] : flat.items()) {
    if (path == "/version")
      continue;
    for (const json& other :
         {json(nullptr), json("NaN"), json(-1e308), json(json::array()), json({{"a", 1}})}) {
      json changed = report;
      changed[json::json_pointer(path)] = other;
      const MarkupCheck check(render(changed));
      ASSERT_EQ(check.fault(), "") << path << " = " << other;
    }
    ++places;
  }
  EXPECT_GT(places, 200);
}

TEST(ReportHtml, BearsNothingAnywhere) {
  json report = sample();
  const json flat = report.flatten();
  for (const auto& [path, value] : flat.items()) {
    if (path != "/version")
      report[json::json_pointer(path)] = nullptr;
  }
  expect_sound(render(report), "all null");
}

TEST(ReportHtml, BearsMissingParts) {
  const json whole = sample();
  for (const char* part : {"metadata", "summary", "sections", "charts", "dataQuality"}) {
    for (const auto& [key, value] : whole[part].items()) {
      json report = whole;
      report[part].erase(key);
      expect_sound(render(report), key);
    }
  }
  for (const char* part : {"charts", "dataQuality"}) {
    json report = whole;
    report.erase(part);
    expect_sound(render(report), part);
  }
  for (const char* part : {"metadata", "summary", "sections"}) {
    json report = whole;
    report[part] = json::object();
    expect_sound(render(report), part);
  }
}

TEST(ReportHtml, SaysNothingFalseWithoutData) {
  const std::string page = render(sample("sample_empty.json"));
  EXPECT_TRUE(holds(page, "No reading arrived"));
  EXPECT_TRUE(holds(page, "No readings were expected"));
  EXPECT_FALSE(holds(page, "has all of its readings"));
  EXPECT_FALSE(holds(page, "No sensor shows"));
  EXPECT_FALSE(holds(page, "No spikes in this period"));
  EXPECT_FALSE(holds(page, "<svg"));
}

// Returns as many items as wanted, made from those of a list, each of another meter.
json multiplied(const json& list, std::size_t wanted, const std::string& name) {
  json out = json::array();
  for (std::size_t i = 0; i < wanted; ++i) {
    out.push_back(list[i % list.size()]);
    out.back()["meterId"] = 100000 + i;
    out.back()["meterName"] = name + " " + std::to_string(i);
  }
  return out;
}

json large(std::size_t meters, const std::string& name) {
  json report = sample();
  const auto grow = [&](const char* pointer, std::size_t wanted) {
    json& list = report[json::json_pointer(pointer)];
    list = multiplied(list, wanted, name);
  };
  grow("/sections/load/meters", meters);
  grow("/sections/afterHoursWaste/topMeters", meters);
  grow("/sections/anomalies/byChannel", meters);
  grow("/sections/anomalies/timeline", 50);
  grow("/sections/spikes/byChannel", meters);
  grow("/sections/spikes/topSpikes", 50);
  grow("/sections/sensorHealth/issues", 100);
  grow("/charts/afterHoursRanking", 15);
  grow("/charts/anomalyTimeline", 100);
  grow("/dataQuality/meters", meters);
  grow("/dataQuality/metersWithoutData", meters);
  grow("/dataQuality/openFindings", 100);
  return report;
}

TEST(ReportHtml, ShowsEach250Meters) {
  json report = large(250, "A meter with a name of usual length");
  report["sections"]["load"]["omitted"] = 750;
  const std::string page = render(report);
  expect_sound(page, "250 meters");
  const std::string meters = between(page, "id=\"meters\"", "</section>");
  EXPECT_EQ(occurrences(meters, "<th scope=\"row\""), 250U);
  EXPECT_TRUE(holds(meters, "750 more are left out here."));
}

TEST(ReportHtml, SaysWhatItLeavesOut) {
  // More than the schema allows, with names that no one gives.
  for (const char* name : {"x", "\"'<>&\"'<>&\"'<>&\"'<>&\"'<>&\"'<>&\"'<>&\"'<>&\"'<>&\"'<>&"}) {
    const std::string page = render(large(1000, name));
    expect_sound(page, name);
    EXPECT_TRUE(holds(between(page, "id=\"meters\"", "</section>"), " more are left out here"));
  }
}

TEST(ReportHtml, IsBoundWhateverTheTextsAre) {
  json report = large(250, std::string(2000, '"'));
  each_text(report["sections"], [](json& value) {
    if (!value.get<std::string>().starts_with("2026"))
      value = std::string(5000, '&');
  });
  expect_sound(render(report), "long texts");
}

// Returns text with every no-break space as a space.
std::string spaced(const std::string& text) {
  return replaced(text, "\xC2\xA0", " ");
}

// Returns the banner of the sample when it is overridden for a reason.
std::string overridden(const std::string& banner, const json& reason) {
  json report = sample();
  report["metadata"]["gate"].update({{"banner", banner},
                                     {"overrideReason", reason},
                                     {"overrideUntil", "2026-03-12T08:00:00-04:00"}});
  const std::string page = render(report);
  expect_sound(page, banner);
  return spaced(between(page, "<div class=\"banner\"", "<ul>"));
}

TEST(ReportHtml, SaysTheReasonOfAnOverrideOnce) {
  const std::string reason = "meter 7 is <b>out</b>";
  for (const std::string& given : {reason, reason + "."}) {
    const std::string told =
        overridden("The breaker is open, and overridden: " + reason + ". Judge with care.", given);
    EXPECT_EQ(occurrences(told, "meter 7 is &lt;b&gt;out&lt;/b&gt;."), 1U) << told;
    EXPECT_TRUE(told.ends_with("Judge with care. Released by hand until Thu 12 Mar, 08:00."));
    const std::string untold = overridden("Validation fails: gaps.", given);
    EXPECT_TRUE(untold.ends_with("Thu 12 Mar, 08:00: meter 7 is &lt;b&gt;out&lt;/b&gt;."));
  }
  EXPECT_FALSE(holds(overridden("Validation fails: gaps.", nullptr), "Released by hand"));
}

TEST(ReportHtml, NamesTheWorstFindingOfEachRuleThatFails) {
  json report = sample();
  const std::string banner = spaced(between(render(report), "<div class=\"banner\"", "</div>"));
  EXPECT_TRUE(holds(banner, "Wed 4 Mar: 96 of 96 missing; <a href=\"#data\">and 3 more</a></li>"));
  EXPECT_TRUE(holds(banner, "Mon 2 Mar, 00:00 to Thu 5 Mar, 19:45</li>"));
  report["metadata"]["gate"]["flags"] = {"no object", 7, nullptr, json::object()};
  expect_sound(render(report), "flags that are none");
}

TEST(ReportHtml, ShowsTheLongestOfIssuesThatRepeat) {
  json report = sample();
  json& issues = report["sections"]["sensorHealth"]["issues"];
  json issue = issues[0];
  issue.update({{"issue", "flatline"}, {"severity", "medium"}, {"value", 12.5}, {"unit", "hours"}});
  issues = json::array({issue});
  const auto table = [&] {
    return spaced(between(render(report), "Sensors that need a look", "</table>"));
  };
  EXPECT_TRUE(holds(table(), ">12 h 30 min<"));
  EXPECT_FALSE(holds(table(), "the longest of"));
  for (const double hours : {16.25, 7.0}) {
    issue["value"] = hours;
    issues.push_back(issue);
  }
  issue["severity"] = "high";
  issues.push_back(issue);
  EXPECT_EQ(occurrences(table(), "<th scope=\"row\""), 2U);
  EXPECT_TRUE(holds(table(), ">16 h 15 min<"));
  EXPECT_TRUE(holds(table(), ">the longest of 3<"));
  EXPECT_FALSE(holds(table(), ">12 h 30 min<"));
}

// Collects where the lists of a report are, the lists in them as well.
void lists_of(const json& value, const json::json_pointer& at,
              std::vector<json::json_pointer>& found) {
  if (value.is_array() && !value.empty())
    found.push_back(at);
  if (value.is_object()) {
    for (const auto& [key, item] : value.items())
      lists_of(item, at / key, found);
  } else if (value.is_array() && !value.empty()) {
    lists_of(value[0], at / 0, found);
  }
}

TEST(ReportHtml, IsBoundOrRefusedHoweverLongItsListsAre) {
  json report = sample();
  std::vector<json::json_pointer> lists;
  lists_of(report, json::json_pointer(), lists);
  EXPECT_GT(lists.size(), 20U);
  int refused = 0;
  for (const json::json_pointer& at : lists) {
    json longer = report;
    json& list = longer[at];
    const json first = list[0];
    list.insert(list.end(), 2000, first);
    try {
      EXPECT_LE(render(longer).size(), kMaxReportHtmlBytes) << at;
    } catch (const Error& error) {
      EXPECT_EQ(error.detail(), "Its charts hold more than those of 31 days.");
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
  report["filling"] = std::string(17'000'000, 'x');
  EXPECT_THROW(render(report), Error);
}

TEST(ReportHtml, RefusesWhatIsNoReport) {
  json future = sample();
  future["version"] = 2;
  json odd = sample();
  odd["version"] = "1";
  json versionless = sample();
  versionless.erase("version");
  const std::string deep = "{\"version\":" + std::string(100000, '[') + std::string(100000, ']') +
                           "," + versionless.dump().substr(1);
  json bare = sample();
  bare.erase("sections");
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"), std::string("{}"),
        future.dump(), odd.dump(), deep, bare.dump(), std::string(100000, '[')}) {
    try {
      report_html(text);
      ADD_FAILURE() << text.substr(0, 40);
    } catch (const Error& error) {
      EXPECT_EQ(error.sqlstate(), "22023");
      EXPECT_EQ(error.message(), "this is no weekly report of version 1");
      EXPECT_FALSE(error.detail().empty());
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

}  // namespace
}  // namespace argo
