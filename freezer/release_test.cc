// SPDX-License-Identifier: Apache-2.0

// Folders of the test's own stand for /proc and for FUSE's; the processes in them are children of
// the test, and only those get signals.

#include "freezer/release.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/testing/eventually.h"

namespace toolboxd::freezer {
namespace {

class ReleaseTest : public testing::Test {
 protected:
  ReleaseTest() {
    char folder[] = "/tmp/release-test.XXXXXX";
    folder_ = mkdtemp(folder);
  }
  ~ReleaseTest() override {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }

  // A child that waits in a call that ends with EINTR after a signal, even one without a handler.
  void StartChild() {
    child_ = fork();
    if (child_ != 0) return;
    const int queue = epoll_create1(0);
    epoll_event event;
    _exit(epoll_wait(queue, &event, 1, 60'000) < 0 && errno == EINTR ? 7 : 1);
  }
  // A copy of what /proc has of it, or with another state or flags.
  void List(pid_t process, const std::string& state = "S", const std::string& flags = "4194304") {
    const std::string number = std::to_string(process);
    ListThread(process, number, state, flags);
    std::filesystem::copy_file(folder_ + "/" + number + "/task/" + number + "/stat",
                               folder_ + "/" + number + "/stat",
                               std::filesystem::copy_options::overwrite_existing);
  }
  void ListThread(pid_t process, const std::string& thread, const std::string& state,
                  const std::string& flags = "4194304") {
    const std::string folder = folder_ + "/" + std::to_string(process) + "/task/" + thread;
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/stat")
        << thread << " (a) b) " << state << " 1 1 1 0 -1 " << flags << " 0 0\n";
  }
  bool ChildIsInside() {
    std::ifstream file("/proc/" + std::to_string(child_) + "/wchan");
    std::string name;
    file >> name;
    return name.find("poll") != std::string::npos;
  }
  // Its exit code; -1 as long as it runs.
  int ExitCode() {
    int status = 0;
    if (waitpid(child_, &status, WNOHANG) != child_) return -1;
    child_ = 0;
    return WEXITSTATUS(status);
  }

  std::string folder_;
  pid_t child_ = 0;
  std::atomic<int32_t> stopped_{0};
};

TEST_F(ReleaseTest, ProcessIsInterruptedAndGoesOn) {
  StartChild();
  ASSERT_TRUE(Eventually([&] { return ChildIsInside(); }));
  List(child_);
  EXPECT_EQ(InterruptAll(folder_.c_str(), stopped_), 1u);
  EXPECT_EQ(stopped_, 0);
  int code = -1;
  EXPECT_TRUE(Eventually([&] { return (code = ExitCode()) >= 0; }));
  EXPECT_EQ(code, 7);
}

TEST_F(ReleaseTest, StoppedOnesKernelThreadsAndItsOwnAreLeftAlone) {
  StartChild();
  ASSERT_TRUE(Eventually([&] { return ChildIsInside(); }));
  for (const char* state : {"T", "t", "Z", "X"}) {
    List(child_, state);
    EXPECT_EQ(InterruptAll(folder_.c_str(), stopped_), 0u) << state;
  }
  List(child_, "S", "2129984");
  List(1);
  List(getpid());
  List(getppid());
  EXPECT_EQ(InterruptAll(folder_.c_str(), stopped_), 0u);
  EXPECT_EQ(ExitCode(), -1);
}

// The first thread may have ended, or be held by a debugger: then its state is the process's.
TEST_F(ReleaseTest, ThreadIsInterruptedWhateverTheFirstOneDoes) {
  for (const char* state : {"Z", "t", "T"}) {
    StartChild();
    ASSERT_TRUE(Eventually([&] { return ChildIsInside(); }));
    // The child's one thread stands for a second one here.
    List(child_, state);
    std::filesystem::rename(
        folder_ + "/" + std::to_string(child_) + "/task/" + std::to_string(child_),
        folder_ + "/" + std::to_string(child_) + "/task/4194997");
    ListThread(child_, std::to_string(child_), "S");
    EXPECT_EQ(InterruptAll(folder_.c_str(), stopped_), 1u) << state;
    int code = -1;
    EXPECT_TRUE(Eventually([&] { return (code = ExitCode()) >= 0; }));
    EXPECT_EQ(code, 7) << state;
    std::filesystem::remove_all(folder_);
  }
}

TEST_F(ReleaseTest, OtherNamesAndMissingFilesAreSkipped) {
  for (const char* name : {"/self", "/0", "/-5", "/99999999999", "/12x", "/4194999"}) {
    std::filesystem::create_directories(folder_ + name);
  }
  std::filesystem::create_directories(folder_ + "/4194998");
  std::ofstream(folder_ + "/4194998/stat") << "no brackets";
  EXPECT_EQ(InterruptAll(folder_.c_str(), stopped_), 0u);
  EXPECT_EQ(InterruptAll((folder_ + "/none").c_str(), stopped_), 0u);
}

// Those of other users are aborted for real in tests/snapshots.
TEST_F(ReleaseTest, OnlyProcessesThatDumpTheirCoreAreKilled) {
  StartChild();
  const std::string number = std::to_string(child_);
  std::filesystem::create_directory_symlink("/proc/" + number, folder_ + "/" + number);
  EXPECT_EQ(EndCoreDumps(folder_.c_str()), 0u);
  EXPECT_EQ(waitpid(child_, nullptr, WNOHANG), 0);
  // One whose name looks as if.
  std::filesystem::create_directory(folder_ + "/4711");
  std::ofstream(folder_ + "/4711/status") << "Name:\tCoreDumping:\t1\nCoreDumping:\t0\n";
  EXPECT_EQ(EndCoreDumps(folder_.c_str()), 0u);
}

TEST_F(ReleaseTest, FuseOfRootIsNotAborted) {
  for (const char* name : {"/40", "/41", "/none"}) {
    std::filesystem::create_directories(folder_ + name);
    std::ofstream(folder_ + name + "/abort").flush();
  }
  const bool is_root = geteuid() == 0;
  EXPECT_EQ(AbortFuse(folder_.c_str(), 41), is_root ? 0u : 1u);
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/40/abort"), 0u);
  EXPECT_EQ(AbortFuse(folder_.c_str()), is_root ? 0u : 2u);
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/40/abort"), is_root ? 0u : 1u);
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/none/abort"), 0u);
  EXPECT_EQ(AbortFuse((folder_ + "/missing").c_str()), 0u);
}

}  // namespace
}  // namespace toolboxd::freezer
