// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <linux/vm_sockets.h>
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

// What to return for a value of one argument.
struct Rule {
  uint32_t value;
  uint32_t action;
};

// Filters one system call by the low half of an argument; other values are allowed.
std::vector<sock_filter> OfArgument(long number, size_t argument, const std::vector<Rule>& rules) {
  std::vector<sock_filter> body = {
      Load(static_cast<uint32_t>(offsetof(seccomp_data, args) + argument * sizeof(uint64_t)))};
  for (const Rule& rule : rules) {
    body.push_back(IfEqual(rule.value));
    body.push_back(Return(rule.action));
  }
  body.push_back(Return(SECCOMP_RET_ALLOW));
  // Each path through it returns, so that what comes after has the number still loaded.
  body.insert(body.begin(), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0,
                                     static_cast<uint8_t>(body.size())));
  return body;
}

std::vector<Rule> Requests(const GuestRights& rights) {
  std::vector<Rule> rules;
  if (!rights.freeze) rules = {{FIFREEZE, Errno(EPERM)}, {FITHAW, Errno(EPERM)}};
  if (rights.vsock) rules.push_back({IOCTL_VM_SOCKETS_GET_LOCAL_CID, SECCOMP_RET_USER_NOTIF});
  return rules;
}

void Append(std::vector<sock_filter>& program, const std::vector<sock_filter>& part) {
  program.insert(program.end(), part.begin(), part.end());
}

// -1 with errno set.
int Install(const sock_fprog& filter, bool asks) {
  // A signal does not have the kernel ask again what was answered. Linux has that since 5.19.
  constexpr unsigned kListener = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  const unsigned flags = asks ? kListener | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0;
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  if (result < 0 && errno == EINVAL && asks) {
    result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kListener, &filter);
  }
  return static_cast<int>(result);
}

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
  if (!rights.freeze || rights.vsock) Append(program, OfArgument(SYS_ioctl, 1, Requests(rights)));
  const uint32_t vsock = rights.vsock ? SECCOMP_RET_USER_NOTIF : Errno(EAFNOSUPPORT);
  Append(program, OfArgument(SYS_socket, 0, {{AF_VSOCK, vsock}}));
  Append(program, OfArgument(SYS_socketpair, 0, {{AF_VSOCK, Errno(EAFNOSUPPORT)}}));
  if (rights.vsock) {
    // Which socket a call is about only vmxsim can see.
    for (const long number : {SYS_bind, SYS_connect, SYS_getsockname, SYS_getpeername}) {
      program.push_back(IfEqual(static_cast<uint32_t>(number)));
      program.push_back(Return(SECCOMP_RET_USER_NOTIF));
    }
    for (const long number : {SYS_setsockopt, SYS_getsockopt}) {
      Append(program, OfArgument(number, 1, {{AF_VSOCK, SECCOMP_RET_USER_NOTIF}}));
    }
  }
  program.push_back(Return(SECCOMP_RET_ALLOW));

  const sock_fprog filter = {static_cast<unsigned short>(program.size()), program.data()};
  // Root needs no NO_NEW_PRIVS, so set-user-ID programs keep working in the guest.
  const bool asks = rights.clock || rights.vsock;
  const int result = Install(filter, asks);
  if (result < 0) return ErrnoError(errno, "seccomp");
  return asks ? result : -1;
}

}  // namespace toolboxd::vmxsim
