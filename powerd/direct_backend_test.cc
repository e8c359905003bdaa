// SPDX-License-Identifier: Apache-2.0

#include "powerd/direct_backend.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using testing::HasSubstr;
using testing::Not;

class DirectBackendTest : public testing::Test {
 protected:
  DirectBackendTest() {
    options_.hook_dir = dir_.File("power.d");
    options_.shutdown_command = dir_.File("shutdown");
    std::filesystem::create_directories(dir_.File("power.d/halt"));
    WriteScript(options_.shutdown_command, absl::StrCat("echo \"$@\" >>", dir_.File("log")));
  }

  void WriteScript(const std::string& path, const std::string& body, mode_t mode = 0755) {
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }
  // A hook of the halt event that writes a word into the log.
  void Hook(const std::string& name, const std::string& word, const std::string& rest = "",
            mode_t mode = 0755) {
    WriteScript(absl::StrCat(options_.hook_dir, "/halt/", name),
                absl::StrCat("echo ", word, " >>", dir_.File("log"), "\n", rest), mode);
  }
  static absl::Status Change(DirectBackend& backend, v1::PowerEvent event) {
    const absl::StatusOr<PowerAction> act = backend.Prepare(event);
    return act.ok() ? (*act)() : act.status();
  }
  // Whether this process has a child that was not waited for.
  static bool HasChild() {
    siginfo_t info = {};
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
  }
  std::string Log() const { return ReadWholeFile(dir_.File("log")); }

  ShortTempDir dir_;
  DirectOptions options_;
  StopSignal stop_;
};

TEST_F(DirectBackendTest, NoFolderMeansNoHooks) {
  DirectBackend backend(options_);
  EXPECT_TRUE(backend.RunHooks(v1::HALT, stop_).ok());
  EXPECT_TRUE(backend.RunHooks(v1::RESUME, stop_).ok());
}

TEST_F(DirectBackendTest, HooksRunInTheOrderOfTheirNames) {
  Hook("20-second", "second");
  Hook("10-first", "$TOOLBOXD_POWER_EVENT");
  Hook("30_third", "third");
  EXPECT_TRUE(DirectBackend(options_).RunHooks(v1::HALT, stop_).ok());
  EXPECT_EQ(Log(), "halt\nsecond\nthird\n");
}

TEST_F(DirectBackendTest, FailedHookIsNamedAndTheOthersStillRun) {
  Hook("10-bad", "bad", "exit 3");
  Hook("20-killed", "killed", "kill -9 $$");
  Hook("30-good", "good");
  const absl::Status status = DirectBackend(options_).RunHooks(v1::HALT, stop_);
  EXPECT_THAT(std::string(status.message()), HasSubstr("10-bad: exit status 3; "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("20-killed: signal 9"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("good")));
  EXPECT_EQ(Log(), "bad\nkilled\ngood\n");
}

TEST_F(DirectBackendTest, FilesThatRunPartsSkipsAreSkipped) {
  Hook("10-backup.dpkg-old", "old");
  Hook(".hidden", "hidden");
  Hook("20-not-executable", "plain", "", 0644);
  std::filesystem::create_directory(absl::StrCat(options_.hook_dir, "/halt/30-folder"));
  std::filesystem::create_symlink("/nowhere", absl::StrCat(options_.hook_dir, "/halt/40-dangling"));
  EXPECT_TRUE(DirectBackend(options_).RunHooks(v1::HALT, stop_).ok());
  EXPECT_EQ(Log(), "");
}

TEST_F(DirectBackendTest, HooksThatOthersCanWriteAreNotRun) {
  Hook("10-theirs", "theirs", "", 0777);
  Hook("20-ours", "ours");
  const absl::Status status = DirectBackend(options_).RunHooks(v1::HALT, stop_);
  EXPECT_THAT(std::string(status.message()), HasSubstr("10-theirs: not run"));
  EXPECT_EQ(Log(), "ours\n");
  ASSERT_EQ(chmod(absl::StrCat(options_.hook_dir, "/halt").c_str(), 0777), 0);
  EXPECT_FALSE(DirectBackend(options_).RunHooks(v1::HALT, stop_).ok());
  EXPECT_EQ(Log(), "ours\n");
}

TEST_F(DirectBackendTest, HookThatIsNotAProgramFails) {
  std::ofstream(absl::StrCat(options_.hook_dir, "/halt/10-text")) << "not a program";
  chmod(absl::StrCat(options_.hook_dir, "/halt/10-text").c_str(), 0755);
  const absl::Status status = DirectBackend(options_).RunHooks(v1::HALT, stop_);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Exec format error"));
}

TEST_F(DirectBackendTest, HookThatHangsIsEndedWithItsChildren) {
  Hook("10-hangs", "$$", absl::StrCat("sleep 1000 & echo $! >", dir_.File("child"), "\nwait"));
  Hook("20-late", "late");
  options_.hook_timeout = absl::Milliseconds(500);
  const absl::Status status = DirectBackend(options_).RunHooks(v1::HALT, stop_);
  EXPECT_THAT(std::string(status.message()), HasSubstr("10-hangs: ended after"));
  pid_t child = 0;
  std::ifstream(dir_.File("child")) >> child;
  ASSERT_GT(child, 0);
  // No process waits for the orphan in the test's sandbox: a zombie has ended too.
  std::string state;
  std::ifstream(absl::StrCat("/proc/", child, "/stat")) >> state >> state >> state;
  for (int i = 0; i < 1000 && !state.empty() && state != "Z"; ++i) {
    absl::SleepFor(absl::Milliseconds(5));
    state.clear();
    std::ifstream(absl::StrCat("/proc/", child, "/stat")) >> state >> state >> state;
  }
  EXPECT_TRUE(state.empty() || state == "Z") << state;
}

TEST_F(DirectBackendTest, StopEndsAHookAndRunsNoFurtherOne) {
  Hook("10-hangs", "begun", "exec sleep 1000");
  Hook("20-next", "next");
  std::thread stopper([this] {
    while (Log() != "begun\n") absl::SleepFor(absl::Milliseconds(2));
    stop_.Set();
  });
  const absl::Status status = DirectBackend(options_).RunHooks(v1::HALT, stop_);
  stopper.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Log(), "begun\n");
}

