// SPDX-License-Identifier: Apache-2.0

#include <linux/audit.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/architecture.h"
#include "base/testing/caught_filter.h"
#include "daemon/lockdown.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kAllowed = SECCOMP_RET_ALLOW;

TEST(LockdownFilter, RefusesWhatADaemonNeverNeedsByThisMachinesNumbers) {
  ASSERT_TRUE(ForbidUnneededSystemCalls().ok());
  constexpr long kRefusedCalls[] = {SYS_execve,
                                    SYS_execveat,
                                    SYS_setresuid,
                                    SYS_capset,
                                    SYS_unshare,
                                    SYS_setns,
                                    SYS_process_vm_writev,
                                    SYS_pidfd_getfd,
                                    SYS_io_uring_setup,
                                    SYS_bpf,
                                    SYS_mount,
                                    SYS_chroot,
                                    SYS_open_by_handle_at};
  for (const long call : kRefusedCalls) EXPECT_EQ(VerdictOfCaughtFilter(call), kRefused) << call;
  constexpr long kAllowedCalls[] = {SYS_openat,  SYS_write,     SYS_clone,
                                    SYS_mmap,    SYS_futex,     SYS_kill,
                                    kPollNumber, SYS_renameat2, SYS_exit_group};
  for (const long call : kAllowedCalls) EXPECT_EQ(VerdictOfCaughtFilter(call), kAllowed) << call;
}

TEST(LockdownFilter, RefusesCallsOfOtherArchitectures) {
  ASSERT_TRUE(ForbidUnneededSystemCalls().ok());
  constexpr uint32_t kArchitectures[] = {AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_X86_64,
                                         AUDIT_ARCH_AARCH64, AUDIT_ARCH_AARCH64 & 0xFFFF};
  for (const uint32_t architecture : kArchitectures) {
    seccomp_data call = {};
    call.nr = SYS_write;
    call.arch = architecture;
    EXPECT_EQ(VerdictOfCaughtFilter(call), architecture == kAuditArchitecture ? kAllowed : kRefused)
        << architecture;
  }
  // x32 has this machine's architecture, and numbers of its own.
  EXPECT_EQ(VerdictOfCaughtFilter(SYS_write | 0x40000000), kRefused);
}

}  // namespace
}  // namespace toolboxd
