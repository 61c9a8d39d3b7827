// The loader's tables and JSON, whatever the values hold.
#include "loader/output.h"

#include "loader/terminal.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace argo::loader {
namespace {

Table meters() {
  return {{{"name"}, {"kwh", ValueKind::kNumber}, {"note"}},
          {{"Küche", "7.5", "a\nb"}, {"x", "1000", std::nullopt}}};
}

// As psql 15 writes it, without blanks at the ends of lines.
TEST(Output, AlignsAsPsqlDoes) {
  EXPECT_EQ(aligned(meters()),
            " name  | kwh  | note\n"
            "-------+------+------\n"
            " Küche |  7.5 | a   +\n"
            "       |      | b\n"
            " x     | 1000 |\n"
            "(2 rows)\n");
  EXPECT_EQ(aligned({{{"site_id"}}, {}}), " site_id\n---------\n(0 rows)\n");
  EXPECT_EQ(aligned({{{"a"}}, {{"wider"}}}), "   a\n-------\n wider\n(1 row)\n");
}

TEST(Output, ExpandsAsPsqlDoes) {
  EXPECT_EQ(expanded(meters()),
            "-[ RECORD 1 ]\n"
            "name | Küche\n"
            "kwh  | 7.5\n"
            "note | a    +\n"
            "     | b\n"
            "-[ RECORD 2 ]\n"
            "name | x\n"
            "kwh  | 1000\n"
            "note |\n");
  EXPECT_EQ(expanded({{{"a_longer_column"}}, {{"a value"}}}),
            "-[ RECORD 1 ]---+--------\n"
            "a_longer_column | a value\n");
}

TEST(Output, FitsATerminal) {
  EXPECT_EQ(fitted(meters(), 0), aligned(meters()));
  EXPECT_EQ(fitted(meters(), 21), aligned(meters()));
  EXPECT_EQ(fitted(meters(), 20), expanded(meters()));
}

TEST(Output, GivesATerminalTextOnly) {
  const Table table{{{"x"}}, {{"a\x1b[31m\tb\r\xff"}}};
  for (const std::string& text : {aligned(table), expanded(table)}) {
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\r'), std::string::npos);
    EXPECT_NE(text.find("\xEF\xBF\xBD"), std::string::npos);
  }
}

TEST(Json, HasTheTypesOfTheDatabase) {
  const Table table{
      {{"site"},
       {"n", kind_of_type(20)},
       {"f", kind_of_type(701)},
       {"big", kind_of_type(1700)},
       {"yes", kind_of_type(16)},
       {"j", kind_of_type(3802)},
       {"nothing", kind_of_type(23)},
       {"nan", kind_of_type(701)},
       {"time", kind_of_type(1184)}},
      {{"23271", "9007199254740993", "0.1", "12.50", "t", R"({"b": [1, null], "a": 2})",
        std::nullopt, "NaN", "2026-03-11 12:00:00+00"}}};
  EXPECT_EQ(
      json_rows(table),
      R"([{"site":"23271","n":9007199254740993,"f":0.1,"big":12.5,"yes":true,)"
      R"("j":{"b":[1,null],"a":2},"nothing":null,"nan":"NaN","time":"2026-03-11 12:00:00+00"}])"
      "\n");
  EXPECT_EQ(json_rows({{{"a"}}, {}}), "[]\n");
}

TEST(Json, IsUtf8WhateverTheDatabaseGives) {
  const Table table{{{"a\xff"}, {"j", ValueKind::kJson}}, {{"b\xC3", "\"c\xff\""}}};
  for (const std::string& text :
       {json_rows(table), json_row(table), json_error(Error("22023", "m\xff", "d\xC3", "h"))})
    EXPECT_FALSE(nlohmann::json::parse(text, nullptr, false).is_discarded()) << text;
}

TEST(Json, HoldsTheError) {
  const Error error("22023", "bad", "nothing done");
  EXPECT_EQ(json_error(error),
            R"({"error":{"sqlstate":"22023","message":"bad","detail":"nothing done","hint":null}})"
            "\n");
  EXPECT_EQ(
      json_row({{{"site"}}, {{"1"}}}, &error),
      R"({"site":"1","error":{"sqlstate":"22023","message":"bad","detail":"nothing done","hint":null}})"
      "\n");
}

TEST(ProgressLine, IsABarWithItsText) {
  Progress progress;
  progress.slots_planned = 100;
  progress.slots_done = 50;
  progress.text = "50 % of 100 slots, waiting until 12:00:00 UTC, rate limit";
  EXPECT_EQ(progress_line(progress, 200),
            "[############............] 50 % of 100 slots, waiting until 12:00:00 UTC, rate limit");
  EXPECT_EQ(progress_line(progress, 31), "[############............] 50 %");
  progress.slots_done = 200;
  EXPECT_EQ(progress_line(progress, 26), "[########################]");
  progress.slots_planned = 0;
  EXPECT_EQ(progress_line(progress, 26), "[########################]");
}

TEST(ShellWord, IsOneWord) {
  EXPECT_EQ(shell_word("/opt/argo-loader"), "/opt/argo-loader");
  EXPECT_EQ(shell_word("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace argo::loader
