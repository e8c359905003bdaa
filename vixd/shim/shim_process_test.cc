// SPDX-License-Identifier: Apache-2.0

// The shim as a program, started as vixd starts it and examined through its files.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/testing/eventually.h"
#include "base/testing/small_file_system.h"
#include "base/testing/whole_file.h"
#include "vixd/shim/command.h"
#include "vixd/shim/job.h"
#include "vixd/shim/record.h"
#include "vixd/shim/signals.h"

namespace toolboxd::vixd {
namespace {

std::string g_shim;

class ShimTest : public testing::Test {
 protected:
  ShimTest() {
    path_ = testing::TempDir() + "/shimXXXXXX";
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
    dir_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    // A program's shim becomes this process's child when the serving shim has ended.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  ~ShimTest() override {
    if (shim_ > 0) SignalProcess(shim_, SIGKILL);
    if (shim_ > 0) waitpid(shim_, nullptr, 0);
    close(dir_);
  }

  // Starts a serving shim; `server_` is this process's end of the connection.
  void Serve() {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    serving_ = fork();
    if (serving_ == 0) {
      dup2(ends[1], kShimDescriptor);
      execl(g_shim.c_str(), "toolboxd-shim", kServeCommand, path_.c_str(),
            static_cast<char*>(nullptr));
      _exit(99);
    }
    close(ends[1]);
    server_ = ends[0];
  }
  void StopServing() {
    close(server_);
    EXPECT_EQ(waitpid(serving_, nullptr, 0), serving_);
  }
  // Starts a job's program. Returns its process id, or the negative errno of the report.
  int Start(const ShimJob& job) {
    const std::string text = EncodeJob(job);
    EXPECT_EQ(write(server_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    StartReport report;
    EXPECT_EQ(read(server_, &report, sizeof report), static_cast<ssize_t>(sizeof report));
    return report.pid > 0 ? report.pid : -report.error;
  }
  // Starts a shell script by a shim that serves this one job. `shim_` is the program's shim, which
  // is then this process's child.
  int Start(const std::string& script, const char* limit = "-", const char* shell = "/bin/sh") {
    Serve();
    const int pid = Start(Job(script, limit, shell));
    StopServing();
    if (pid < 0) return pid;
    std::optional<Record> record = ReadRecord(dir_, std::to_string(pid));
    if (!record.has_value()) record = ReadRecord(dir_, std::to_string(pid) + ".end");
    EXPECT_TRUE(record.has_value());
    if (record.has_value()) shim_ = record->shim;
    return pid;
  }
  ShimJob Job(const std::string& script, const char* limit = "-", const char* shell = "/bin/sh") {
    ShimJob job;
    job.with_io = strcmp(limit, "-") != 0;
    job.output_limit = atoll(limit);
    job.spool_limit = int64_t{1} << 30;
    job.name = "name";
    job.command_line = "\"/bin/name\" arguments";
    job.directory = path_;
    job.shell = shell;
    job.script = script;
    job.environment = {"PATH=/usr/bin:/bin", "MARK=shell"};
    return job;
  }

  // Uses another directory of records from now on.
  void MoveTo(const std::string& path) {
    path_ = path;
    close(dir_);
    dir_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  void AppendInput(int pid, const std::string& text) {
    const int input = open(Path(pid, ".in").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    ASSERT_GE(input, 0);
    ASSERT_EQ(write(input, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(input);
    SignalProcess(shim_, kInputSignal);
  }

  std::string Path(int pid, const char* suffix) const {
    return path_ + "/" + std::to_string(pid) + suffix;
  }
  bool Within(int seconds, const std::function<bool()>& condition) {
    return Eventually(condition, std::chrono::seconds(seconds));
  }
  std::optional<Record> WaitForEnd(int pid, int seconds = 10) {
    std::optional<Record> record;
    Within(seconds, [&] {
      record = ReadRecord(dir_, std::to_string(pid) + ".end");
      return record.has_value();
    });
    return record;
  }

  std::string path_;
  int dir_;
  int server_ = -1;
  pid_t serving_ = -1;
  pid_t shim_ = -1;
};

TEST_F(ShimTest, RecordDescribesARunningProgram) {
  const int pid = Start("exec sleep 60");
  ASSERT_GT(pid, 0);
  const std::optional<Record> record = ReadRecord(dir_, std::to_string(pid));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->pid, pid);
  EXPECT_EQ(record->shim, shim_);
  EXPECT_FALSE(record->ended());
  EXPECT_EQ(record->name, "name");
  EXPECT_EQ(record->command_line, "\"/bin/name\" arguments");
  EXPECT_NEAR(record->start_time, time(nullptr), 2);
  EXPECT_EQ(getpgid(pid), pid);
  EXPECT_EQ(getsid(pid), pid);
  SignalProcess(pid, SIGKILL);
  EXPECT_EQ(WaitForEnd(pid)->exit_code, -1);
}

TEST_F(ShimTest, RecordOfTheEndHasTheExitCodeAndReplacesTheRunningOne) {
  const int pid = Start("exit 7");
  const std::optional<Record> record = WaitForEnd(pid);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->exit_code, 7);
  EXPECT_NEAR(record->end_time, time(nullptr), 2);
  EXPECT_TRUE(Within(5, [&] { return access(Path(pid, "").c_str(), F_OK) != 0; }));
}

TEST_F(ShimTest, ReportsAShellThatCannotBeExecuted) {
  EXPECT_EQ(Start("true", "-", "/nonexistent/sh"), -ENOENT);
  EXPECT_EQ(Start("true", "-", "/etc/passwd"), -EACCES);
}

TEST_F(ShimTest, ReportsADirectoryThatCannotBeEntered) {
  Serve();
  ShimJob job = Job("true");
  job.directory = path_ + "/nonexistent";
  EXPECT_EQ(Start(job), -ENOENT);
  StopServing();
}

TEST_F(ShimTest, DirectCommandNeedsNoShell) {
  Serve();
  ShimJob job = Job("exit 1", "1000000", "/nonexistent/sh");
  job.direct = {"/usr/bin/printenv", "MARK", "OWN"};
  job.direct_environment = {"OWN=direct"};
  const int pid = Start(job);
  StopServing();
  const std::optional<Record> record = WaitForEnd(pid);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->exit_code, 0);
  EXPECT_EQ(ReadWholeFile(Path(pid, ".out")), "shell\ndirect\n");
}

TEST_F(ShimTest, ShellRunsAScriptThatCannotBeExecutedDirectly) {
  const std::string script = path_ + "/script";
  std::ofstream(script) << "exit 9\n";
  ASSERT_EQ(chmod(script.c_str(), 0755), 0);
  Serve();
  ShimJob job = Job(script);
  job.direct = {script};
  const int pid = Start(job);
  StopServing();
  EXPECT_EQ(WaitForEnd(pid)->exit_code, 9);
}

TEST_F(ShimTest, OneShimServesManyPrograms) {
  Serve();
  int pids[30];
  for (int i = 0; i < 30; ++i) pids[i] = Start(Job("exit " + std::to_string(i)));
  StopServing();
  for (int i = 0; i < 30; ++i) EXPECT_EQ(WaitForEnd(pids[i])->exit_code, i);
}

TEST_F(ShimTest, BytesThatAreNotAJobEndServing) {
  Serve();
  ASSERT_EQ(write(server_, "\xFF\xFF\xFF\xFFxxxx", 8), 8);
  char byte;
  EXPECT_LE(read(server_, &byte, 1), 0);
  StopServing();
}

TEST_F(ShimTest, ShimDoesNotShowTheArgumentsOfItsProgram) {
  const int pid = Start("exec sleep 60");
  const std::string shown = ReadWholeFile("/proc/" + std::to_string(shim_) + "/cmdline");
  EXPECT_EQ(shown.find("sleep"), std::string::npos) << shown;
  EXPECT_EQ(shown.substr(0, 14), std::string("toolboxd-shim\0", 14));
  SignalProcess(pid, SIGKILL);
}

TEST_F(ShimTest, ProgramInheritsNothingButItsStreams) {
  const int pid = Start("ls -l /proc/self/fd | grep -c -- '->' > " + path_ + "/fds;" +
                        "grep -E 'SigBlk|SigIgn' /proc/self/status > " + path_ + "/signals");
  ASSERT_TRUE(WaitForEnd(pid).has_value());
  // 0, 1 (to the file here), 2, and ls's own.
  EXPECT_EQ(ReadWholeFile(path_ + "/fds"), "4\n");
  const std::string signals = ReadWholeFile(path_ + "/signals");
  EXPECT_NE(signals.find("SigBlk:\t0000000000000000"), std::string::npos) << signals;
  // Bazel starts tests with glibc's two internal signals, 32 and 33, ignored.
  EXPECT_EQ(std::stoull(signals.substr(signals.find("Ign:") + 5), nullptr, 16) & 0x7fffffff, 0u);
}

TEST_F(ShimTest, SigtermDoesNotEndAShimBeforeItsProgram) {
  const int pid = Start("sleep 0.5; exit 3");
  SignalProcess(shim_, SIGTERM);
  SignalProcess(shim_, SIGHUP);
  EXPECT_EQ(WaitForEnd(pid)->exit_code, 3);
}

TEST_F(ShimTest, ShimEndsWhenItsScopeIsStopped) {
  const int pid = Start("exec sleep 60");
  // systemd signals all processes of a scope and waits for all of them, for 90 s.
  kill(shim_, SIGTERM);
  SignalProcess(pid, SIGTERM);
  EXPECT_TRUE(Within(5, [&] { return waitpid(shim_, nullptr, WNOHANG) == shim_; }));
  shim_ = -1;
  EXPECT_TRUE(ReadRecord(dir_, std::to_string(pid) + ".end").has_value());
}

TEST_F(ShimTest, OutputGoesToFiles) {
  const int pid = Start("echo out; echo err >&2", "1000000");
  const std::optional<Record> record = WaitForEnd(pid);
  ASSERT_TRUE(record.has_value());
  EXPECT_TRUE(record->with_io);
  EXPECT_EQ(ReadWholeFile(Path(pid, ".out")), "out\n");
  EXPECT_EQ(ReadWholeFile(Path(pid, ".err")), "err\n");
  EXPECT_NE(access(Path(pid, ".in").c_str(), F_OK), 0);
}

TEST_F(ShimTest, OutputBeyondTheLimitIsCut) {
  const int pid = Start("head -c 3000000 /dev/zero; exit 5", "1000000");
  const std::optional<Record> record = WaitForEnd(pid);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->exit_code, 5);
  EXPECT_TRUE(record->cut_stdout);
  EXPECT_FALSE(record->cut_stderr);
  EXPECT_EQ(ReadWholeFile(Path(pid, ".out")).size(), 1000000u);
}

TEST_F(ShimTest, InputEndsWhenItIsCommittedNotWhenItsWriterLeaves) {
  const int pid = Start("exec cat", "1000000");
  for (const char* text : {"one ", "two"}) {
    AppendInput(pid, text);
    EXPECT_TRUE(Within(5, [&] {
      const std::string seen = ReadWholeFile(Path(pid, ".out"));
      return seen.size() >= strlen(text) && seen.substr(seen.size() - strlen(text)) == text;
    }));
  }
  EXPECT_FALSE(WaitForEnd(pid, 0).has_value());
  SignalProcess(shim_, kCloseInputSignal);
  EXPECT_TRUE(WaitForEnd(pid).has_value());
  EXPECT_EQ(ReadWholeFile(Path(pid, ".out")), "one two");
}

TEST_F(ShimTest, InputWaitsForAProgramThatReadsLate) {
  const int pid = Start("sleep 1; exec wc -c", "1000000");
  AppendInput(pid, std::string(3'000'000, 'x'));
  SignalProcess(shim_, kCloseInputSignal);
  // Other writers see at once that it is closed. It counts in the budget until it is read.
  EXPECT_TRUE(Within(1, [&] { return access(Path(pid, ".in").c_str(), F_OK) != 0; }));
  EXPECT_EQ(ReadWholeFile(Path(pid, ".rest")).size(), 3'000'000u);
  EXPECT_FALSE(WaitForEnd(pid, 0).has_value());
  EXPECT_TRUE(WaitForEnd(pid).has_value());
  EXPECT_EQ(ReadWholeFile(Path(pid, ".out")), "3000000\n");
  EXPECT_NE(access(Path(pid, ".rest").c_str(), F_OK), 0);
}

TEST_F(ShimTest, InputThatWasReadIsRemovedBeforeTheProgramEnds) {
  const int pid = Start("cat; sleep 60", "1000000");
  AppendInput(pid, "text");
  SignalProcess(shim_, kCloseInputSignal);
  EXPECT_TRUE(Within(5, [&] { return ReadWholeFile(Path(pid, ".out")) == "text"; }));
  EXPECT_TRUE(Within(1, [&] { return access(Path(pid, ".rest").c_str(), F_OK) != 0; }));
  SignalGroup(pid, SIGKILL);
}

TEST_F(ShimTest, InputFileShowsThatTheProgramNoLongerReads) {
  const int pid = Start("exec 0<&-; exec sleep 60", "1000000");
  EXPECT_TRUE(Within(5, [&] {
    struct stat info;
    return stat(Path(pid, ".in").c_str(), &info) == 0 && (info.st_mode & 0777) == 0;
  }));
  SignalProcess(pid, SIGKILL);
}

TEST_F(ShimTest, ProgramsTogetherStayBelowTheUsersLimit) {
  Serve();
  ShimJob job = Job("exec head -c 3000000 /dev/zero", "100000000");
  job.spool_limit = 8'000'000;
  off_t kept = 0;
  bool cut = false;
  for (int i = 0; i < 5; ++i) {
    const int pid = Start(job);
    const std::optional<Record> record = WaitForEnd(pid);
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->exit_code, 0);
    kept += ReadWholeFile(Path(pid, ".out")).size();
    cut = cut || record->cut_stdout;
  }
  StopServing();
  EXPECT_TRUE(cut);
  EXPECT_GE(kept, 7'000'000);
  EXPECT_LE(kept, 9'500'000);
}

TEST_F(ShimTest, QuarterOfTheFileSystemStaysFreeWhateverProgramsWrite) {
  const SmallFileSystem small(96);
  MoveTo(small.path());
  small.FillUpTo(40 << 20);
  std::vector<int> pids;
  Serve();
  for (int i = 0; i < 4; ++i) pids.push_back(Start(Job("exec yes", "100000000")));
  EXPECT_TRUE(Within(10, [&] { return small.Available() <= 24 << 20; }));
  usleep(300'000);
  EXPECT_GE(small.Available(), 20 << 20);
  // A program can still be started, and its end is recorded.
  pids.push_back(Start(Job("exit 4", "100000000")));
  EXPECT_EQ(WaitForEnd(pids.back())->exit_code, 4);
  for (const int pid : pids) SignalProcess(pid, SIGKILL);
  for (const int pid : pids) EXPECT_TRUE(WaitForEnd(pid).has_value());
  StopServing();
}

TEST_F(ShimTest, FullFileSystemStartsNothing) {
  const SmallFileSystem small(96);
  MoveTo(small.path());
  Serve();
  for (const int64_t left : {0, 8 << 20}) {
    small.FillUpTo(left);
    const std::string mark = testing::TempDir() + "/started" + std::to_string(left);
    EXPECT_EQ(Start(Job("touch " + mark)), -ENOSPC);
    EXPECT_EQ(Start(Job("touch " + mark, "1000000")), -ENOSPC);
    EXPECT_NE(access(mark.c_str(), F_OK), 0);
    unlink((path_ + "/filler").c_str());
  }
  EXPECT_EQ(WaitForEnd(Start(Job("exit 6")))->exit_code, 6);
  StopServing();
}

TEST_F(ShimTest, EndIsRecordedOnAFullFileSystem) {
  const SmallFileSystem small(96);
  MoveTo(small.path());
  const int pid = Start("sleep 0.3; exit 8");
  ASSERT_GT(pid, 0);
  small.FillUpTo(0);
  const std::optional<Record> record = WaitForEnd(pid);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->exit_code, 8);
}

TEST_F(ShimTest, EndIsRecordedWhileABackgroundProcessHoldsTheOutput) {
  const int pid = Start("(sleep 1; echo late) & echo early; exit 2", "1000000");
  const std::optional<Record> record = WaitForEnd(pid, 1);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->exit_code, 2);
  EXPECT_TRUE(Within(5, [&] { return ReadWholeFile(Path(pid, ".out")) == "early\nlate\n"; }));
}

TEST_F(ShimTest, StubbornGroupIsKilledAfterFiveSeconds) {
  const int pid = Start("trap '' TERM; touch " + path_ + "/ready; sleep 1000 & sleep 1000");
  ASSERT_GT(pid, 0);
  ASSERT_TRUE(Within(5, [&] { return access((path_ + "/ready").c_str(), F_OK) == 0; }));
  SignalGroup(pid, SIGTERM);
  SignalProcess(shim_, kKillLaterSignal);
  EXPECT_FALSE(WaitForEnd(pid, 3).has_value());
  EXPECT_EQ(WaitForEnd(pid)->exit_code, -1);
  EXPECT_TRUE(Within(2, [&] {
    // The rest of the program's group are now children of this process.
    while (waitpid(-pid, nullptr, WNOHANG) > 0) {
    }
    return !SignalGroup(pid, 0);
  }));
}

TEST_F(ShimTest, OneJanitorStaysForManyPrograms) {
  const int first = Start("exit 0");
  ASSERT_TRUE(WaitForEnd(first).has_value());
  const pid_t janitor = shim_;
  const std::string cmdline = "/proc/" + std::to_string(janitor) + "/cmdline";
  EXPECT_TRUE(Within(5, [&] { return ReadWholeFile(cmdline).find("sweep") != std::string::npos; }));
  const int second = Start("exit 0");
  ASSERT_TRUE(WaitForEnd(second).has_value());
  // Its parent was the serving shim, if it ended before that.
  EXPECT_TRUE(Within(5, [&] { return waitpid(shim_, nullptr, WNOHANG) != 0; }));
  shim_ = janitor;
}

TEST_F(ShimTest, CommandLineIsChecked) {
  EXPECT_EQ(WEXITSTATUS(system((g_shim + " --help > /dev/null").c_str())), 0);
  EXPECT_EQ(WEXITSTATUS(system((g_shim + " serve 2> /dev/null").c_str())), 2);
}

}  // namespace
}  // namespace toolboxd::vixd

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    fprintf(stderr, "usage: shim_test SHIM\n");
    return 2;
  }
  toolboxd::vixd::g_shim = argv[1];
  return RUN_ALL_TESTS();
}
