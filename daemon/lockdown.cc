// SPDX-License-Identifier: Apache-2.0

#include "daemon/lockdown.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstdint>
#include <vector>

#include "base/architecture.h"
#include "base/status.h"

namespace toolboxd {
namespace {

// Calls of the x32 ABI have this bit; their numbers are others. arm64 has no such numbers.
constexpr uint32_t kX32 = 0x40000000;

constexpr uint32_t kForbidden[] = {
    // Identity.
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setfsuid,
    SYS_setfsgid, SYS_setgroups, SYS_capset,
    // Programs and namespaces.
    SYS_execve, SYS_execveat, SYS_unshare, SYS_setns,
// Other processes. LeakSanitizer traces its own process.
#ifndef __SANITIZE_ADDRESS__
    SYS_ptrace,
#endif
    SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd, SYS_process_madvise, SYS_kcmp,
    // Keys.
    SYS_add_key, SYS_request_key, SYS_keyctl,
    // Interfaces with many calls behind one, and faults that a process can stop the kernel at.
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_bpf, SYS_userfaultfd,
    SYS_perf_event_open,
    // File systems; a handle leads past every directory.
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_open_tree, SYS_move_mount, SYS_fsopen,
    SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_open_by_handle_at};

// For each call: its architecture, then its number, one by one. EPERM for what is not of this
// machine's own kind.
std::vector<sock_filter> Filter() {
  const sock_filter deny = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kAuditArchitecture, 1, 0),
      deny,
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32, 0, 1),
      deny,
  };
  for (const uint32_t number : kForbidden) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    filter.push_back(deny);
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return filter;
}

}  // namespace

void HideFromOwnUser() { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

absl::Status ForbidUnneededSystemCalls() {
  std::vector<sock_filter> filter = Filter();
  const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return ErrnoError(errno, "PR_SET_NO_NEW_PRIVS");
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    return ErrnoError(errno, "PR_SET_SECCOMP");
  }
  return absl::OkStatus();
}

}  // namespace toolboxd
