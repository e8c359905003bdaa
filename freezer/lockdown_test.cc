// SPDX-License-Identifier: Apache-2.0

#include "freezer/lockdown.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>

#include "freezer/crew.h"

namespace toolboxd::freezer {
namespace {

// By the system call, and unknown to the compiler: at _exit, and before whatever does not return,
// AddressSanitizer makes calls that the filter refuses.
__attribute__((noipa)) void Exit(int status) {
  for (;;) syscall(SYS_exit_group, status);
}

// The errno of a call in a process of its own with the filter, 0 for success; -1 if the process
// was killed.
int Errno(const std::function<long()>& call, int (*restrict_process)() = ForbidOtherSystemCalls) {
  const pid_t process = fork();
  if (process == 0) {
    if (restrict_process() != 0) Exit(255);
    Exit(call() < 0 ? errno : 0);
  }
  int status = 0;
  waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(FreezerLockdown, IoctlIsForFreezingOnly) {
  // No file system: ENOTTY or EOPNOTSUPP come from the kernel, EPERM from the filter, or for who
  // is not root.
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  EXPECT_EQ(Errno([&] { return ioctl(pair[0], FIONREAD, &pair[1]); }), EPERM);
  EXPECT_EQ(Errno([] { return ioctl(-1, FIFREEZE, 0); }), EBADF);
  EXPECT_EQ(Errno([] { return ioctl(-1, FITHAW, 0); }), EBADF);
  EXPECT_EQ(Errno([] { return ioctl(-1, FIGETBSZ, 0); }), EPERM);
  EXPECT_EQ(Errno([] { return ioctl(-1, TIOCSTI, 0); }), EPERM);
}

TEST(FreezerLockdown, OtherCallsFail) {
  const std::function<long()> calls[] = {
      [] { return syscall(SYS_execve, "/bin/true", nullptr, nullptr); },
      [] { return syscall(SYS_mount, "", "", "", 0, nullptr); },
      [] { return syscall(SYS_unshare, CLONE_NEWNS); },
      [] { return syscall(SYS_setns, 0, 0); },
      [] { return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); },
      [] { return syscall(SYS_kill, getppid(), 0); },
      [] { return syscall(SYS_ptrace, 0, 0, 0, 0); },
      [] { return syscall(SYS_open_by_handle_at, 0, nullptr, 0); },
      [] { return syscall(SYS_unlinkat, AT_FDCWD, "/none", 0); },
      [] { return syscall(SYS_mmap, nullptr, 4096, 7, 0x22, -1, 0); },
      [] { return syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); },
      [] { return syscall(SYS_clone, CLONE_VM | SIGCHLD, nullptr); },
      [] { return syscall(SYS_mmap, nullptr, 4096, PROT_READ | PROT_EXEC, 0x22, -1, 0); },
      [] { return syscall(SYS_read | 0x40000000, 0, nullptr, 0); },
  };
  int number = 0;
  for (const auto& call : calls) EXPECT_EQ(Errno(call), EPERM) << number++;
}

#ifndef __SANITIZE_ADDRESS__
// AddressSanitizer asks about each new thread's stack by calls that the filter refuses.

// 0 if two threads at once may not do what the process may not do.
struct ForbiddenJob : CrewJob {
  int Do(uint32_t) override {
    ++begun;
    while (begun < 2) sched_yield();
    return syscall(SYS_unshare, CLONE_NEWNS) < 0 && errno == EPERM ? 0 : EBADMSG;
  }
  int Interruption() override { return 0; }
  std::atomic<int> begun{0};
};

TEST(FreezerLockdown, ThreadsOfACrewAreRestrictedToo) {
  // clone3 is not there, so that the C library takes clone.
  EXPECT_EQ(Errno([] { return syscall(SYS_clone3, nullptr, 0); }), ENOSYS);
  EXPECT_EQ(Errno([]() -> long {
              Crew crew(2);
              ForbiddenJob job;
              errno = crew.threads() != 1 ? ECHILD : crew.Run(job, 0, 2).error;
              return errno == 0 ? 0 : -1;
            }),
            0);
}
#endif

TEST(FreezerLockdown, ProcessesThatItForksAreRestrictedToo) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  EXPECT_EQ(Errno([&]() -> long {
              if (fork() == 0) {
                const char error = syscall(SYS_unshare, CLONE_NEWNS) < 0 ? errno : 0;
                Exit(send(pair[1], &error, 1, 0) == 1 ? 0 : 1);
              }
              char error = 0;
              if (recv(pair[0], &error, 1, 0) != 1) return -1;
              errno = error;
              return -1;
            }),
            EPERM);
}

TEST(FreezerLockdown, NoFileIsOpenedAfterTheLastMount) {
  EXPECT_EQ(Errno([] { return open("/", O_RDONLY); }), 0);
  EXPECT_EQ(Errno([] { return ForbidOpening() != 0 ? 0 : open("/", O_RDONLY); }), EPERM);
  EXPECT_EQ(Errno([] {
              return ForbidOpening() != 0 ? 0 : syscall(SYS_openat2, AT_FDCWD, "/", nullptr, 0);
            }),
            EPERM);
  EXPECT_EQ(Errno([] { return ForbidOpening() != 0 ? -1 : ioctl(-1, FITHAW, 0); }), EBADF);
}

TEST(FreezerLockdown, ProcessThatReleasesStopsAndContinuesOnly) {
  const pid_t self = getpid();
  const std::function<long()> calls[] = {
      [] { return syscall(SYS_kill, getppid(), SIGTERM); },
      [] { return syscall(SYS_kill, getppid(), SIGKILL); },
      [=] { return syscall(SYS_tgkill, self, self, SIGKILL); },
      [] { return syscall(SYS_pidfd_send_signal, -1, SIGTERM, nullptr, 0); },
      [] { return ioctl(-1, FIFREEZE, 0); },
      [] { return syscall(SYS_execve, "/bin/true", nullptr, nullptr); },
      [] { return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); },
      [] { return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0); },
      [] { return syscall(SYS_unlinkat, AT_FDCWD, "/none", 0); },
  };
  int number = 0;
  for (const auto& call : calls) EXPECT_EQ(Errno(call, ForbidAllButReleasing), EPERM) << number++;
  EXPECT_EQ(Errno([] { return open("/", O_RDONLY); }, ForbidAllButReleasing), 0);
  EXPECT_EQ(Errno([] { return syscall(SYS_kill, getppid(), SIGCONT); }, ForbidAllButReleasing), 0);
}

TEST(FreezerLockdown, CapabilitiesAreOnlyGivenUp) {
  const pid_t process = fork();
  if (process == 0) {
    if (KeepCapabilities(uint64_t{1} << CAP_KILL) != 0) Exit(1);
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) != 0) Exit(2);
    Exit((data[0].permitted & ~(1u << CAP_KILL)) == 0 && data[1].permitted == 0 ? 0 : 3);
  }
  int status = 0;
  waitpid(process, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(FreezerLockdown, ProcessesMayHaveNames) {
  EXPECT_EQ(Errno([] { return prctl(PR_SET_NAME, "name"); }), 0);
}

}  // namespace
}  // namespace toolboxd::freezer
