// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/trap_cpu.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "vmxsim/tracee.h"

namespace toolboxd::vmxsim {
namespace {

cpu_set_t AffinityOf(pid_t tid) {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(sched_getaffinity(tid, sizeof(set), &set), 0);
  return set;
}

// A traced process that stops again and again.
class Guest {
 public:
  Guest() : pid_(fork()) {
    if (pid_ == 0) {
      ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      for (;;) asm volatile("int3");
    }
    Wait();
  }
  ~Guest() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  // Until the next stop.
  void Wait() {
    int status = 0;
    ASSERT_EQ(waitpid(pid_, &status, 0), pid_);
    ASSERT_TRUE(WIFSTOPPED(status));
  }
  // Until a stop on that CPU, and no other.
  void MoveTo(int cpu) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    ASSERT_EQ(sched_setaffinity(pid_, sizeof(only), &only), 0);
    ptrace(PTRACE_CONT, pid_, nullptr, 0);
    Wait();
  }
  pid_t pid() const { return pid_; }

 private:
  const pid_t pid_;
};

// On a thread of its own, whose affinity may change; it is the one that traces.
template <typename Test>
void OnOwnThread(Test test) {
  std::thread(test).join();
}

std::vector<int> Cpus() {
  const cpu_set_t set = AffinityOf(0);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

TEST(TrapCpu, FollowGoesWhereTheThreadStopped) {
  OnOwnThread([] {
    const std::vector<int> cpus = Cpus();
    Guest guest;
    TrapCpu trap_cpu;
    for (int round = 0; round < 10; ++round) {
      for (const int cpu : cpus) {
        guest.MoveTo(cpu);
        EXPECT_EQ(CpuOf(guest.pid()), cpu);
        const bool was_elsewhere = trap_cpu.Follow(guest.pid());
        EXPECT_EQ(sched_getcpu(), cpu);
        // The CPU before is known from the first move on.
        const bool moved = cpus.size() > 1 && !(round == 0 && cpu == cpus.front());
        EXPECT_TRUE(was_elsewhere || !moved);
        EXPECT_FALSE(trap_cpu.Follow(guest.pid()));
      }
    }
  });
}

TEST(TrapCpu, ContinueKeepsTheThreadsOwnAffinity) {
  OnOwnThread([] {
    const cpu_set_t all = AffinityOf(0);
    Guest guest;
    TrapCpu trap_cpu;
    for (int i = 0; i < 100; ++i) {
      trap_cpu.Follow(guest.pid());
      trap_cpu.Continue(guest.pid());
      guest.Wait();
      const cpu_set_t now = AffinityOf(guest.pid());
      ASSERT_TRUE(CPU_EQUAL(&now, &all));
    }
  });
}

TEST(TrapCpu, ThreadThatHasEndedIsLeftAlone) {
  OnOwnThread([] {
    const cpu_set_t all = AffinityOf(0);
    pid_t ended;
    {
      Guest guest;
      ended = guest.pid();
    }
    TrapCpu trap_cpu;
    EXPECT_FALSE(trap_cpu.Follow(ended));
    trap_cpu.Continue(ended);
    const cpu_set_t now = AffinityOf(0);
    EXPECT_TRUE(CPU_EQUAL(&now, &all));
  });
}

}  // namespace
}  // namespace toolboxd::vmxsim
