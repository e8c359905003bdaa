// SPDX-License-Identifier: Apache-2.0

#include "daemon/lockdown.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

// Runs `child` in a process of its own, since what it gives up is lost for good.
int StatusOf(const std::function<int()>& child) {
  const pid_t pid = fork();
  if (pid == 0) _exit(child());
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Every argument is such that the call could do nothing if it were permitted.
bool IsForbidden(long number) {
  errno = 0;
  return syscall(number, -1, 0, 0, 0, 0, 0) == -1 && errno == EPERM;
}

TEST(Lockdown, ProcessIsNotDumpable) {
  EXPECT_EQ(StatusOf([] {
              HideFromOwnUser();
              return prctl(PR_GET_DUMPABLE);
            }),
            0);
}

TEST(Lockdown, CallsThatAreNeverNeededFail) {
  const std::vector<long> calls = {SYS_setuid,
                                   SYS_setresuid,
                                   SYS_setfsuid,
                                   SYS_setgroups,
                                   SYS_capset,
                                   SYS_unshare,
                                   SYS_setns,
                                   SYS_process_vm_readv,
                                   SYS_process_vm_writev,
                                   SYS_pidfd_getfd,
                                   SYS_add_key,
                                   SYS_request_key,
                                   SYS_keyctl,
                                   SYS_io_uring_setup,
                                   SYS_io_uring_enter,
                                   SYS_bpf,
                                   SYS_userfaultfd,
                                   SYS_perf_event_open,
                                   SYS_mount,
                                   SYS_umount2,
                                   SYS_chroot,
                                   SYS_open_by_handle_at};
  EXPECT_EQ(StatusOf([&calls] {
              if (!ForbidUnneededSystemCalls().ok()) return 255;
              int permitted = 0;
              for (const long call : calls) permitted += IsForbidden(call) ? 0 : 1;
              return permitted;
            }),
            0);
}

TEST(Lockdown, NoProgramIsExecuted) {
  EXPECT_EQ(StatusOf([] {
              if (!ForbidUnneededSystemCalls().ok()) return 255;
              execl("/bin/true", "true", static_cast<char*>(nullptr));
              return errno == EPERM ? 7 : 255;
            }),
            7);
}

// What hgfsd works with, as a user: threads, memory, files, and its own descriptors by their paths.
TEST(Lockdown, WorkOfADaemonGoesOn) {
  EXPECT_EQ(StatusOf([] {
              // Fails in Bazel's sandbox, which has no other user.
              (void)!setresuid(65534, 65534, 65534);
              HideFromOwnUser();
              if (!ForbidUnneededSystemCalls().ok()) return 255;
              int result = 1;
              std::thread([&result] {
                const int file = memfd_create("test", MFD_CLOEXEC);
                const std::string path = "/proc/self/fd/" + std::to_string(file);
                result = open(path.c_str(), O_RDWR | O_CLOEXEC) >= 0 ? 0 : errno;
              }).join();
              return result;
            }),
            0);
}

}  // namespace
}  // namespace toolboxd
