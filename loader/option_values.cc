// What options of the command line were given, and whether it can be meant.
#include "loader/option_values.h"

#include "core/error.h"
#include "core/text.h"
#include "loader/exit_code.h"
#include "loader/export.h"
#include "loader/instant.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

namespace argo::loader {

namespace {

constexpr std::size_t kMaxNameBytes = 63;

// Returns a value in quotes for a message; one that could hold a password is left out.
std::string quoted(const std::string& value) {
  for (const char* piece : {"://", "@", "="})
    if (value.find(piece) != std::string::npos)
      return {};
  return " \"" + printable(value, 40) + "\"";
}

}  // namespace

void fail_value(const std::string& name, const std::string& value, const std::string& wanted,
                const std::string& hint) {
  const std::string text = quoted(value);
  throw Failure(ExitCode::kUsage, sqlstate::kInvalidParameter,
                "invalid value for --" + name + (text.empty() ? "" : ":" + text),
                wanted + " " + kNothingDone, hint);
}

const std::string* OptionValues::find(const std::string& name) const {
  const auto found = given_.find(name);
  return found == given_.end() ? nullptr : &found->second;
}

int OptionValues::number(const std::string& name, int fallback, int min, int max) const {
  const std::string* text = find(name);
  if (text == nullptr)
    return fallback;
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < min || value > max)
    fail_value(
        name, *text,
        "It takes a whole number from " + std::to_string(min) + " to " + std::to_string(max) + ".",
        hint_);
  return value;
}

std::optional<UnixTime> OptionValues::instant(const std::string& name) const {
  const std::string* text = find(name);
  if (text == nullptr)
    return std::nullopt;
  const auto value = parse_instant(*text);
  if (!value)
    fail_value(name, *text, "It is no time that exists.",
               "give a time such as 2026-03-11T12:00Z; without a zone it is UTC");
  return value;
}

std::string OptionValues::date(const std::string& name) const {
  const std::string* text = find(name);
  if (text == nullptr)
    return {};
  if (!is_date(*text))
    fail_value(name, *text, "It is no day of the calendar.", "give a date as YYYY-MM-DD");
  return *text;
}

std::string OptionValues::site() const {
  const std::string* text = find("site");
  if (text == nullptr)
    return {};
  IngestRequest request;
  request.site = *text;
  request.plan.days = 1;
  try {
    check_ingest_request(request);
  } catch (const Error& error) {
    fail_value("site", *text, error.detail(), "argo-loader status lists the sites that are stored");
  }
  return *text;
}

OnConflict OptionValues::on_conflict() const {
  const std::string* text = find("on-conflict");
  if (text == nullptr || *text == "nothing")
    return OnConflict::kNothing;
  if (*text != "update")
    fail_value("on-conflict", *text,
               "It says what becomes of a stored reading that the API now gives another value.",
               "give nothing to leave it, or update to correct it");
  return OnConflict::kUpdate;
}

std::string OptionValues::schema() const {
  const std::string* text = find("schema");
  if (text == nullptr)
    return {};
  const bool is_plain = std::none_of(text->begin(), text->end(), [](unsigned char c) {
    return c < 0x20 || c == 0x7F || c == '"' || c == '\'' || c == '$' || c == '%' || c == '\\';
  });
  if (!is_plain || text->empty() || text->size() > kMaxNameBytes || storable(*text) != *text)
    fail_value("schema", *text, "A name has 1 to 63 bytes and none of \" ' $ % \\.", hint_);
  return *text;
}

std::string OptionValues::view() const {
  const std::string* text = find("view");
  if (text == nullptr)
    return {};
  if (find_export_view(*text) == nullptr)
    fail_value("view", *text, "It takes one of " + export_views_in_words() + ".",
               "argo-loader export --view v_readings_hourly --from 2026-03-01 --to 2026-04-01");
  return *text;
}

std::string OptionValues::report_at() const {
  const std::string* text = find("report-at");
  if (text == nullptr)
    return {};
  constexpr std::size_t kTimeAt = 4;
  std::string day = text->substr(0, kTimeAt);
  std::transform(day.begin(), day.end(), day.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool is_day = day.size() == kTimeAt && day[3] == ' ' &&
                      std::string_view("mon tue wed thu fri sat sun ").find(day) % kTimeAt == 0;
  if (!is_day || text->size() != kTimeAt + 5 ||
      !parse_instant("2026-03-11T" + text->substr(kTimeAt)))
    fail_value("report-at", *text, "It takes a weekday and a time, on the site's clock.",
               "argo-loader report --site 23271 --report-at 'Mon 06:00'");
  return *text;
}

std::string OptionValues::text(const std::string& name, const std::string& wanted) const {
  const std::string* given = find(name);
  if (given != nullptr && given->empty())
    fail_value(name, *given, wanted, hint_);
  return given == nullptr ? std::string() : *given;
}

std::vector<std::string> OptionValues::views() const {
  std::vector<std::string> names;
  const std::string* text = find("views");
  for (std::size_t from = 0; text != nullptr && from <= text->size();) {
    const std::size_t to = std::min(text->find(',', from), text->size());
    std::string name = text->substr(from, to - from);
    if (name.empty())
      fail_value("views", *text, "It takes names with commas between them.",
                 "argo-loader refresh --views mv_hourly_usage,mv_daily_usage");
    names.push_back(std::move(name));
    from = to + 1;
  }
  return names;
}

Options OptionValues::api_options(const std::vector<std::string>& names) const {
  Options options;
  for (const std::string& name : names) {
    const std::string* text = find(name);
    if (text == nullptr)
      continue;
    std::string option = name;
    std::replace(option.begin(), option.end(), '-', '_');
    const bool is_repeated = std::any_of(options.begin(), options.end(),
                                         [&](const auto& o) { return o.first == option; });
    if (is_repeated)
      continue;
    options.emplace_back(option, *text);
    try {
      check_server_options({{"url", "https://localhost"}, {option, *text}});
    } catch (const Error& error) {
      fail_value(name, *text, error.hint(), hint_);
    }
  }
  return options;
}

}  // namespace argo::loader
