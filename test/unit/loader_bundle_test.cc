// The SQL that is part of the loader.
#include "loader/bundle.h"

#include "loader/exit_code.h"

#include <gtest/gtest.h>

#include <string>

namespace argo::loader {
namespace {

TEST(Bundle, IsForTheSchemaAsItIsSpelled) {
  for (const std::string schema : {"public", "\"My meters\""}) {
    const std::string text = bundle(schema);
    EXPECT_NE(text.find("CREATE OR REPLACE FUNCTION " + schema + ".argo_setup("),
              std::string::npos);
    EXPECT_EQ(text.find("@extschema@"), std::string::npos);
    EXPECT_NE(text.find("extension \"argo\" is installed"), std::string::npos);
    EXPECT_EQ(text.find("LANGUAGE C"), std::string::npos);
    EXPECT_EQ(removal(schema).find("@extschema@"), std::string::npos);
    EXPECT_NE(removal(schema).find("DROP ROUTINE"), std::string::npos);
  }
}

TEST(Bundle, RefusesNamesThatWouldEndWhatTheyStandIn) {
  for (const std::string schema : {"", "a'b", "\"a\"b\"", "a$b", "a\\b", "\""}) {
    EXPECT_THROW((void)bundle(schema), Failure) << schema;
    EXPECT_THROW((void)removal(schema), Failure) << schema;
  }
}

}  // namespace
}  // namespace argo::loader
