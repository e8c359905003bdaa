// SPDX-License-Identifier: Apache-2.0

// Follows a process and all its descendants with ptrace, without a stop at system calls, and plays
// the instructions that trap on the simulated VMX.

#ifndef TOOLBOXD_VMXSIM_TRACER_H_
#define TOOLBOXD_VMXSIM_TRACER_H_

#include <pthread.h>
#include <sys/types.h>
#include <sys/user.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "vmxsim/backdoor_trap.h"
#include "vmxsim/cpuid_patcher.h"
#include "vmxsim/model.h"
#include "vmxsim/trap_cpu.h"

namespace toolboxd::vmxsim {

// How guests come to see VMware's CPUID.
enum class CpuidMode {
  kOff,
  // The CPU makes the instruction fault: arch_prctl(ARCH_SET_CPUID, 0) after each exec.
  kFault,
  // The instruction is replaced in memory once the program and its libraries are mapped.
  kPatch,
};

// What a guest gets of the hypercalls that CPUID announces.
enum class HypercallFault {
  kNone,
  // The instruction raises that signal, as under a hypervisor that passes CPUID on and not the
  // call.
  kIllegal,
  kSegmentation,
  // No hypervisor answers: EAX is all ones.
  kSilent,
};

struct HypercallOptions {
  // What the CPU announces, by cpuid_emulator.h. 0: no hypercall is announced, and none is caught.
  uint32_t accepted = 0;
  HypercallFault fault = HypercallFault::kNone;
};

// Whether this CPU can make CPUID fault.
bool CpuCanFaultCpuid();

// One program that is being run.
struct TracedProcess {
  pid_t pid = 0;
  absl::Time exec;
  // Where execution begins, with a breakpoint in place of the byte `entry_byte`; 0 once passed.
  uint64_t entry = 0;
  char entry_byte = 0;
  std::shared_ptr<const PatchedAddresses> patched;
  TrapCache cache;
};

struct ProcessInfo {
  pid_t pid = 0;
  absl::Time exec;
};

struct TracerCounters {
  std::atomic<uint64_t> traps = 0;
  std::atomic<uint64_t> cpuid = 0;
  // Those of the traps that were VMCALL or VMMCALL.
  std::atomic<uint64_t> hypercalls = 0;
  std::atomic<uint64_t> other_signals = 0;
  std::atomic<uint64_t> execs = 0;
  // Backdoor traps of a thread that ran on another CPU than the tracer was on.
  std::atomic<uint64_t> traps_elsewhere = 0;
  // Nanoseconds spent on backdoor traps, from the end of waitpid() to PTRACE_CONT.
  std::atomic<uint64_t> trap_nanoseconds = 0;
};

// Traces every thread of the guest and answers its trapped instructions. Any thread may read its
// counters; everything else belongs to the thread of Run().
class Tracer {
 public:
  // `vmx` is not owned.
  Tracer(Vmx* vmx, CpuidMode mode, const HypercallOptions& hypercalls);

  // Attaches to `root`. The calling thread is the one that must call Run().
  absl::Status Seize(pid_t root);
  // Serves the root and its descendants, all of which the calling thread must have seized, until
  // none is left. Returns the root's wait status.
  int Run();

  // --- from other threads ---

  // Attaches to a process that is not a descendant; it must be waiting for something.
  absl::Status Adopt(pid_t pid);
  // Kills everything that is traced, now and later.
  void EndAll();
  std::vector<ProcessInfo> Processes();
  // When the program of a thread was started; now, for one that is not traced.
  absl::Time ExecTime(pid_t tid);
  // The first child of the root: the command. 0 before it has been started.
  pid_t command_pid() const { return command_pid_; }
  const TracerCounters& counters() const { return counters_; }

 private:
  struct Adoption {
    pid_t pid = 0;
    bool done = false;
    absl::Status status;
  };

  void OnStop(pid_t tid, int status);
  void OnSignal(pid_t tid, TracedProcess& process, int signal);
  void OnEvent(pid_t tid, int event, int signal);
  void OnExec(pid_t tid);
  void OnNewTask(pid_t parent, pid_t child, int event);
  bool PlayCpuid(TracedProcess& process, user_regs_struct& registers, pid_t tid, int signal);
  // For a thread that stopped with SIGILL: whether it was at a hypercall, and has been resumed.
  bool OnHypercall(pid_t tid, TracedProcess& process);
  // After a backdoor call that began at `begin` (CLOCK_MONOTONIC, ns): lets the thread go on.
  void FinishTrap(pid_t tid, const user_regs_struct& registers, uint64_t begin);
  bool PassEntry(pid_t tid, TracedProcess& process);
  void ServeAdoptions();
  void Resume(pid_t tid, int signal);
  void Interrupt();

  Vmx* vmx_;
  const CpuidMode mode_;
  const HypercallOptions hypercalls_;
  CpuidPatcher patcher_;
  TrapCpu trap_cpu_;
  pid_t root_ = 0;
  std::atomic<pid_t> command_pid_ = 0;
  pthread_t thread_ = {};
  std::atomic<bool> running_ = false;
  std::atomic<bool> ending_ = false;
  TracerCounters counters_;

  // New tasks that stopped before their parent's event announced them.
  absl::flat_hash_set<pid_t> early_;

  // Guards tasks_ against Processes(); only the tracing thread changes it.
  absl::Mutex tasks_mutex_;
  absl::flat_hash_map<pid_t, std::shared_ptr<TracedProcess>> tasks_;

  absl::Mutex adoptions_mutex_;
  std::deque<Adoption*> adoptions_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_TRACER_H_
