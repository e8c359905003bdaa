// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/audit.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

std::optional<AuditEntry> Parse(absl::string_view message) {
  return ParseAuditLine(absl::StrCat("1700000000.250000 guest transportd[42]: ", message));
}

TEST(Audit, LineOfAnOperationIsRead) {
  const auto entry = Parse(
      "guest operation user=alice operation=StartProgramInGuest target=\"/usr/bin/a b\" result=0");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(absl::ToUnixMillis(entry->time), 1700000000250);
  EXPECT_EQ(entry->user, "alice");
  EXPECT_EQ(entry->operation, "StartProgramInGuest");
  EXPECT_EQ(entry->target, "/usr/bin/a b");
  EXPECT_EQ(entry->result, 0u);
  EXPECT_EQ(entry->more, 0u);
}

TEST(Audit, TargetMayLookLikeTheEndOfALine) {
  const auto entry = Parse(
      "guest operation user=bob operation=X target=\"a\\\" result=0 b\" result=3050 "
      "suppressed_before=9");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->target, "a\\\" result=0 b");
  EXPECT_EQ(entry->result, 3050u);
  EXPECT_EQ(entry->more, 9u);
}

TEST(Audit, NumberOfSuppressedLinesIsRead) {
  const auto entry = Parse(
      "guest operations refused before a login: operation=ListFilesInGuest result=3050 count=212");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->user, "");
  EXPECT_EQ(entry->more, 212u);
}

TEST(Audit, OtherLinesAreNotEntries) {
  for (const char* message :
       {"", "registered with the host", "guest operation", "guest operation user=a",
        "guest operation user=a operation=b target=\"c",
        "guest operation user=a operation=b target=\"c\" result=x",
        "guest operations refused before a login: operation=a result=1 count="}) {
    EXPECT_FALSE(Parse(message).has_value()) << message;
  }
  EXPECT_FALSE(ParseAuditLine("-- Boot 1234 --").has_value());
  EXPECT_FALSE(ParseAuditLine("").has_value());
}

TEST(Audit, KnownResultsHaveWords) {
  EXPECT_EQ(ResultText(0), "ok");
  EXPECT_EQ(ResultText(3050), "3050 wrong login");
  EXPECT_EQ(ResultText(7), "7");
}

TEST(Audit, JsonIsOneLine) {
  const auto entry =
      Parse("guest operation user=alice operation=X target=\"/a \\\"b\\\"\" result=13");
  ASSERT_TRUE(entry.has_value());
  const std::string json = AuditJson(*entry);
  EXPECT_EQ(json.find('\n'), json.size() - 1);
  EXPECT_NE(json.find("\"result\":13"), std::string::npos) << json;
  EXPECT_NE(json.find("2023-11-14T22:13:20"), std::string::npos) << json;
}

TEST(Audit, JournalIsRead) {
  ShortTempDir folder;
  const std::string program = folder.File("journalctl");
  std::ofstream(program)
      << "#!/bin/sh\n"
         "echo \"$@\" >\"$0.arguments\"\n"
         "echo '1700000000.0 g transportd[1]: registered with the host'\n"
         "echo '1700000000.0 g transportd[1]: guest operation user=alice operation=A target=\"x\" "
         "result=0'\n"
         "echo '1700000001.0 g transportd[1]: guest operation user=bob operation=B target=\"y\" "
         "result=13'\n";
  ASSERT_EQ(chmod(program.c_str(), 0755), 0);
  const std::string path = getenv("PATH");
  setenv("PATH", (folder.File("") + ":" + path).c_str(), 1);
  testing::internal::CaptureStdout();
  EXPECT_EQ(AuditMain({.since = "-1 day", .user = "bob", .json = true}), 0);
  const std::string printed = testing::internal::GetCapturedStdout();
  EXPECT_NE(printed.find("\"bob\""), std::string::npos) << printed;
  EXPECT_EQ(printed.find("alice"), std::string::npos) << printed;
  std::ifstream arguments(program + ".arguments");
  std::string line;
  std::getline(arguments, line);
  EXPECT_NE(line.find("--since=-1 day"), std::string::npos) << line;
  setenv("PATH", path.c_str(), 1);
}

}  // namespace
}  // namespace toolboxd
