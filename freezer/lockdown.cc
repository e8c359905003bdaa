// SPDX-License-Identifier: Apache-2.0

#include "freezer/lockdown.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstdint>
#include <iterator>

namespace toolboxd::freezer {
namespace {

constexpr uint32_t kAllowed[] = {
    // Most frequent first: the filter is gone through in order.
    SYS_poll, SYS_recvfrom, SYS_sendmsg, SYS_sendto, SYS_syncfs, SYS_close,
    // Mount points, the mount table, fdinfo.
    SYS_openat, SYS_openat2, SYS_statx, SYS_fstatfs, SYS_read,
    // The list.
    SYS_flock, SYS_ftruncate, SYS_fallocate, SYS_fstat, SYS_newfstatat, SYS_pread64, SYS_pwrite64,
    // The twin.
    SYS_socketpair, SYS_mlockall, SYS_set_robust_list, SYS_rt_sigprocmask,
    // Standard error, the clock where the vDSO has none, a poll that SIGSTOP interrupted, the end.
    SYS_write, SYS_clock_gettime, SYS_restart_syscall, SYS_munmap, SYS_exit_group};

// As fork of the C library calls it.
constexpr uint32_t kForkFlags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;

struct Restricted {
  uint32_t number;
  // Which argument, and the values that it may have. The kernel looks at the lower half only.
  uint32_t argument;
  uint32_t values[2];
};
constexpr Restricted kRestricted[] = {
    {SYS_ioctl, 1, {FIFREEZE, FITHAW}},
    {SYS_prctl, 0, {PR_SET_NAME, PR_SET_NAME}},
    {SYS_clone, 0, {kForkFlags, kForkFlags}},
};

constexpr size_t kHead = 4;
constexpr size_t kOfAllowed = 2;
constexpr size_t kOfRestricted = 6;
constexpr size_t kSize =
    kHead + kOfAllowed * std::size(kAllowed) + kOfRestricted * std::size(kRestricted) + 1;

constexpr sock_filter Return(uint32_t what) { return BPF_STMT(BPF_RET | BPF_K, what); }
// Goes on with the next instruction if equal, else skips `otherwise` of them.
constexpr sock_filter IfEqual(uint32_t value, uint8_t otherwise) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, otherwise);
}
constexpr sock_filter Load(size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset));
}

struct Filter {
  sock_filter code[kSize] = {};
  size_t size = 0;

  constexpr void Add(sock_filter instruction) { code[size++] = instruction; }
};

// An unknown number, those of the x32 ABI among them, falls through to the end.
constexpr Filter MakeFilter() {
  Filter filter;
  filter.Add(Load(offsetof(seccomp_data, arch)));
  filter.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
  filter.Add(Return(SECCOMP_RET_KILL_PROCESS));
  filter.Add(Load(offsetof(seccomp_data, nr)));
  for (const uint32_t number : kAllowed) {
    filter.Add(IfEqual(number, 1));
    filter.Add(Return(SECCOMP_RET_ALLOW));
  }
  for (const Restricted& call : kRestricted) {
    filter.Add(IfEqual(call.number, kOfRestricted - 1));
    filter.Add(Load(offsetof(seccomp_data, args) + 8 * call.argument));
    filter.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.values[0], 1, 0));
    filter.Add(IfEqual(call.values[1], 1));
    filter.Add(Return(SECCOMP_RET_ALLOW));
    filter.Add(Return(SECCOMP_RET_ERRNO | EPERM));
  }
  filter.Add(Return(SECCOMP_RET_ERRNO | EPERM));
  return filter;
}

constexpr Filter kFilter = MakeFilter();
static_assert(kFilter.size == kSize);

}  // namespace

void Hide() { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int ForbidOtherSystemCalls() {
  const sock_fprog program = {static_cast<unsigned short>(kFilter.size),
                              const_cast<sock_filter*>(kFilter.code)};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return errno;
  return 0;
}

}  // namespace toolboxd::freezer
