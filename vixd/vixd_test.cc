// SPDX-License-Identifier: Apache-2.0

// vixd as a program, over gRPC on the connection that it is started with.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/testing/small_file_system.h"
#include "base/testing/whole_file.h"
#include "vixd/shim/signals.h"
#include "vixd/testing/vixd_client.h"

namespace toolboxd::vixd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string g_vixd;

v1::Reason Reason(const absl::Status& status) { return ReasonOf(status); }

class VixdTest : public testing::Test {
 protected:
  VixdTest() {
    char path[] = "/tmp/vixd-test-XXXXXX";
    dir_ = mkdtemp(path);
    Connect();
  }
  // Continues with another runtime directory.
  void MoveTo(const std::string& dir) {
    Disconnect();
    EXPECT_EQ(system(("rm -rf " + dir_).c_str()), 0);
    dir_ = dir;
    Connect();
  }
  ~VixdTest() override {
    for (const pid_t pid : started_) SignalGroup(pid, SIGKILL);
    Disconnect();
    EXPECT_EQ(system(("rm -rf " + dir_).c_str()), 0);
  }

  // Starts a vixd of the same user as the last one.
  void Connect() {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    vixd_ = fork();
    if (vixd_ == 0) {
      const std::string home = "HOME=" + dir_;
      const std::string runtime = "TOOLBOXD_RUNTIME_DIR=" + dir_;
      // More than a reply of ReadEnvironment has.
      const std::string big = "BIG=" + std::string(70000, 'x');
      const char* environment[] = {home.c_str(), runtime.c_str(),      "USER=tester",
                                   big.c_str(),  "PATH=/usr/bin:/bin", memory_.c_str(),
                                   nullptr};
      if (dup2(ends[1], 3) < 0) _exit(99);
      fcntl(3, F_SETFD, 0);
      execle(g_vixd.c_str(), "vixd", "--output_limit=1000000", "--input_limit=6000000",
             static_cast<char*>(nullptr), environment);
      _exit(99);
    }
    close(ends[1]);
    client_ = std::make_unique<VixdClient>(ends[0]);
  }
  void Disconnect() {
    client_.reset();
    if (vixd_ > 0) waitpid(vixd_, nullptr, 0);
    vixd_ = -1;
  }
  void CrashVixd() {
    SignalProcess(vixd_, SIGKILL);
    Disconnect();
  }

  pid_t Start(const std::string& program, const std::string& arguments = "") {
    v1::StartProgramRequest request;
    request.set_program(program);
    request.set_arguments(arguments);
    const absl::StatusOr<pid_t> pid = client_->Start(request);
    EXPECT_TRUE(pid.ok()) << pid.status();
    if (pid.ok()) started_.push_back(*pid);
    return pid.value_or(-1);
  }
  pid_t StartWithIo(const std::string& program, const std::string& arguments = "") {
    const absl::StatusOr<pid_t> pid = client_->StartWithIo(program, arguments);
    EXPECT_TRUE(pid.ok()) << pid.status();
    if (pid.ok()) started_.push_back(*pid);
    return pid.value_or(-1);
  }
  std::string Stream(pid_t pid, const char* name) { return absl::StrCat("/proc/", pid, "/", name); }

  std::string dir_;
  std::string memory_ = kMemoryVariable;
  pid_t vixd_ = -1;
  std::unique_ptr<VixdClient> client_;
  std::vector<pid_t> started_;
};

TEST_F(VixdTest, ProgramRunsAndItsExitCodeIsListed) {
  const pid_t pid = Start("/bin/sh", "-c 'exit 7'");
  const std::optional<v1::Process> process = client_->WaitForEnd(pid);
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->exit_code(), 7);
  EXPECT_EQ(process->name(), "sh");
  EXPECT_EQ(process->command_line(), "\"/bin/sh\" -c 'exit 7'");
  EXPECT_NEAR(process->start_time(), time(nullptr), 5);
  EXPECT_GE(process->end_time(), process->start_time());
}

