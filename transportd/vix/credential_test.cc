// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/credential.h"

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "transportd/vix/testing/host_messages.h"
#include "transportd/wire/testing/test_data.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vix {
namespace {

using std::string_literals::operator""s;

std::string Region(absl::string_view decoded) {
  wire::Writer writer;
  writer.U32(0).U32(0).BytesAndNul(absl::Base64Escape(decoded));
  return writer.Take();
}

Error Parse(uint32_t type, absl::string_view region) {
  Credential credential;
  return ParseCredential(type, region, credential);
}

TEST(VixCredential, VectorDecodes) {
  const std::string region = wire::ReadTestData("transportd/vix/testdata/cred_user_pass.bin");
  for (const uint32_t type : {1, 4, 8}) {
    Credential credential;
    ASSERT_EQ(ParseCredential(type, region, credential), Error::kOk);
    EXPECT_EQ(credential.user, "user");
    EXPECT_EQ(credential.password, "pass");
  }
  EXPECT_EQ(EncodeNamePassword("user", "pass"), region);
}

TEST(VixCredential, UnusualNamesAndPasswordsAreAccepted) {
  Credential credential;
  const std::string region = EncodeNamePassword("j\xC3\xB6rg user", "p\xFF \"'\\\n");
  ASSERT_EQ(ParseCredential(1, region, credential), Error::kOk);
  EXPECT_EQ(credential.user, "j\xC3\xB6rg user");
  EXPECT_EQ(credential.password, "p\xFF \"'\\\n");
  Credential empty;
  EXPECT_EQ(ParseCredential(1, EncodeNamePassword("user", ""), empty), Error::kOk);
}

TEST(VixCredential, NamesThatCannotBeUsersAreRefused) {
  const std::string huge(1 << 20, 'u');
  for (const absl::string_view user :
       {absl::string_view(), absl::string_view(".."), absl::string_view("."),
        absl::string_view("a/b"), absl::string_view(huge)}) {
    EXPECT_EQ(Parse(1, EncodeNamePassword(user, "p")), Error::kInvalidArgument);
  }
  for (const char* user : {"a\nb", "\xFF", "\x7F"}) {
    EXPECT_EQ(Parse(1, EncodeNamePassword(user, "p")), Error::kInvalidLoginCredentials);
  }
  EXPECT_EQ(Parse(1, EncodeNamePassword("u", huge)), Error::kInvalidLoginCredentials);
}

TEST(VixCredential, CutRegionIsRefused) {
  const std::string region = EncodeNamePassword("user", "pass");
  for (size_t size = 0; size < region.size(); ++size) {
    EXPECT_EQ(Parse(1, absl::string_view(region).substr(0, size)), Error::kInvalidMessageBody);
  }
}

TEST(VixCredential, RegionThatIsNotBase64OfTwoStringsIsRefused) {
  wire::Writer writer;
  writer.U32(4).U32(4).BytesAndNul("!*&^%");
  EXPECT_EQ(Parse(1, writer.bytes()), Error::kInvalidLoginCredentials);
  EXPECT_EQ(Parse(1, Region("")), Error::kInvalidLoginCredentials);
  EXPECT_EQ(Parse(1, Region("user")), Error::kInvalidLoginCredentials);
  EXPECT_EQ(Parse(1, Region("user\0pass"s)), Error::kInvalidLoginCredentials);
  EXPECT_EQ(Parse(1, Region("user\0pass\0"s)), Error::kOk);
}

TEST(VixCredential, CharacterMapIsUndone) {
  wire::Writer writer;
  // \4 is a space, which base64 decoding passes over.
  writer.U32(4).U32(4).BytesAndNul("dXNlcgBw\\4YXNzAA==");
  EXPECT_EQ(Parse(1, writer.bytes()), Error::kOk);
  wire::Writer unknown;
  unknown.U32(4).U32(4).BytesAndNul("dXNlcgBw\\9YXNzAA==");
  EXPECT_EQ(Parse(1, unknown.bytes()), Error::kInvalidLoginCredentials);
}

TEST(VixCredential, UnknownCredentialTypesAreRefused) {
  for (const uint32_t type : {0u, 2u, 3u, 5u, 6u, 7u, 10u, 11u, 12u, 13u, 0xFFFFFFFFu}) {
    EXPECT_EQ(Parse(type, ""), Error::kNotSupported) << type;
  }
}

TEST(VixCredential, TicketOfAWrongLengthIsRefused) {
  EXPECT_EQ(Parse(9, "\3\0\0\0abc\0"s), Error::kNotSupported);
  EXPECT_EQ(Parse(9, "\4\0\0\0abc\0"s), Error::kInvalidMessageBody);
  EXPECT_EQ(Parse(9, "\3\0\0\0abc"s), Error::kInvalidMessageBody);
}

}  // namespace
}  // namespace toolboxd::vix
