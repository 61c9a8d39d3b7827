// Tests of what makes text from outside harmless in the report's markup.
#include "core/report_escape.h"

#include <gtest/gtest.h>

#include <string>

namespace argo::report {
namespace {

using namespace std::string_literals;

constexpr char kReplacement[] = "\xEF\xBF\xBD";

TEST(Escape, LeavesNoMarkupInTextAndAttributes) {
  EXPECT_EQ(escape("<b a=\"1\" c='2'>&amp;</b>"),
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;");
  EXPECT_EQ(escape("]]>"), "]]&gt;");
  EXPECT_EQ(escape("-->"), "--&gt;");
}

TEST(Escape, KeepsOtherScriptsAndEmoji) {
  for (const char* text :
       {"Größe", "冷冻机组", "مضخة", "קירור", "👨‍👩‍👧 🔥", "e\xCC\x81"})
    EXPECT_EQ(escape(text), text);
}

TEST(Escape, ReplacesWhatIsNoCharacter) {
  EXPECT_EQ(escape("a\x01z"), "a"s + kReplacement + "z");
  EXPECT_EQ(escape("a\0z"s), "a"s + kReplacement + "z");
  EXPECT_EQ(escape("a\x7Fz"), "a"s + kReplacement + "z");
  EXPECT_EQ(escape("a\xC2\x85z"), "a"s + kReplacement + "z");
  EXPECT_EQ(escape("a\xEF\xBF\xBFz"), "a"s + kReplacement + "z");
  EXPECT_EQ(escape("a\xEF\xB7\x90z"), "a"s + kReplacement + "z");
  EXPECT_EQ(escape("a\xF0\x9F\xBF\xBFz"), "a"s + kReplacement + "z");
  EXPECT_EQ(escape("a\xFFz"), "a"s + kReplacement + "z");
  EXPECT_EQ(escape("a\xED\xA0\x80z"), "a"s + kReplacement + kReplacement + kReplacement + "z");
  EXPECT_EQ(escape("\xE2\x82"), std::string(kReplacement) + kReplacement);
}

TEST(Escape, KeepsALineTogether) {
  EXPECT_EQ(escape("a\tb\r\nc\xE2\x80\xA8"
                   "d"),
            "a b  c d");
}

TEST(Escape, TakesAwayWhatTurnsTheDirection) {
  for (const char* turn :
       {"\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD", "\xE2\x80\xAE",
        "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9"})
    EXPECT_EQ(escape("a"s + turn + "b"), "ab");
}

TEST(Names, HaveADirectionOfTheirOwn) {
  EXPECT_EQ(html_name("<קירור>"), "<bdi>&lt;קירור&gt;</bdi>");
  EXPECT_EQ(isolated_name("\"קירור\xE2\x81\xA9"), "\xE2\x81\xA8&quot;קירור\xE2\x81\xA9");
}

TEST(Shortened, CutsBetweenCharacters) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "ab\xE2\x80\xA6");
  EXPECT_EQ(shortened("äöüß", 4), "äöüß");
  EXPECT_EQ(shortened("äöüßé", 4), "äöü\xE2\x80\xA6");
  EXPECT_EQ(shortened("冷冻机组", 2), "冷\xE2\x80\xA6");
  EXPECT_EQ(shortened("", 2), "");
  EXPECT_EQ(shortened("\xFF\xFF\xFF", 2), "\xFF\xE2\x80\xA6");
}

}  // namespace
}  // namespace argo::report
