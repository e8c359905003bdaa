// SPDX-License-Identifier: Apache-2.0

// Answers the system calls of a guest that the kernel does not run but asks vmxsim about
// (seccomp_unotify(2)).

#ifndef TOOLBOXD_VMXSIM_CALL_LISTENER_H_
#define TOOLBOXD_VMXSIM_CALL_LISTENER_H_

#include <linux/seccomp.h>
#include <poll.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "vmxsim/model.h"
#include "vmxsim/vsock_calls.h"

namespace toolboxd::vmxsim {

// For the guest's first process: sends a descriptor of InstallSeccompFilter to the other end of a
// socket, and closes both.
absl::Status SendListener(UniqueFd listener, UniqueFd socket);

// Serves one filter for the guest and one for each command that joins it, on a thread of its own.
// A call that must wait does not keep others waiting.
class CallListener {
 public:
  // `vmx` and `vsock` must outlive it; `vsock` is null where the guest has none. `socket`: the
  // other end of SendListener's.
  CallListener(Vmx* vmx, VsockCalls* vsock, UniqueFd socket);
  ~CallListener();

  // A further filter. Thread-safe.
  void Add(UniqueFd listener);

 private:
  struct Waiting {
    int listener;
    seccomp_notif question;
    // When to play it; InfinitePast: at once.
    absl::Time due;
  };

  void Run();
  void TakeAdded();
  void ReceiveFirst();
  void RemoveEnded(const std::vector<pollfd>& waiting);
  void Receive(int listener);
  void ServeWaiting();
  void Serve(const Waiting& call);

  Vmx& vmx_;
  VsockCalls* const vsock_;
  UniqueFd socket_;
  const UniqueFd wake_;
  std::atomic<bool> stopping_ = false;
  std::vector<UniqueFd> listeners_;
  std::vector<Waiting> waiting_;
  absl::Mutex mutex_;
  std::vector<UniqueFd> added_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CALL_LISTENER_H_