TEST_F(DirectBackendTest, HooksInheritNoDescriptorsOrBlockedSignals) {
  // What a daemon has blocked and open.
  sigset_t blocked;
  sigset_t old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  const int open_fd = dup(STDERR_FILENO);
  Hook("10-look", "x",
       absl::StrCat("grep SigBlk /proc/self/status >>", dir_.File("log"), "\nls /proc/self/fd >>",
                    dir_.File("log"), "\nreadlink /proc/$$/fd/0 >>", dir_.File("log")));
  EXPECT_TRUE(DirectBackend(options_).RunHooks(v1::HALT, stop_).ok());
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  close(open_fd);
  // 3 is the folder that ls reads.
  EXPECT_EQ(Log(), "x\nSigBlk:\t0000000000000000\n0\n1\n2\n3\n/dev/null\n");
}

TEST_F(DirectBackendTest, HaltAndRebootCallTheShutdownCommand) {
  DirectBackend backend(options_);
  EXPECT_TRUE(Change(backend, v1::HALT).ok());
  EXPECT_TRUE(Change(backend, v1::REBOOT).ok());
  EXPECT_EQ(Log(), "-h now\n-r now\n");
}

TEST_F(DirectBackendTest, ShutdownHasAProcessBeforeItBegins) {
  DirectBackend backend(options_);
  {
    const absl::StatusOr<PowerAction> act = backend.Prepare(v1::HALT);
    ASSERT_TRUE(act.ok()) << act.status();
    EXPECT_TRUE(HasChild());
    EXPECT_EQ(Log(), "");
    EXPECT_TRUE((*act)().ok());
    EXPECT_FALSE(HasChild());
    EXPECT_EQ(Log(), "-h now\n");
  }
  EXPECT_EQ(Log(), "-h now\n");
}

TEST_F(DirectBackendTest, ShutdownThatIsNotWantedAnyMoreDoesNotBegin) {
  ASSERT_TRUE(DirectBackend(options_).Prepare(v1::HALT).ok());
  EXPECT_FALSE(HasChild());
  EXPECT_EQ(Log(), "");
}

// Its process ends with powerd, however powerd ends.
TEST_F(DirectBackendTest, ShutdownOfAPowerdThatWasKilledDoesNotBegin) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t powerd = fork();
  if (powerd == 0) {
    const absl::StatusOr<PowerAction> act = DirectBackend(options_).Prepare(v1::HALT);
    const char done = act.ok() ? '1' : '0';
    if (write(ends[1], &done, 1) == 1) pause();
    _exit(1);
  }
  char done = 0;
  ASSERT_EQ(read(ends[0], &done, 1), 1);
  EXPECT_EQ(done, '1');
  kill(powerd, SIGKILL);
  EXPECT_EQ(waitpid(powerd, nullptr, 0), powerd);
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(Log(), "");
  close(ends[0]);
  close(ends[1]);
}

TEST_F(DirectBackendTest, ShutdownCommandThatCannotBeStartedIsAnErrorBeforehand) {
  options_.shutdown_command = dir_.File("nothing");
  EXPECT_THAT(std::string(DirectBackend(options_).Prepare(v1::HALT).status().message()),
              HasSubstr("No such file or directory"));
  options_.shutdown_command = dir_.File("text");
  WriteScript(options_.shutdown_command, "", 0644);
  EXPECT_THAT(std::string(DirectBackend(options_).Prepare(v1::HALT).status().message()),
              HasSubstr("Permission denied"));
}

TEST_F(DirectBackendTest, FailedShutdownCommandIsAnError) {
  WriteScript(options_.shutdown_command, "exit 1");
  DirectBackend backend(options_);
  EXPECT_THAT(std::string(Change(backend, v1::HALT).message()), HasSubstr("exit status 1"));
}

TEST_F(DirectBackendTest, SuspendDoesNotCallTheShutdownCommand) {
  EXPECT_EQ(DirectBackend(options_).Prepare(v1::SUSPEND).status().code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(Log(), "");
}

}  // namespace
}  // namespace toolboxd
