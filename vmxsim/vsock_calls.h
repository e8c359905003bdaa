// SPDX-License-Identifier: Apache-2.0

// The socket calls of a guest that has vsock: what looks to it like AF_VSOCK is a Unix socket of
// vmxsim's. AF_VSOCK of this machine is never touched.

#ifndef TOOLBOXD_VMXSIM_VSOCK_CALLS_H_
#define TOOLBOXD_VMXSIM_VSOCK_CALLS_H_

#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "vmxsim/guest_thread.h"
#include "vmxsim/vsock_host.h"

namespace toolboxd::vmxsim {

// The system calls that InstallSeccompFilter asks about for vsock are played here.
//
// A guest's socket is an AF_UNIX one that vmxsim makes and puts into the guest. Which sockets are
// such, and which ports they have, is kept in the sockets themselves, by the kernel: a mark
// (SO_INCOMING_CPU, which means nothing to such a socket), and names in vmxsim's abstract
// namespace, where no guest sees them. So closing, dup(), fork() and passing descriptors need no
// book-keeping, and a port is free again when its last descriptor is closed.
//
// Not thread-safe.
class VsockCalls {
 public:
  // `exec_time` returns when the program of a thread was started. `host` must outlive this.
  static absl::StatusOr<VsockCalls> Create(VsockHost* host,
                                           std::function<absl::Time(pid_t)> exec_time);

  // Plays the call on which `listener` asks `question`. One that must wait has `*later` set to when
  // to play it again, and no answer; `waited`: that time has come.
  CallAnswer Play(int listener, const seccomp_notif& question, bool waited, absl::Time* later);

 private:
  VsockCalls() = default;

  CallAnswer Socket(int listener, const seccomp_notif& question);
  CallAnswer Bind(pid_t tid, const seccomp_data& call);
  CallAnswer Connect(pid_t tid, const seccomp_data& call, bool waited, absl::Time* later);
  CallAnswer Name(pid_t tid, const seccomp_data& call, bool peer);
  CallAnswer SetOption(pid_t tid, const seccomp_data& call);
  CallAnswer GetOption(pid_t tid, const seccomp_data& call);
  CallAnswer LocalCid(pid_t tid, const seccomp_data& call);

  // Binds to a free port above the privileged ones.
  int BindAny(int socket);
  int BindTo(int socket, uint32_t port);
  // Connects a guest's socket to a listener of vmxsim's; the host's end, or none with errno set.
  UniqueFd ConnectToHost(int socket, uint32_t port);

  sockaddr_un NameOf(absl::string_view side, uint32_t port, socklen_t* size) const;
  // The port in the name of a socket of either side; 0: it has none.
  uint32_t PortIn(const sockaddr_un& name, socklen_t size) const;
  uint32_t BoundPort(int socket) const;

  VsockHost* host_ = nullptr;
  std::function<absl::Time(pid_t)> exec_time_;
  // The prefix of this vmxsim's names.
  std::string prefix_;
  UniqueFd rpci_listener_, tclo_listener_;
  uint32_t next_port_ = kVsockLastPrivilegedPort + 1;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_VSOCK_CALLS_H_
