// SPDX-License-Identifier: Apache-2.0

// old_kernel [--statx] COMMAND…: executes a command for which the kernel has no system call that
// came after Linux 4.18. It is for tests: such calls fail with ENOSYS, in all processes that the
// command starts. So do statx(2), unless --statx is given, and renameat2(2) with flags, which Linux
// 4.18 has: some file systems and filters of that time do not.

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

// pidfd_send_signal(2) of Linux 5.1. From it on, all architectures have the same numbers.
constexpr unsigned kFirstNewCall = 424;

bool ForgetNewCalls(bool forget_statx) {
  const uint32_t statx_result =
      forget_statx ? SECCOMP_RET_ERRNO | ENOSYS : static_cast<uint32_t>(SECCOMP_RET_ALLOW);
  const sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 7),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kFirstNewCall, 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, statx_result),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args) + 8 * 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
  };
  const sock_fprog filter = {sizeof code / sizeof *code, const_cast<sock_filter*>(code)};
  // A privileged process needs no no_new_privs, under which sudo and su would not work.
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0) return true;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// Whether the calls are gone; otherwise a test would prove nothing.
bool HasForgotten() {
  return syscall(SYS_pidfd_open, getpid(), 0) < 0 && errno == ENOSYS &&
         syscall(SYS_close_range, ~0U, ~0U, 0) < 0 && errno == ENOSYS &&
         syscall(SYS_renameat2, -1, "", -1, "", 1) < 0 && errno == ENOSYS &&
         syscall(SYS_renameat2, -1, "", -1, "", 0) < 0 && errno != ENOSYS;
}

}  // namespace

int main(int argc, char** argv) {
  const bool has_statx = argc > 1 && strcmp(argv[1], "--statx") == 0;
  if (has_statx) ++argv;
  if (argv[0] == nullptr || argv[1] == nullptr) {
    fputs("Usage: old_kernel [--statx] COMMAND…\n", stderr);
    return 2;
  }
  if (!ForgetNewCalls(!has_statx) || !HasForgotten()) {
    fprintf(stderr, "old_kernel: cannot take away system calls: %s\n", strerror(errno));
    return 125;
  }
  execvp(argv[1], argv + 1);
  fprintf(stderr, "old_kernel: %s: %s\n", argv[1], strerror(errno));
  return 127;
}
