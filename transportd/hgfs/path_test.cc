// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/path.h"

#include "gtest/gtest.h"

namespace toolboxd::hgfs {
namespace {

using std::string_literals::operator""s;

Status Decoded(const std::string& cp_name, std::string* path = nullptr) {
  std::string ignored;
  return DecodePath(cp_name, path != nullptr ? *path : ignored);
}

TEST(HgfsPath, EncodesAndDecodes) {
  for (const std::string path : {"/etc/hosts", "/", "/a b/\xC3\xA4\xFF", "/archive:/tmp?x=%2F"}) {
    std::string decoded;
    ASSERT_EQ(Decoded(EncodePath(path), &decoded), Status::kSuccess) << path;
    EXPECT_EQ(decoded, path);
  }
  EXPECT_EQ(EncodePath("/etc/hosts"), "root\0etc\0hosts"s);
  EXPECT_EQ(EncodePath("/etc/"), "root\0etc"s);
}

TEST(HgfsPath, OtherSharesAreInvalid) {
  EXPECT_EQ(Decoded(""), Status::kInvalidName);
  std::string path;
  EXPECT_EQ(DecodePath(absl::string_view(), path), Status::kInvalidName);
  EXPECT_EQ(Decoded("etc\0hosts"s), Status::kInvalidName);
  EXPECT_EQ(Decoded("rootx\0etc"s), Status::kInvalidName);
}

TEST(HgfsPath, ComponentsThatLeaveTheTreeAreInvalid) {
  EXPECT_EQ(Decoded("root\0etc\0..\0shadow"s), Status::kInvalidName);
  EXPECT_EQ(Decoded("root\0."s), Status::kInvalidName);
  EXPECT_EQ(Decoded("root\0a/../../b"s), Status::kInvalidName);
  std::string path;
  EXPECT_EQ(Decoded("root\0a..b"s, &path), Status::kSuccess);
  EXPECT_EQ(path, "/a..b");
}

TEST(HgfsPath, EmptyComponentsAreInvalid) {
  EXPECT_EQ(Decoded("root\0"s), Status::kInvalidName);
  EXPECT_EQ(Decoded("root\0\0etc"s), Status::kInvalidName);
  EXPECT_EQ(Decoded("\0root"s), Status::kInvalidName);
}

TEST(HgfsPath, LongNamesAndPathsAreRefused) {
  EXPECT_EQ(Decoded("root\0"s + std::string(255, 'x')), Status::kSuccess);
  EXPECT_EQ(Decoded("root\0"s + std::string(256, 'x')), Status::kNameTooLong);
  std::string deep = "root";
  for (int i = 0; i < 3000; ++i) deep += "\0x"s;
  EXPECT_EQ(Decoded(deep), Status::kNameTooLong);
}

}  // namespace
}  // namespace toolboxd::hgfs
