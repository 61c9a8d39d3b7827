// Writes numbers as people do: thousands separators, a true minus, units, and no false precision.
#ifndef ARGO_CORE_REPORT_NUMBER_H_
#define ARGO_CORE_REPORT_NUMBER_H_

#include "host_free.h"

#include <cstdint>
#include <optional>
#include <string>

namespace argo::report {

inline constexpr char kNoBreakSpace[] = "\xC2\xA0";

// What stands where there is no figure.
inline constexpr char kNoFigure[] = "\xE2\x80\x93";

// Returns a number with that many decimals, such as 1,234.5.
std::string grouped(double value, int decimals);

// Returns a number with as many decimals as its size deserves: 1,234 or 12.3 or 0.12.
std::string rounded(double value);
std::string rounded(std::optional<double> value);

// Returns a number and its unit, kept on one line; kNoFigure where there is no number.
std::string quantity(std::optional<double> value, const std::string& unit);

// Returns a whole number with its noun, such as "1 meter" or "1,200 meters".
std::string counted(std::int64_t value, const std::string& singular,
                    const std::string& plural = {});

// Returns a share in percent, to a tenth. Never 100% or 0% unless it is exactly that.
std::string percent(std::optional<double> value);

// Returns a change in percent with its sign.
std::string signed_percent(std::optional<double> value);

// Returns an amount of money: $1,234 or $12.34, or CHF 1,234 for what has no symbol of its own.
std::string money(std::optional<double> value, const std::string& currency);
std::string money(double value, const std::string& currency, int decimals);

// Returns a rate, such as $0.1234, with the decimals that it needs.
std::string rate(std::optional<double> value, const std::string& currency);

// Returns a number for an SVG attribute, with one decimal at most.
std::string coordinate(double value);

}  // namespace argo::report

#endif  // ARGO_CORE_REPORT_NUMBER_H_
