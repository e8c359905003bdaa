// SPDX-License-Identifier: Apache-2.0

// Guest operations on programs and processes.

#include "transportd/guest_operations/program_operations.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "transportd/testing/guest_operations_test.h"

namespace toolboxd {
namespace {

using toolboxd::testing::FakeGuest;

TEST_F(GuestOperationsTest, ProgramsStartWithOneLogin) {
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/date", "-u")), 0u);
  EXPECT_EQ(guest_.result(), "1001");
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("date")), 0u);
  const auto started = guest_.vixd.started();
  ASSERT_EQ(started.size(), 2u);
  EXPECT_EQ(started[0].arguments(), "-u");
  EXPECT_FALSE(started[0].with_io());
  EXPECT_TRUE(started[1].with_io());
  EXPECT_EQ(guest_.logins, 1);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/none")), 4u);
  EXPECT_EQ(guest_.result(), "-1");
}

TEST_F(GuestOperationsTest, ProcessesAreListedInPages) {
  EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(vix::ListProcessesRequest())), 0u);
  EXPECT_TRUE(absl::StartsWith(guest_.result(), "<proc><cmd>process%3C1%3E</cmd>"));
  guest_.vixd.processes = 3000;
  ASSERT_EQ(guest_.Send(vix::kListProcessesEx, Encode(vix::ListProcessesRequest())), 0u);
  unsigned key = 0, total = 0, left = 0;
  int head = 0;
  ASSERT_EQ(sscanf(guest_.result().c_str(),
                   "<key>%u</key><totalSize>%u</totalSize><leftToSend>%u</leftToSend>%n", &key,
                   &total, &left, &head),
            3);
  std::string list = guest_.result().substr(head);
  EXPECT_EQ(list.size() + left, total);
  while (left > 0) {
    vix::ListProcessesRequest next;
    next.key = key;
    next.offset = list.size();
    // Another user does not get it.
    EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(next), "bob", "b"), 3u);
    ASSERT_EQ(guest_.Send(vix::kListProcessesEx, Encode(next)), 0u);
    ASSERT_EQ(sscanf(guest_.result().c_str(), "<leftToSend>%u</leftToSend>%n", &left, &head), 1);
    list += guest_.result().substr(head);
  }
  EXPECT_EQ(list.size(), total);
  EXPECT_TRUE(absl::EndsWith(list, "</proc>"));
}

// Users choose their programs' arguments and number.
TEST_F(GuestOperationsTest, ProcessListsAreBounded) {
  GuestOperationsOptions options = FakeGuest::Options();
  options.timeout = absl::Seconds(20);
  guest_.Restart(options);
  const auto total = [this] {
    EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(vix::ListProcessesRequest())), 0u);
    unsigned key = 0, size = 0;
    EXPECT_EQ(sscanf(guest_.result().c_str(), "<key>%u</key><totalSize>%u", &key, &size), 2);
    return size;
  };
  guest_.vixd.processes = 2000;
  const unsigned names_only = total();
  guest_.vixd.command_line_size = 50000;
  EXPECT_GT(total(), names_only + (1u << 20));
  EXPECT_LE(total(), ProcessListCache::kMaxListBytes);
  guest_.vixd.processes = 200000;
  guest_.vixd.command_line_size = 0;
  EXPECT_LE(total(), ProcessListCache::kMaxListBytes);
}

TEST_F(GuestOperationsTest, CommandLineInAProcessListIsCut) {
  guest_.vixd.processes = 1;
  guest_.vixd.command_line_size = 50000;
  EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(vix::ListProcessesRequest())), 0u);
  const std::string name = absl::StrCat("<name>", std::string(8192, '<'), "</name>");
  EXPECT_TRUE(absl::StrContains(vix::Unescape(guest_.result()), name));
}

// Whoever names processes at will takes no more of the list than others.
TEST_F(GuestOperationsTest, NameInAProcessListIsCut) {
  guest_.vixd.processes = 1;
  guest_.vixd.name_size = 8192;
  EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(vix::ListProcessesRequest())), 0u);
  const std::string name = absl::StrCat("process<1>", std::string(245, 'n'));
  EXPECT_TRUE(absl::StrContains(vix::Unescape(guest_.result()), "<cmd>" + name + "</cmd>"));
}

TEST_F(GuestOperationsTest, ProcessesAreTerminatedAndEnvironmentIsRead) {
  vix::TerminateRequest request;
  for (const auto& [pid, code] :
       {std::pair(2ull, 0u), std::pair(1ull, 3015u), std::pair(0ull, 3015u),
        std::pair(99ull, 20003u), std::pair(~0ull, 20003u)}) {
    request.pid = pid;
    EXPECT_EQ(guest_.Send(vix::kTerminateProcess, Encode(request)), code) << pid;
  }
  EXPECT_EQ(guest_.Send(vix::kReadEnvironmentVariables, std::string(8, '\0')), 0u);
  EXPECT_EQ(guest_.result(), "<ev>HOME=/root</ev><ev>A=%3C1%3E</ev>");
}

TEST_F(GuestOperationsTest, FunctionsAreListedAsProcessesWithStreams) {
  CreateSession();
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("http.RoundTrip", "10.0.0.1:80")), 20005u);
  ASSERT_EQ(guest_.Send(vix::kStartProgram, StartBody("http.RoundTrip", "localhost:80")), 0u);
  const uint64_t pid = std::stoull(guest_.result());
  EXPECT_EQ(pid, static_cast<uint64_t>(FunctionTable::kFirstPid));
  const std::string folder = absl::StrCat("/proc/", pid);
  std::string output;
  EXPECT_EQ(hgfs_.Download(folder + "/stdout", output), hgfs::Status::kAccessDenied);
  EXPECT_EQ(guest_.Send(vix::kInitiateFileTransferFromGuest, ListBody(folder + "/stdout", 0)), 13u);
  EXPECT_EQ(hgfs_.Upload(folder + "/stdin", "GET /"), hgfs::Status::kSuccess);
  EXPECT_EQ(guest_.Send(vix::kInitiateFileTransferFromGuest, ListBody(folder + "/stdout", 0)), 0u);
  EXPECT_EQ(hgfs_.Download(folder + "/stdout", output), hgfs::Status::kSuccess);
  EXPECT_EQ(output, "http.RoundTrip(localhost:80) for alice: GET /");
  vix::ListProcessesRequest list;
  list.pids = {pid};
  EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(list)), 0u);
  EXPECT_TRUE(
      absl::StrContains(guest_.result(), absl::StrCat("<pid>", pid, "</pid><user>alice</user>")));
  EXPECT_TRUE(absl::StrContains(guest_.result(), "<eCode>5</eCode>")) << guest_.result();
  vix::TerminateRequest terminate;
  terminate.pid = pid;
  EXPECT_EQ(guest_.Send(vix::kTerminateProcess, Encode(terminate), "bob", "b"), 3015u);
  EXPECT_EQ(guest_.Send(vix::kTerminateProcess, Encode(terminate)), 0u);
}

}  // namespace
}  // namespace toolboxd
