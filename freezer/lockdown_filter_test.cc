// SPDX-License-Identifier: Apache-2.0

#include <linux/audit.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/architecture.h"
#include "base/testing/caught_filter.h"
#include "freezer/lockdown.h"
#include "gtest/gtest.h"

namespace toolboxd::freezer {
namespace {

constexpr uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kAllowed = SECCOMP_RET_ALLOW;

TEST(FreezerFilter, AllowsTheCallsOfAFreezeByThisMachinesNumbers) {
  ASSERT_EQ(ForbidOtherSystemCalls(), 0);
  constexpr long kAllowedCalls[] = {kPollNumber, SYS_recvfrom, SYS_openat,
                                    SYS_syncfs,  SYS_fstatfs,  SYS_exit_group};
  for (const long call : kAllowedCalls) EXPECT_EQ(VerdictOfCaughtFilter(call), kAllowed) << call;
  constexpr long kRefusedCalls[] = {SYS_execve, SYS_mount,    SYS_socket,
                                    SYS_kill,   SYS_unlinkat, SYS_ptrace};
  for (const long call : kRefusedCalls) EXPECT_EQ(VerdictOfCaughtFilter(call), kRefused) << call;
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_clone3), SECCOMP_RET_ERRNO | ENOSYS);
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_ioctl, 1, FIFREEZE), kAllowed);
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_ioctl, 1, FITHAW), kAllowed);
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_ioctl, 1, FIGETBSZ), kRefused);
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_clone, 0, CLONE_VM | SIGCHLD), kRefused);
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_mmap, 2, PROT_READ | PROT_WRITE), kAllowed);
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_mmap, 2, PROT_READ | PROT_EXEC), kRefused);
}

TEST(FreezerFilter, EndsTheProcessAtCallsOfOtherArchitectures) {
  constexpr uint32_t kArchitectures[] = {AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_X86_64,
                                         AUDIT_ARCH_AARCH64};
  for (int (*restrict_process)() : {ForbidOtherSystemCalls, ForbidOpening, ForbidAllButReleasing}) {
    ASSERT_EQ(restrict_process(), 0);
    for (const uint32_t architecture : kArchitectures) {
      seccomp_data call = {};
      call.nr = SYS_sendto;
      call.arch = architecture;
      EXPECT_EQ(VerdictOfCaughtFilter(call),
                architecture == kAuditArchitecture ? kAllowed : SECCOMP_RET_KILL_PROCESS)
          << architecture;
    }
  }
}

TEST(FreezerFilter, ProcessThatReleasesSendsFewSignals) {
  ASSERT_EQ(ForbidAllButReleasing(), 0);
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_kill, 1, SIGCONT), kAllowed);
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_kill, 1, SIGKILL), kRefused);
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_tgkill, 2, SIGSTOP), kAllowed);
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_ioctl, 1, FIFREEZE), kRefused);
  EXPECT_EQ(VerdictOfCaughtFilter(kPollNumber), kAllowed);
}

}  // namespace
}  // namespace toolboxd::freezer
