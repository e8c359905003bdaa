// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/results.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace toolboxd::vix {
namespace {

v1::FileInfo File(const std::string& name) {
  v1::FileInfo file;
  file.set_name(name);
  file.set_type(v1::REGULAR);
  file.set_size(5);
  file.set_modification_time(1795408876500000000);
  file.set_access_time(1795408858000000000);
  file.set_mode(0100640);
  return file;
}

TEST(FormatFile, RecordIsAsHostsParseIt) {
  EXPECT_EQ(FormatFile(File("vec.txt")),
            "<fxi><Name>vec.txt</Name><ft>0</ft><fs>5</fs><mt>1795408876</mt><at>1795408858</at>"
            "<uid>0</uid><gid>0</gid><perm>33184</perm><slt></slt></fxi>");
}

TEST(FormatFile, SymlinkNamesAreEscaped) {
  v1::FileInfo link = File("a<b");
  link.set_type(v1::SYMLINK);
  link.set_symlink_target("x&\xFF");
  const std::string text = FormatFile(link);
  EXPECT_TRUE(absl::StrContains(text, "<Name>a%3Cb</Name><ft>2</ft>")) << text;
  EXPECT_TRUE(absl::StrContains(text, "<slt>x%26%25FF</slt>")) << text;
}

// A reader that undoes every %XX has text, and can send it back as a path.
TEST(FormatFile, NameThatIsNotUtf8IsTextForAReaderThatUndoesEscapes) {
  EXPECT_TRUE(absl::StrContains(FormatFile(File("caf\xE9")), "<Name>caf%25E9</Name>"));
  EXPECT_TRUE(absl::StrContains(FormatFile(File("5%\xE9")), "<Name>5%2525%25E9</Name>"));
  EXPECT_TRUE(absl::StrContains(FormatFile(File("a%FF")), "<Name>a%25FF</Name>"));
  EXPECT_TRUE(absl::StrContains(FormatLegacyFile(File("\xFF")), "<Name>%25FF</Name>"));
}

TEST(FormatFile, TimesBefore1970AreRoundedDown) {
  v1::FileInfo file = File("old");
  file.set_modification_time(-1);
  EXPECT_TRUE(absl::StrContains(FormatFile(file), "<mt>-1</mt>"));
}

TEST(FormatFileList, BeginsWithFlagAndCount) {
  FileList list;
  list.entries = {File("a"), File("b")};
  EXPECT_TRUE(absl::StartsWith(FormatFileList(list), "0 <rem>0</rem><fxi><Name>a"));
  // More entries exist, but the host did not ask for them here.
  list.remaining = 7;
  EXPECT_TRUE(absl::StartsWith(FormatFileList(list), "0 <rem>7</rem><fxi>"));
  list.wanted = 3;
  EXPECT_TRUE(absl::StartsWith(FormatFileList(list), "1 <rem>7</rem><fxi>"));
}

TEST(FormatFileList, LeavesOutWhatDoesNotFit) {
  FileList list;
  for (int i = 0; i < 1000; ++i) list.entries.push_back(File(std::string(200, 'n')));
  const std::string text = FormatFileList(list);
  EXPECT_LE(text.size(), kMaxResult);
  size_t records = 0;
  for (size_t at = text.find("<fxi>"); at != std::string::npos; at = text.find("<fxi>", at + 1)) {
    ++records;
  }
  EXPECT_GT(records, 150u);
  EXPECT_TRUE(absl::StartsWith(text, "1 <rem>" + std::to_string(1000 - records) + "</rem>"));
}

TEST(FormatProcess, RunningProcessHasNoEnd) {
  v1::Process process;
  process.set_pid(42);
  process.set_name("sh");
  process.set_command_line("\"sh\" -c 'a>b'");
  process.set_owner("alice");
  process.set_start_time(100);
  EXPECT_EQ(FormatProcess(process),
            "<proc><cmd>sh</cmd><name>%22sh%22 -c %27a%3Eb%27</name><pid>42</pid>"
            "<user>alice</user><start>100</start><eCode>0</eCode><eTime>0</eTime></proc>");
  process.set_exit_code(-1);
  process.set_end_time(200);
  EXPECT_TRUE(absl::EndsWith(FormatProcess(process), "<eCode>-1</eCode><eTime>200</eTime></proc>"));
}

TEST(FormatVariable, NameAndValueAreEscaped) {
  EXPECT_EQ(FormatVariable("A=<1%>"), "<ev>A=%3C1%25%3E</ev>");
}

}  // namespace
}  // namespace toolboxd::vix
