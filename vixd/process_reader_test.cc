// SPDX-License-Identifier: Apache-2.0

#include "vixd/process_reader.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd::vixd {
namespace {

using testing::ElementsAreArray;

// Children that do nothing, for as long as it exists.
class Children {
 public:
  explicit Children(int count) {
    for (int i = 0; i < count; ++i) Start();
  }
  // And one of each of these users, who must be others.
  Children(int count, const std::vector<uid_t>& users) : Children(count) {
    for (const uid_t user : users) Start(user);
    for (size_t i = count; i < pids_.size(); ++i) {
      while (ReadProcessFacts(pids_[i])->owner != users[i - count]) {
        absl::SleepFor(absl::Milliseconds(1));
      }
    }
  }
  ~Children() {
    for (const pid_t pid : pids_) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }
  const std::vector<pid_t>& pids() const { return pids_; }

 private:
  void Start(uid_t user = getuid()) {
    const pid_t pid = fork();
    if (pid == 0) {
      // Otherwise what is seen of it belongs to root.
      if (user != getuid() &&
          (setresuid(user, user, user) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)) {
        _exit(1);
      }
      for (;;) pause();
    }
    pids_.push_back(pid);
  }

  std::vector<pid_t> pids_;
};

// Asked for the arguments of some processes, it waits until it is released.
struct Obstacle {
  std::vector<pid_t> stuck;
  absl::Notification released;
  std::atomic<int> waiting{0};
  std::atomic<int> asked{0};
};

ProcessReader::Arguments Obstructed(const std::shared_ptr<Obstacle>& obstacle) {
  return [obstacle](ProcessInfo& process) {
    ++obstacle->asked;
    process.name = process.command_line = "asked";
    for (const pid_t pid : obstacle->stuck) {
      if (pid != process.pid) continue;
      ++obstacle->waiting;
      obstacle->released.WaitForNotification();
      --obstacle->waiting;
    }
  };
}

std::vector<pid_t> PidsOf(const std::vector<ProcessInfo>& processes) {
  std::vector<pid_t> pids;
  pids.reserve(processes.size());
  for (const ProcessInfo& process : processes) pids.push_back(process.pid);
  return pids;
}

TEST(ProcessReader, ReadsThoseThatExistInOrder) {
  const Children children(20);
  std::vector<pid_t> pids = children.pids();
  pids.insert(pids.begin() + 3, 0x3fffffff);
  const std::vector<ProcessInfo> processes = ProcessReader().Read(pids).processes;
  EXPECT_THAT(PidsOf(processes), ElementsAreArray(children.pids()));
  for (const ProcessInfo& process : processes) EXPECT_EQ(process.name, "process_reader_test");
  EXPECT_TRUE(ProcessReader().Read({}).processes.empty());
}

TEST(ProcessReader, LongListsComeInParts) {
  const Children children(5);
  const ProcessReader reader([](ProcessInfo& process) {
    process.command_line.assign(ProcessReader::kMaxPartBytes / 2, 'x');
  });
  std::vector<pid_t> rest = children.pids();
  std::vector<pid_t> found;
  for (const size_t size : {2, 2, 1}) {
    const ProcessReader::Part part = reader.Read(rest);
    EXPECT_EQ(part.done, size);
    for (const pid_t pid : PidsOf(part.processes)) found.push_back(pid);
    rest.erase(rest.begin(), rest.begin() + part.done);
  }
  EXPECT_THAT(found, ElementsAreArray(children.pids()));
}

TEST(ProcessReader, ProcessThatHoldsItsReaderUpIsListedByTheKernelsName) {
  const Children children(20);
  const auto obstacle = std::make_shared<Obstacle>();
  obstacle->stuck = {children.pids()[5]};
  const ProcessReader reader(Obstructed(obstacle));
  const absl::Time begin = absl::Now();
  const std::vector<ProcessInfo> processes = reader.Read(children.pids()).processes;
  EXPECT_LT(absl::Now() - begin, 10 * ProcessReader::kPatience);
  EXPECT_THAT(PidsOf(processes), ElementsAreArray(children.pids()));
  EXPECT_EQ(processes[4].name, "asked");
  EXPECT_EQ(processes[5].name, "process_reader_");
  obstacle->released.Notify();
}

TEST(ProcessReader, UserWhoHeldAReaderUpIsNotAskedUntilItReturns) {
  const Children children(5);
  const auto obstacle = std::make_shared<Obstacle>();
  obstacle->stuck = {children.pids()[0]};
  const ProcessReader reader(Obstructed(obstacle));
  reader.Read(children.pids());
  EXPECT_EQ(obstacle->asked, 1);
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(reader.Read(children.pids()).processes.size(), 5u);
  EXPECT_LT(absl::Now() - begin, 20 * ProcessReader::kPatience);
  EXPECT_EQ(obstacle->asked, 1);
  obstacle->released.Notify();
  while (obstacle->waiting != 0) absl::SleepFor(absl::Milliseconds(1));
  obstacle->stuck.clear();
  // The thread that was left behind is about to say so.
  std::vector<ProcessInfo> processes;
  do processes = reader.Read(children.pids()).processes;
  while (processes[0].name != "asked");
  EXPECT_EQ(processes[4].name, "asked");
}

// Each of them a little: together they would take as long as a list may.
TEST(ProcessReader, ProcessesThatEachHoldTheReaderUpALittleAreBoundedTogether) {
  const Children children(60);
  const ProcessReader reader([](ProcessInfo& process) {
    process.name = "asked";
    absl::SleepFor(absl::Milliseconds(40));
  });
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(reader.Read(children.pids()).processes.size(), 60u);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(1));
}