TEST_F(VixdTest, ReportedProcessIdIsTheProgramItself) {
  const pid_t pid = Start("/bin/sleep", "60");
  for (int i = 0; i < 100 && ReadWholeFile(absl::StrCat("/proc/", pid, "/comm")) != "sleep\n";
       ++i) {
    usleep(10'000);
  }
  EXPECT_EQ(ReadWholeFile(absl::StrCat("/proc/", pid, "/comm")), "sleep\n");
  const std::vector<v1::Process> found = client_->List({pid});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(found[0].has_end_time());
  EXPECT_FALSE(found[0].has_exit_code());
}

TEST_F(VixdTest, ArgumentsAreShellSyntax) {
  const pid_t pid = Start("/bin/echo", "a $HOME 'b  c' > out; echo more >> out");
  ASSERT_TRUE(client_->WaitForEnd(pid).has_value());
  EXPECT_EQ(ReadWholeFile(dir_ + "/out"), "a " + dir_ + " b  c\nmore\n");
}

TEST_F(VixdTest, ProgramPathIsNotShellSyntax) {
  const std::string odd = dir_ + "/a $(touch x) `touch y` \"b\\c";
  ASSERT_EQ(system(("cp /bin/true '" + odd + "'").c_str()), 0);
  EXPECT_EQ(client_->WaitForEnd(Start(odd))->exit_code(), 0);
  EXPECT_NE(access((dir_ + "/x").c_str(), F_OK), 0);
}

TEST_F(VixdTest, StartRefusesWhatVmtoolsdRefuses) {
  std::ofstream(dir_ + "/plain") << "text";
  v1::StartProgramRequest request;
  EXPECT_EQ(Reason(client_->Start(request).status()), v1::INVALID_ARGUMENT);
  request.set_program("/nonexistent");
  EXPECT_EQ(Reason(client_->Start(request).status()), v1::NOT_FOUND);
  request.set_program(dir_ + "/plain");
  EXPECT_EQ(Reason(client_->Start(request).status()), v1::PERMISSION_DENIED);
  request.set_program("/bin/true");
  request.set_working_directory(dir_ + "/plain");
  EXPECT_EQ(Reason(client_->Start(request).status()), v1::NOT_A_DIRECTORY);
  request.set_working_directory("/nonexistent");
  EXPECT_EQ(Reason(client_->Start(request).status()), v1::NOT_A_DIRECTORY);
  request.set_working_directory("/");
  request.add_environment("NO_VALUE");
  EXPECT_EQ(Reason(client_->Start(request).status()), v1::INVALID_ARGUMENT);
  request.clear_environment();
  request.set_arguments(std::string("a\0b", 3));
  EXPECT_EQ(Reason(client_->Start(request).status()), v1::INVALID_ARGUMENT);
  EXPECT_EQ(Reason(client_->StartWithIo("no-such-program", "").status()), v1::NOT_FOUND);
}

TEST_F(VixdTest, EnvironmentIsInheritedOrReplaced) {
  v1::StartProgramRequest request;
  request.set_program("/usr/bin/env");
  request.set_arguments("> env");
  request.set_working_directory(dir_);
  ASSERT_TRUE(client_->WaitForEnd(*client_->Start(request)).has_value());
  const std::string inherited = ReadWholeFile(dir_ + "/env");
  EXPECT_THAT(inherited, HasSubstr("USER=tester\n"));
  EXPECT_THAT(inherited, HasSubstr("HOME=" + dir_ + "\n"));
  EXPECT_THAT(inherited, testing::Not(HasSubstr("TOOLBOXD")));
  EXPECT_THAT(inherited, testing::Not(HasSubstr("GLIBC_TUNABLES")));

  request.add_environment("ONLY=this one");
  request.add_environment("EMPTY=");
  ASSERT_TRUE(client_->WaitForEnd(*client_->Start(request)).has_value());
  const std::string replaced = ReadWholeFile(dir_ + "/env");
  EXPECT_THAT(replaced, HasSubstr("ONLY=this one\n"));
  EXPECT_THAT(replaced, HasSubstr("EMPTY=\n"));
  EXPECT_THAT(replaced, testing::Not(HasSubstr("USER=")));
}

// Y6 of tests/attacks/README.md.
TEST_F(VixdTest, AdministratorsWordAboutMemoryIsInherited) {
  Disconnect();
  memory_ += ":glibc.malloc.mxfast=0";
  Connect();
  EXPECT_THAT(client_->ReadEnvironment({"GLIBC_TUNABLES"}), ElementsAre(memory_));
}

TEST_F(VixdTest, ReadEnvironmentReturnsWhatAProgramWouldInherit) {
  EXPECT_THAT(client_->ReadEnvironment({}),
              ElementsAre("HOME=" + dir_, "USER=tester", "PATH=/usr/bin:/bin"));
  EXPECT_THAT(client_->ReadEnvironment({"USER", "NONE", "US"}), ElementsAre("USER=tester"));
}

TEST_F(VixdTest, ProgramInheritsNoDescriptorAndNoSignalSetting) {
  const pid_t pid = Start("/bin/sh",
                          "-c 'ls /proc/self/fd; grep -E \"Sig(Blk|Ign)\" "
                          "/proc/self/status; umask' > " +
                              dir_ + "/out");
  ASSERT_TRUE(client_->WaitForEnd(pid).has_value());
  // Bazel starts tests with glibc's two internal signals, 32 and 33, ignored.
  EXPECT_THAT(ReadWholeFile(dir_ + "/out"),
              testing::MatchesRegex("0\n1\n2\n3\nSigBlk:\t0000000000000000\n"
                                    "SigIgn:\t0000000[01][08]0000000\n0022\n"));
}

TEST_F(VixdTest, ListContainsAllProcessesOfTheMachine) {
  const pid_t pid = Start("/bin/sleep", "61");
  bool init = false, program = false;
  for (const v1::Process& process : client_->List()) {
    if (process.pid() == 1) init = process.start_time() > 0 && !process.owner().empty();
    if (process.pid() == pid) program = process.command_line() == "\"/bin/sleep\" 61";
  }
  EXPECT_TRUE(init);
  EXPECT_TRUE(program);
  EXPECT_THAT(client_->List({2147483647, -5, int64_t{1} << 40}), IsEmpty());
}

TEST_F(VixdTest, HundredProgramsRunAtOnce) {
  std::vector<int64_t> pids;
  for (int i = 0; i < 100; ++i) pids.push_back(Start("/bin/sh", absl::StrCat("-c 'exit ", i, "'")));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(client_->WaitForEnd(static_cast<pid_t>(pids[i]))->exit_code(), i);
  }
  EXPECT_EQ(client_->List(pids).size(), 100u);
}

