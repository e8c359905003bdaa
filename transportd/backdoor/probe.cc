// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/probe.h"

#include <setjmp.h>
#include <signal.h>

namespace toolboxd::backdoor {
namespace {

// Where the probe continues after a fault. A signal handler has no other way to know.
sigjmp_buf after_fault;

void OnFault(int) { siglongjmp(after_fault, 1); }

// Catches SIGSEGV and SIGILL while it lives.
class FaultGuard {
 public:
  FaultGuard() {
    struct sigaction action = {};
    action.sa_handler = OnFault;
    sigaction(SIGSEGV, &action, &previous_segv_);
    sigaction(SIGILL, &action, &previous_ill_);
  }
  ~FaultGuard() {
    sigaction(SIGSEGV, &previous_segv_, nullptr);
    sigaction(SIGILL, &previous_ill_, nullptr);
  }

 private:
  struct sigaction previous_segv_ = {};
  struct sigaction previous_ill_ = {};
};

ProbeResult ProbeOnce(Port& port) {
  FaultGuard guard;
  if (sigsetjmp(after_fault, 1) != 0) return ProbeResult::kFaulted;
  return AskVersion(port);
}

}  // namespace

ProbeResult Probe(Port& port) {
  port.Choose();
  const ProbeResult result = ProbeOnce(port);
  if (result == ProbeResult::kAnswered || !port.FallBack()) return result;
  return ProbeOnce(port);
}

}  // namespace toolboxd::backdoor
