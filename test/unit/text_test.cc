// Tests of what makes text from outside safe to store and to show.
#include "core/text.h"

#include <gtest/gtest.h>

#include <random>

namespace argo {
namespace {

const std::string replacement = "\xEF\xBF\xBD";

TEST(Utf8SequenceLength, TellsValidSequences) {
  EXPECT_EQ(utf8_sequence_length("a", 0), 1U);
  EXPECT_EQ(utf8_sequence_length("\xC3\xA9", 0), 2U);
  EXPECT_EQ(utf8_sequence_length("\xE2\x82\xAC", 0), 3U);
  EXPECT_EQ(utf8_sequence_length("\xF0\x9F\x98\x80", 0), 4U);
  EXPECT_EQ(utf8_sequence_length("\xF4\x8F\xBF\xBF", 0), 4U);
}

TEST(Utf8SequenceLength, RefusesWhatIsNone) {
  for (const char* bad : {
           "\x80",
           "\xC0\x80",
           "\xC1\xBF",
           "\xC3",
           "\xC3(",
           "\xE0\x9F\xBF",
           "\xED\xA0\x80",
           "\xE2\x82",
           "\xF0\x8F\xBF\xBF",
           "\xF4\x90\x80\x80",
           "\xF5\x80\x80\x80",
           "\xFF",
           "\xF0\x9F\x98",
       })
    EXPECT_EQ(utf8_sequence_length(bad, 0), 0U) << ::testing::PrintToString(std::string(bad));
}

TEST(Storable, KeepsGoodTextAndMendsBad) {
  EXPECT_EQ(storable("Caf\xC3\xA9 <script>\"'"), "Caf\xC3\xA9 <script>\"'");
  EXPECT_EQ(storable(std::string("a\0b", 3)), "ab");
  EXPECT_EQ(storable("a\xFF\xED\xA0\x80z"),
            "a" + replacement + replacement + replacement + replacement + "z");
  EXPECT_EQ(storable("cut \xE2\x82"), "cut " + replacement + replacement);
  EXPECT_EQ(storable(""), "");
}

TEST(Storable, GivesValidUtf8WithoutNulForAnyBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes)
      byte = static_cast<char>(random());
    const std::string out = storable(bytes);
    EXPECT_EQ(out.find('\0'), std::string::npos);
    for (std::size_t at = 0; at < out.size();) {
      const std::size_t length = utf8_sequence_length(out, at);
      ASSERT_NE(length, 0U);
      at += length;
    }
    EXPECT_EQ(storable(out), out);
  }
}

TEST(Printable, PutsTextOnOneLine) {
  EXPECT_EQ(printable(std::string("a\r\nb\tc\0d\x7F", 9)), "a  b c d ");
  EXPECT_EQ(printable("\xFF"), replacement);
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abcdef...");
  EXPECT_EQ(printable("ab\xE2\x82\xAC", 4), "ab...");
  EXPECT_EQ(printable("x", 0), "...");
}

TEST(FormatUtc, WritesInstants) {
  EXPECT_EQ(format_utc(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_utc(1772953200), "2026-03-08T07:00:00Z");
  EXPECT_EQ(format_utc(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_utc(INT64_MAX), std::to_string(INT64_MAX));
}

}  // namespace
}  // namespace argo
