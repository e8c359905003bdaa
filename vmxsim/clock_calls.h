// SPDX-License-Identifier: Apache-2.0

// What a guest's calls that set or adjust the clock return.

#ifndef TOOLBOXD_VMXSIM_CLOCK_CALLS_H_
#define TOOLBOXD_VMXSIM_CLOCK_CALLS_H_

#include <thread>

#include "absl/status/status.h"
#include "base/unique_fd.h"
#include "vmxsim/model.h"

namespace toolboxd::vmxsim {

// For the guest's first process: sends a descriptor of InstallSeccompFilter to the other end of a
// socket, and closes both.
absl::Status SendListener(UniqueFd listener, UniqueFd socket);

// Answers the kernel's questions (seccomp_unotify(2)) on a thread of its own. The kernel runs none
// of the calls, whatever is answered here: there is no answer that has it run one. They are played
// on the guest clock of `vmx`, for callers that have CAP_SYS_TIME.
class ClockCalls {
 public:
  // `vmx` must outlive it. `socket`: the other end of SendListener's.
  ClockCalls(Vmx* vmx, UniqueFd socket);
  ~ClockCalls();

 private:
  void Run();
  // Waits until there is something to read; false when it is over.
  bool Await(int fd) const;
  void Serve(int listener);

  Vmx& vmx_;
  const UniqueFd socket_;
  const UniqueFd stop_;
  std::thread thread_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CLOCK_CALLS_H_