TEST_F(VixdTest, ProgramsSurviveACrashOfVixdAndKeepTheirExitCode) {
  const pid_t ended = Start("/bin/sh", "-c 'exit 3'");
  const pid_t running = Start("/bin/sh", "-c 'sleep 1; exit 4'");
  ASSERT_TRUE(client_->WaitForEnd(ended).has_value());
  CrashVixd();
  Connect();
  EXPECT_EQ(client_->WaitForEnd(ended)->exit_code(), 3);
  EXPECT_FALSE(client_->List({running})[0].has_end_time());
  EXPECT_EQ(client_->WaitForEnd(running)->exit_code(), 4);
}

TEST_F(VixdTest, TerminateReachesTheWholeGroup) {
  const pid_t pid = Start("/bin/sh", "-c 'sleep 1001 & echo $! > " + dir_ + "/child; wait'");
  std::string child;
  for (int i = 0; i < 200 && child.empty(); ++i) {
    usleep(10'000);
    child = ReadWholeFile(dir_ + "/child");
  }
  ASSERT_FALSE(child.empty());
  EXPECT_TRUE(client_->Terminate(pid).ok());
  EXPECT_EQ(client_->WaitForEnd(pid)->exit_code(), -1);
  const std::string stat = absl::StrCat("/proc/", std::stoi(child), "/stat");
  for (int i = 0;
       i < 200 && !ReadWholeFile(stat).empty() && !absl::StrContains(ReadWholeFile(stat), ") Z ");
       ++i) {
    usleep(10'000);
  }
  EXPECT_TRUE(ReadWholeFile(stat).empty() || absl::StrContains(ReadWholeFile(stat), ") Z "));
  EXPECT_EQ(Reason(client_->Terminate(pid)), v1::NO_SUCH_PROCESS);
}

TEST_F(VixdTest, OtherProcessesAreTerminatedThenKilledWithoutBlocking) {
  const pid_t victim = fork();
  if (victim == 0) {
    signal(SIGTERM, SIG_IGN);
    for (;;) pause();
  }
  usleep(100'000);
  const absl::Time start = absl::Now();
  EXPECT_TRUE(client_->Terminate(victim).ok());
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  int status;
  ASSERT_EQ(waitpid(victim, &status, 0), victim);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_GT(absl::Now() - start, absl::Seconds(4));
}

TEST_F(VixdTest, TerminateRefusesItsOwnAndUnknownProcesses) {
  EXPECT_EQ(Reason(client_->Terminate(vixd_)), v1::PERMISSION_DENIED);
  EXPECT_EQ(Reason(client_->Terminate(getpid())), v1::PERMISSION_DENIED);
  for (const int64_t pid : {int64_t{0}, int64_t{-1}, int64_t{1} << 33, int64_t{2147483647}}) {
    EXPECT_EQ(Reason(client_->Terminate(pid)), v1::NO_SUCH_PROCESS) << pid;
  }
}

TEST_F(VixdTest, InputAndOutputPassUnchanged) {
  const pid_t pid = StartWithIo("cat");
  std::string content(900'000, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 + i / 256);
  EXPECT_TRUE(client_->Write(Stream(pid, "stdin"), content).ok());
  ASSERT_TRUE(client_->WaitForEnd(pid).has_value());
  EXPECT_EQ(client_->Stat(Stream(pid, "stdout"))->size(), content.size());
  EXPECT_EQ(*client_->Read(Stream(pid, "stdout")), content);
  EXPECT_EQ(*client_->Read(Stream(pid, "stdout"), 899'990, 3), content.substr(899'990));
  EXPECT_EQ(*client_->Read(Stream(pid, "stderr")), "");
}

TEST_F(VixdTest, InputMayBeManyMegabytes) {
  const pid_t pid = StartWithIo("wc", "-c");
  EXPECT_TRUE(client_->Write(Stream(pid, "stdin"), std::string(16 << 20, 'x')).ok());
  ASSERT_TRUE(client_->WaitForEnd(pid).has_value());
  EXPECT_EQ(*client_->Read(Stream(pid, "stdout")), "16777216\n");
}

TEST_F(VixdTest, OutputBeyondTheLimitIsAnErrorAtItsEnd) {
  const pid_t pid = StartWithIo("head", "-c 2000000 /dev/zero");
  ASSERT_TRUE(client_->WaitForEnd(pid).has_value());
  EXPECT_EQ(client_->Stat(Stream(pid, "stdout"))->size(), 1'000'000u);
  EXPECT_EQ(Reason(client_->Read(Stream(pid, "stdout")).status()), v1::NO_SPACE);
}

TEST_F(VixdTest, OutputOfARunningProgramIsDeniedAfterAMoment) {
  const pid_t pid = StartWithIo("sleep", "60");
  const absl::Time start = absl::Now();
  EXPECT_EQ(Reason(client_->Stat(Stream(pid, "stdout")).status()), v1::ACCESS_DENIED);
  const absl::Duration passed = absl::Now() - start;
  EXPECT_GE(passed, absl::Milliseconds(390));
  EXPECT_LT(passed, absl::Milliseconds(1000));
}

TEST_F(VixdTest, OutputIsAvailableAsSoonAsTheProgramEnds) {
  const pid_t pid = StartWithIo("sleep", "0.1; echo done");
  const absl::Time start = absl::Now();
  EXPECT_EQ(client_->Stat(Stream(pid, "stdout"))->size(), 5u);
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(900));
}

TEST_F(VixdTest, InputStaysOpenUntilItIsCommitted) {
  const pid_t pid = StartWithIo("cat");
  EXPECT_EQ(client_->Stat(Stream(pid, "stdin"))->mode() & 0777, 0200u);
  EXPECT_FALSE(client_->WriteWithoutCommit(Stream(pid, "stdin"), "one ").ok());
  EXPECT_TRUE(client_->Write(Stream(pid, "stdin"), "two").ok());
  ASSERT_TRUE(client_->WaitForEnd(pid).has_value());
  EXPECT_EQ(*client_->Read(Stream(pid, "stdout")), "one two");
}

TEST_F(VixdTest, WriterDoesNotWaitForAProgramThatReadsLate) {
  const pid_t pid = StartWithIo("sh", "-c 'sleep 2; wc -c'");
  const absl::Time start = absl::Now();
  EXPECT_TRUE(client_->Write(Stream(pid, "stdin"), std::string(5'000'000, 'x')).ok());
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  // The program does not need this vixd either.
  CrashVixd();
  Connect();
  ASSERT_TRUE(client_->WaitForEnd(pid).has_value());
  EXPECT_EQ(*client_->Read(Stream(pid, "stdout")), "5000000\n");
}

TEST_F(VixdTest, InputBeyondTheLimitIsBusySoonerThanTransportdGivesUp) {
  const pid_t pid = StartWithIo("sleep", "60");
  const absl::Time start = absl::Now();
  EXPECT_EQ(Reason(client_->Write(Stream(pid, "stdin"), std::string(8 << 20, 'x'))), v1::BUSY);
  EXPECT_GT(absl::Now() - start, absl::Seconds(2));
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(4500));
}

TEST_F(VixdTest, WriterContinuesAsAProgramReadsSlowly) {
  const pid_t pid = StartWithIo("sh", "-c 'sleep 1; head -c 4000000; sleep 1; wc -c' | wc -c");
  EXPECT_TRUE(client_->Write(Stream(pid, "stdin"), std::string(9'000'000, 'x')).ok());
  ASSERT_TRUE(client_->WaitForEnd(pid).has_value());
  EXPECT_EQ(*client_->Read(Stream(pid, "stdout")), "4000008\n");
}

TEST_F(VixdTest, FullRuntimeDirectoryIsReportedAndStartsNothing) {
  const SmallFileSystem small(96);
  MoveTo(small.path());
  const pid_t pid = StartWithIo("sleep", "60");
  small.FillUpTo(20 << 20);
  absl::Status status = client_->Write(Stream(pid, "stdin"), "text");
  EXPECT_EQ(Reason(status), v1::NO_SPACE) << status;
  small.FillUpTo(0);
  v1::StartProgramRequest request;
  request.set_program("/bin/touch");
  request.set_arguments("/tmp/vixd-test-started");
  status = client_->Start(request).status();
  EXPECT_EQ(Reason(status), v1::NO_SPACE);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("not enough space for its record in " + small.path()));
  EXPECT_NE(access("/tmp/vixd-test-started", F_OK), 0);
  SignalGroup(pid, SIGKILL);
  Disconnect();
  dir_ = "/nonexistent";
}

TEST_F(VixdTest, CommittedInputRefusesMore) {
  const pid_t pid = StartWithIo("sh", "-c 'cat; sleep 60'");
  EXPECT_TRUE(client_->Write(Stream(pid, "stdin"), "all").ok());
  absl::Status second;
  for (int tries = 0; tries < 100 && second.ok(); ++tries) {
    absl::SleepFor(absl::Milliseconds(20));
    second = client_->Write(Stream(pid, "stdin"), "more");
  }
  EXPECT_EQ(Reason(second), v1::IO_ERROR);
}

TEST_F(VixdTest, InputOfAProgramThatDoesNotReadItIsDiscarded) {
  const pid_t pid = StartWithIo("true");
  ASSERT_TRUE(client_->WaitForEnd(pid).has_value());
  EXPECT_TRUE(client_->Write(Stream(pid, "stdin"), "not read").ok());
  const pid_t closed = StartWithIo("sh", "-c 'exec <&-; sleep 1'");
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_TRUE(client_->Write(Stream(closed, "stdin"), std::string(1 << 20, 'x')).ok());
}

TEST_F(VixdTest, StreamsOfAnEarlierVixdAreServed) {
  const pid_t pid = StartWithIo("cat");
  CrashVixd();
  Connect();
  EXPECT_TRUE(client_->Write(Stream(pid, "stdin"), "still here").ok());
  ASSERT_TRUE(client_->WaitForEnd(pid).has_value());
  EXPECT_EQ(*client_->Read(Stream(pid, "stdout")), "still here");
}

TEST_F(VixdTest, StreamsRefuseTheWrongDirectionAndOtherPaths) {
  const pid_t pid = StartWithIo("cat");
  const pid_t plain = Start("/bin/sleep", "60");
  EXPECT_EQ(Reason(client_->Read(Stream(pid, "stdin")).status()), v1::INVALID_ARGUMENT);
  EXPECT_EQ(Reason(client_->Write(Stream(pid, "stdout"), "x")), v1::INVALID_ARGUMENT);
  for (const std::string& path :
       {Stream(plain, "stdin"), Stream(1, "stdout"), std::string("/proc/self/stdin"),
        std::string("/etc/passwd"), std::string(), absl::StrCat("/proc/0", pid, "/stdin"),
        absl::StrCat("/proc/", pid, "/stdin/"), std::string("/proc/99999999999/stdin")}) {
    EXPECT_EQ(Reason(client_->Stat(path).status()), v1::NOT_FOUND) << path;
    EXPECT_EQ(Reason(client_->Write(path, "x")), v1::NOT_FOUND) << path;
  }
}

TEST_F(VixdTest, FunctionsCheckTheirNameAndDestination) {
  v1::StartFunction start;
  start.set_name("other");
  EXPECT_EQ(Reason(client_->Run(start, "").status), v1::NOT_FOUND);
  start.set_name("http.RoundTrip");
  for (const char* arguments : {"192.0.2.1:80", "nonsense", "127.0.0.1:0", "0.0.0.0:80", ""}) {
    start.set_arguments(arguments);
    const VixdClient::RunResult result = client_->Run(start, "GET");
    EXPECT_TRUE(result.status.ok()) << result.status;
    EXPECT_EQ(result.exit_code, 1) << arguments;
    EXPECT_THAT(result.errors, HasSubstr("http.RoundTrip: ")) << arguments;
  }
}

TEST_F(VixdTest, VixdRefusesToStartWithoutSession) {
  EXPECT_EQ(WEXITSTATUS(system((g_vixd + " 3< /dev/null 2> /dev/null").c_str())), 64);
  EXPECT_EQ(WEXITSTATUS(system((g_vixd + " --help > /dev/null").c_str())), 0);
  EXPECT_EQ(WEXITSTATUS(system((g_vixd + " --nonsense 2> /dev/null").c_str())), 2);
}

}  // namespace
}  // namespace toolboxd::vixd

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    fprintf(stderr, "usage: vixd_test VIXD\n");
    return 2;
  }
  toolboxd::vixd::g_vixd = argv[1];
  return RUN_ALL_TESTS();
}
