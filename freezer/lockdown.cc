// SPDX-License-Identifier: Apache-2.0

#include "freezer/lockdown.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "base/architecture.h"

namespace toolboxd::freezer {
namespace {

constexpr uint32_t kAllowed[] = {
    // Most frequent first: the filter is gone through in order.
    kPollNumber, SYS_recvfrom, SYS_sendmsg, SYS_sendto, SYS_syncfs, SYS_close,
    // Mount points, the mount table, fdinfo.
    SYS_openat, SYS_openat2, SYS_statx, SYS_fstatfs, SYS_read,
    // The list.
    SYS_flock, SYS_ftruncate, SYS_fallocate, SYS_fstat, SYS_newfstatat, SYS_pread64, SYS_pwrite64,
    // The twin.
    SYS_socketpair, SYS_mlockall, SYS_set_robust_list, SYS_rt_sigprocmask,
    // Threads.
    SYS_futex, SYS_rseq, SYS_exit,
    // Standard error, the clock where the vDSO has none, a poll that SIGSTOP interrupted, the end.
    SYS_write, SYS_clock_gettime, SYS_restart_syscall, SYS_munmap, SYS_exit_group};

// As fork of the C library calls it, and pthread_create.
constexpr uint32_t kForkFlags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
constexpr uint32_t kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM |
                                  CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS |
                                  CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

struct Restricted {
  uint32_t number;
  // Which argument, and the values that it may have. The kernel looks at the lower half only.
  uint32_t argument;
  uint32_t values[2];
};
constexpr Restricted kRestricted[] = {
    {SYS_ioctl, 1, {FIFREEZE, FITHAW}},
    // A further filter only takes away.
    {SYS_prctl, 0, {PR_SET_NAME, PR_SET_SECCOMP}},
    {SYS_clone, 0, {kForkFlags, kThreadFlags}},
    // Stacks of threads.
    {SYS_mmap, 2, {PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE}},
};

// Those of freezer/release.h.
constexpr uint32_t kAllowedToRelease[] = {
    kPollNumber, SYS_openat,     SYS_read,          SYS_close,          SYS_getdents64, SYS_statx,
    SYS_write,   SYS_sendto,     SYS_recvfrom,      SYS_mlockall,       SYS_munmap,     SYS_getpid,
    SYS_getppid, SYS_exit_group, SYS_clock_gettime, SYS_restart_syscall};
constexpr Restricted kRestrictedToRelease[] = {
    {SYS_tgkill, 2, {SIGSTOP, SIGSTOP}},
    {SYS_kill, 1, {SIGCONT, SIGCONT}},
    // For a process that dumps its core.
    {SYS_pidfd_send_signal, 1, {SIGKILL, SIGKILL}},
    {SYS_prctl, 0, {PR_SET_NAME, PR_SET_NAME}},
};

constexpr size_t kMaxFilter = 128;

constexpr sock_filter Return(uint32_t what) { return BPF_STMT(BPF_RET | BPF_K, what); }
// Goes on with the next instruction if equal, else skips `otherwise` of them.
constexpr sock_filter IfEqual(uint32_t value, uint8_t otherwise) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, otherwise);
}
constexpr sock_filter Load(size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset));
}

struct Filter {
  sock_filter code[kMaxFilter] = {};
  size_t size = 0;

  constexpr void Add(sock_filter instruction) { code[size++] = instruction; }
};

constexpr Filter FilterForThisArchitecture() {
  Filter filter;
  filter.Add(Load(offsetof(seccomp_data, arch)));
  filter.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kAuditArchitecture, 1, 0));
  filter.Add(Return(SECCOMP_RET_KILL_PROCESS));
  filter.Add(Load(offsetof(seccomp_data, nr)));
  return filter;
}

// An unknown number, those of the x32 ABI among them, falls through to the end. Without clone3 the
// C library takes clone, whose flags a filter can read.
template <size_t kCalls, size_t kOthers>
constexpr Filter MakeFilter(const uint32_t (&allowed)[kCalls],
                            const Restricted (&restricted)[kOthers]) {
  Filter filter = FilterForThisArchitecture();
  filter.Add(IfEqual(SYS_clone3, 1));
  filter.Add(Return(SECCOMP_RET_ERRNO | ENOSYS));
  for (const uint32_t number : allowed) {
    filter.Add(IfEqual(number, 1));
    filter.Add(Return(SECCOMP_RET_ALLOW));
  }
  for (const Restricted& call : restricted) {
    filter.Add(IfEqual(call.number, 5));
    filter.Add(Load(offsetof(seccomp_data, args) + 8 * call.argument));
    filter.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.values[0], 1, 0));
    filter.Add(IfEqual(call.values[1], 1));
    filter.Add(Return(SECCOMP_RET_ALLOW));
    filter.Add(Return(SECCOMP_RET_ERRNO | EPERM));
  }
  filter.Add(Return(SECCOMP_RET_ERRNO | EPERM));
  return filter;
}

constexpr Filter MakeFilterAgainst(uint32_t one, uint32_t other) {
  Filter filter = FilterForThisArchitecture();
  filter.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, one, 1, 0));
  filter.Add(IfEqual(other, 1));
  filter.Add(Return(SECCOMP_RET_ERRNO | EPERM));
  filter.Add(Return(SECCOMP_RET_ALLOW));
  return filter;
}

constexpr Filter kFilter = MakeFilter(kAllowed, kRestricted);
constexpr Filter kReleaseFilter = MakeFilter(kAllowedToRelease, kRestrictedToRelease);
constexpr Filter kNoOpening = MakeFilterAgainst(SYS_openat, SYS_openat2);

int Install(const Filter& filter) {
  const sock_fprog program = {static_cast<unsigned short>(filter.size),
                              const_cast<sock_filter*>(filter.code)};
  // Not seccomp(2), which the filter of the unit does not have.
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : errno;
}

int InstallFirst(const Filter& filter) {
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? Install(filter) : errno;
}

}  // namespace

void Hide() { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int KeepCapabilities(uint64_t mask) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) return errno;
  for (int i = 0; i < 2; ++i) {
    const uint32_t part = static_cast<uint32_t>(mask >> (32 * i));
    data[i].permitted &= part;
    data[i].effective &= part;
    data[i].inheritable &= part;
  }
  return syscall(SYS_capset, &header, data) == 0 ? 0 : errno;
}

int ForbidOtherSystemCalls() { return InstallFirst(kFilter); }

int ForbidOpening() { return Install(kNoOpening); }

int ForbidAllButReleasing() { return InstallFirst(kReleaseFilter); }

}  // namespace toolboxd::freezer
