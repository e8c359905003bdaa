// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/trap_cpu.h"

#include <sched.h>
#include <sys/ptrace.h>

#include "vmxsim/tracee.h"

namespace toolboxd::vmxsim {
namespace {

cpu_set_t Only(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return set;
}

}  // namespace

bool TrapCpu::Follow(pid_t tid) {
  cpu_ = CpuOf(tid);
  if (cpu_ < 0) return false;
  const bool elsewhere = cpu_ != sched_getcpu();
  if (cpu_ != bound_) {
    const cpu_set_t here = Only(cpu_);
    if (sched_setaffinity(0, sizeof(here), &here) == 0) bound_ = cpu_;
  }
  return elsewhere;
}

void TrapCpu::Continue(pid_t tid) {
  cpu_set_t before;
  const bool bind =
      cpu_ >= 0 && sched_getaffinity(tid, sizeof(before), &before) == 0 && CPU_COUNT(&before) > 1;
  if (bind) {
    const cpu_set_t here = Only(cpu_);
    sched_setaffinity(tid, sizeof(here), &here);
  }
  ptrace(PTRACE_CONT, tid, nullptr, 0);
  if (bind) sched_setaffinity(tid, sizeof(before), &before);
}

}  // namespace toolboxd::vmxsim
