// Tests of the two encodings that the API's login wants.
#include "core/digest.h"

#include <gtest/gtest.h>

namespace argo {
namespace {

using std::string_literals::operator""s;

TEST(Md5Hex, MatchesRfc1321) {
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Md5Hex, TakesBytes) {
  EXPECT_NE(md5_hex("a\0b"s), md5_hex("a"));
}

TEST(Base64, MatchesRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFF\0\xFE"s), "/wD+");
}

TEST(Base64, BreaksNoLine) {
  const std::string long_one = base64(std::string(300, 'x'));
  EXPECT_EQ(long_one.size(), 400U);
  EXPECT_EQ(long_one.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace argo