// V2 of tests/attacks/README.md: a user may have the numbers of many.
TEST(ProcessReader, UsersWhoEachHoldTheReaderUpALittleAreBoundedTogether) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  constexpr uid_t kFirst = 70000;
  std::vector<uid_t> users(50);
  std::iota(users.begin(), users.end(), kFirst);
  const Children children(1, users);
  std::vector<pid_t> pids(children.pids().rbegin(), children.pids().rend());
  const ProcessReader reader([](ProcessInfo& process) {
    process.name = "asked";
    if (process.owner >= kFirst) absl::SleepFor(absl::Milliseconds(60));
  });
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 3; ++i) {
    const std::vector<ProcessInfo> processes = reader.Read(pids).processes;
    EXPECT_EQ(processes.size(), pids.size());
    // Root's, which no other user can hold up.
    EXPECT_EQ(processes.back().name, "asked");
  }
  EXPECT_LT(absl::Now() - begin, absl::Seconds(2));
}

// U2 of tests/attacks/README.md.
TEST(ProcessReader, ThreadThatReturnsAsItIsLeftBehindIsForgotten) {
  const Children children(1);
  std::vector<std::thread> callers;
  callers.reserve(100);
  for (int i = 0; i < 100; ++i) {
    callers.emplace_back([&] {
      const auto calls = std::make_shared<std::atomic<int>>(0);
      const ProcessReader reader([calls](ProcessInfo& process) {
        if ((*calls)++ == 0) absl::SleepFor(ProcessReader::kPatience);
        process.name = "asked";
      });
      reader.Read(children.pids());
      // It is asked again, if not at once, since it had its reader wait.
      const absl::Time end = absl::Now() + 300 * ProcessReader::kPatience;
      while (absl::Now() < end) {
        if (reader.Read(children.pids()).processes[0].name == "asked") return;
        absl::SleepFor(ProcessReader::kPatience);
      }
      ADD_FAILURE() << "not asked again";
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(ProcessReader, EndsBeforeAThreadThatWasLeftBehind) {
  const Children children(1);
  const auto obstacle = std::make_shared<Obstacle>();
  obstacle->stuck = children.pids();
  {
    const ProcessReader reader(Obstructed(obstacle));
    EXPECT_EQ(reader.Read(children.pids()).processes.size(), 1u);
  }
  EXPECT_EQ(obstacle->waiting, 1);
  obstacle->released.Notify();
  while (obstacle->waiting != 0) absl::SleepFor(absl::Milliseconds(1));
}

}  // namespace
}  // namespace toolboxd::vixd
