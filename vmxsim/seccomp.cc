// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

#include "base/status.h"

namespace toolboxd::vmxsim {
namespace {

constexpr long kForbidden[] = {
    SYS_kexec_load,     SYS_kexec_file_load, SYS_init_module, SYS_finit_module, SYS_delete_module,
    SYS_swapon,         SYS_swapoff,         SYS_iopl,        SYS_ioperm,       SYS_acct,
    SYS_quotactl,
    SYS_io_uring_setup,  // could open sockets that this filter does not see
};
constexpr long kClock[] = {SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime};
constexpr uint32_t kX32Bit = 0x40000000;

sock_filter Load(uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
sock_filter Return(uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
uint32_t Errno(int error) { return SECCOMP_RET_ERRNO | static_cast<uint32_t>(error); }

// Skips the next instruction unless the loaded word is `value`.
sock_filter IfEqual(uint32_t value) { return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1); }

}  // namespace

absl::StatusOr<int> InstallSeccompFilter(const GuestRights& rights) {
  std::vector<sock_filter> program = {
      Load(offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
      Return(Errno(ENOSYS)),
      Load(offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1),
      Return(Errno(ENOSYS)),
  };
  for (const long number : kForbidden) {
    program.push_back(IfEqual(static_cast<uint32_t>(number)));
    program.push_back(Return(Errno(EPERM)));
  }
  for (const long number : kClock) {
    program.push_back(IfEqual(static_cast<uint32_t>(number)));
    program.push_back(Return(rights.clock ? SECCOMP_RET_USER_NOTIF : Errno(EPERM)));
  }
  if (!rights.reboot) {
    program.push_back(IfEqual(SYS_reboot));
    program.push_back(Return(Errno(EPERM)));
  }
  if (!rights.freeze) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 6));
    program.push_back(Load(offsetof(seccomp_data, args[1])));
    for (const uint32_t request : {FIFREEZE, FITHAW}) {
      program.push_back(IfEqual(request));
      program.push_back(Return(Errno(EPERM)));
    }
    program.push_back(Return(SECCOMP_RET_ALLOW));
  }
  // Last: it replaces the loaded word.
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3));
  program.push_back(Load(offsetof(seccomp_data, args[0])));
  program.push_back(IfEqual(AF_VSOCK));
  program.push_back(Return(Errno(EAFNOSUPPORT)));
  program.push_back(Return(SECCOMP_RET_ALLOW));

  const sock_fprog filter = {static_cast<unsigned short>(program.size()), program.data()};
  // Root needs no NO_NEW_PRIVS, so set-user-ID programs keep working in the guest.
  const unsigned flags = rights.clock ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  if (result < 0) return ErrnoError(errno, "seccomp");
  return rights.clock ? static_cast<int>(result) : -1;
}

}  // namespace toolboxd::vmxsim
