// SPDX-License-Identifier: Apache-2.0

#include "base/os_release.h"

#include <filesystem>
#include <fstream>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(OsRelease, QuotesAndCommentsAreUnderstood) {
  const auto values = ParseOsRelease(
      "# comment\nNAME=\"A \\\"quoted\\\" name\"\nID=plain\n\n  VERSION_ID='12'  \nnonsense\n"
      "PRETTY_NAME=\"no end");
  EXPECT_EQ(values.at("NAME"), "A \"quoted\" name");
  EXPECT_EQ(values.at("ID"), "plain");
  EXPECT_EQ(values.at("VERSION_ID"), "12");
  EXPECT_EQ(values.at("PRETTY_NAME"), "no end");
  EXPECT_EQ(values.size(), 4u);
}

TEST(OsRelease, ValuesAreBoundedUtf8) {
  const auto values = ParseOsRelease("NAME=" + std::string(1000, 'x') + "\nID=\xff");
  EXPECT_EQ(values.at("NAME").size(), 256u);
  EXPECT_EQ(values.at("ID"), "?");
}

TEST(OsRelease, UsrLibIsReadWhereEtcHasNoFile) {
  const ShortTempDir root;
  EXPECT_EQ(ReadOsRelease(root.path()), "");
  std::filesystem::create_directories(root.File("usr/lib"));
  std::ofstream(root.File("usr/lib/os-release")) << "ID=vendor\n";
  EXPECT_EQ(ReadOsRelease(root.path()), "ID=vendor\n");
  std::filesystem::create_directories(root.File("etc"));
  std::ofstream(root.File("etc/os-release")) << "ID=local\n";
  EXPECT_EQ(ReadOsRelease(root.path()), "ID=local\n");
}

}  // namespace
}  // namespace toolboxd
