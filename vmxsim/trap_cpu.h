// SPDX-License-Identifier: Apache-2.0

// A trap is played on the CPU on which it happened, as a hypervisor plays it.

#ifndef TOOLBOXD_VMXSIM_TRAP_CPU_H_
#define TOOLBOXD_VMXSIM_TRAP_CPU_H_

#include <sys/types.h>

namespace toolboxd::vmxsim {

// The kernel sees two threads that wake each other, and spreads them over the CPUs as soon as there
// is work for more: then each trap is two wake-ups of a processor that sleeps, 50 us and not 10. In
// a real machine a trap costs the same whatever else the guest does. So the tracing thread goes
// where the guest's thread is, and that one is held there while it is woken.
//
// Not thread-safe; for one tracing thread, whose CPU affinity it takes over.
class TrapCpu {
 public:
  // Moves the calling thread to the CPU on which the thread `tid` stopped. True if it was on
  // another. Without effect for threads whose CPU is not known (tracee.h).
  bool Follow(pid_t tid);
  // Lets the thread go on, where it stopped. Its own CPU affinity is as before when this returns,
  // which may be some microseconds after it went on: what it sets itself in between is lost.
  void Continue(pid_t tid);

 private:
  // The CPU of the stopped thread, and the one that the tracing thread is bound to. -1: not known,
  // or none.
  int cpu_ = -1, bound_ = -1;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_TRAP_CPU_H_
