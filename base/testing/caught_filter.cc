// SPDX-License-Identifier: Apache-2.0

#include "base/testing/caught_filter.h"

#include <linux/filter.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "base/architecture.h"

namespace {

std::vector<sock_filter> caught;

}  // namespace

extern "C" int prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  unsigned long arguments[4];
  for (unsigned long& argument : arguments) argument = va_arg(list, unsigned long);
  va_end(list);
  if (option == PR_SET_SECCOMP) {
    const auto& program = *reinterpret_cast<const sock_fprog*>(arguments[1]);
    caught.assign(program.filter, program.filter + program.len);
    return 0;
  }
  return static_cast<int>(
      syscall(SYS_prctl, option, arguments[0], arguments[1], arguments[2], arguments[3]));
}

namespace toolboxd {

uint32_t VerdictOfCaughtFilter(const seccomp_data& call) {
  uint32_t accumulator = 0;
  for (size_t at = 0; at < caught.size(); ++at) {
    const sock_filter& step = caught[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (step.k % 4 != 0 || step.k > sizeof call - 4) return SECCOMP_RET_KILL_THREAD;
        memcpy(&accumulator, reinterpret_cast<const char*>(&call) + step.k, 4);
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += accumulator == step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += accumulator >= step.k ? step.jt : step.jf;
        break;
      case BPF_RET | BPF_K:
        return step.k;
      default:
        return SECCOMP_RET_KILL_THREAD;
    }
  }
  return SECCOMP_RET_KILL_THREAD;
}

uint32_t VerdictOfCaughtFilter(long number, int place, uint64_t argument) {
  seccomp_data call = {};
  call.nr = static_cast<int>(number);
  call.arch = kAuditArchitecture;
  call.args[place] = argument;
  return VerdictOfCaughtFilter(call);
}

}  // namespace toolboxd
