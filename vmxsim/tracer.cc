// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/tracer.h"

#include <asm/prctl.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "vmxsim/cpuid_emulator.h"
#include "vmxsim/cpuid_finder.h"
#include "vmxsim/tracee.h"

namespace toolboxd::vmxsim {
namespace {

constexpr long kOptions = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                          PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
constexpr char kBreakpoint = '\xCC';

uint64_t Nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * uint64_t{1000000000} + now.tv_nsec;
}

// The process that a thread belongs to; 0 when it is gone.
pid_t ProcessOf(pid_t tid) {
  std::ifstream file(absl::StrCat("/proc/", tid, "/status"));
  std::string line;
  while (std::getline(file, line)) {
    absl::string_view text = line;
    pid_t pid = 0;
    if (absl::ConsumePrefix(&text, "Tgid:") && absl::SimpleAtoi(text, &pid)) return pid;
  }
  return 0;
}

bool IsStopSignal(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

void IgnoreSignal(int) {}

// Both hypercalls: under another hypervisor either of them might do something.
std::vector<PatchedInstruction> InstructionsToPatch(CpuidMode mode,
                                                    const HypercallOptions& hypercalls) {
  std::vector<PatchedInstruction> instructions;
  if (mode == CpuidMode::kPatch) instructions = {PatchedInstruction::kCpuid};
  if (hypercalls.accepted != 0) {
    instructions.push_back(PatchedInstruction::kVmcall);
    instructions.push_back(PatchedInstruction::kVmmcall);
  }
  return instructions;
}

}  // namespace

bool CpuCanFaultCpuid() {
  // Allows CPUID, which it is anyway; only the capability matters.
  return syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1) == 0;
}

Tracer::Tracer(Vmx* vmx, CpuidMode mode, const HypercallOptions& hypercalls)
    : vmx_(vmx),
      mode_(mode),
      hypercalls_(hypercalls),
      patcher_(InstructionsToPatch(mode, hypercalls)) {}

absl::Status Tracer::Seize(pid_t root) {
  thread_ = pthread_self();
  if (ptrace(PTRACE_SEIZE, root, nullptr, kOptions) != 0) {
    return ErrnoError(errno, "ptrace of the guest");
  }
  // Interrupts waitpid() when another thread has something for this one.
  struct sigaction action = {};
  action.sa_handler = IgnoreSignal;
  sigaction(SIGUSR2, &action, nullptr);
  root_ = root;
  auto process = std::make_shared<TracedProcess>();
  process->pid = root;
  process->exec = absl::Now();
  absl::MutexLock lock(&tasks_mutex_);
  tasks_[root] = std::move(process);
  running_ = true;
  return absl::OkStatus();
}

int Tracer::Run() {
  int root_status = 0;
  for (;;) {
    int status = 0;
    const pid_t tid = waitpid(-1, &status, __WALL);
    if (tid < 0) {
      if (errno != EINTR) break;
      ServeAdoptions();
      continue;
    }
    if (WIFSTOPPED(status)) {
      OnStop(tid, status);
      continue;
    }
    if (tid == root_) root_status = status;
    absl::MutexLock lock(&tasks_mutex_);
    tasks_.erase(tid);
    // What was adopted from outside does not outlive the guest.
    if (tid == root_) ending_ = true;
    if (ending_) {
      for (const auto& [task, process] : tasks_) kill(process->pid, SIGKILL);
    }
  }
  running_ = false;
  ServeAdoptions();
  return root_status;
}

void Tracer::Resume(pid_t tid, int signal) { ptrace(PTRACE_CONT, tid, nullptr, signal); }

void Tracer::OnStop(pid_t tid, int status) {
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  const auto found = tasks_.find(tid);
  if (found == tasks_.end()) {
    // A child whose parent's event has not come yet: it waits.
    early_.insert(tid);
    return;
  }
  if (event != 0) {
    OnEvent(tid, event, signal);
  } else {
    OnSignal(tid, *found->second, signal);
  }
}

void Tracer::OnSignal(pid_t tid, TracedProcess& process, int signal) {
  user_regs_struct registers;
  if (signal == SIGSEGV && GetRegisters(tid, &registers)) {
    const uint64_t begin = Nanoseconds();
    if (PlayBackdoor(tid, process.exec, process.cache, *vmx_, registers)) {
      FinishTrap(tid, registers, begin);
      return;
    }
  }
  if (signal == SIGILL && process.patched != nullptr && OnHypercall(tid, process)) return;
  if ((signal == SIGSEGV && mode_ == CpuidMode::kFault) ||
      (signal == SIGILL && process.patched != nullptr)) {
    if (GetRegisters(tid, &registers) && PlayCpuid(process, registers, tid, signal)) {
      Resume(tid, 0);
      return;
    }
  }
  if (signal == SIGTRAP && process.entry != 0 && PassEntry(tid, process)) {
    Resume(tid, 0);
    return;
  }
  ++counters_.other_signals;
  Resume(tid, signal);
}

void Tracer::FinishTrap(pid_t tid, const user_regs_struct& registers, uint64_t begin) {
  SetRegisters(tid, registers);
  if (trap_cpu_.Follow(tid)) ++counters_.traps_elsewhere;
  counters_.trap_nanoseconds += Nanoseconds() - begin;
  ++counters_.traps;
  trap_cpu_.Continue(tid);
}

bool Tracer::OnHypercall(pid_t tid, TracedProcess& process) {
  const uint64_t begin = Nanoseconds();
  user_regs_struct registers;
  if (!GetRegisters(tid, &registers)) return false;
  const auto found = process.patched->find(registers.rip);
  if (found == process.patched->end() || found->second == PatchedInstruction::kCpuid) return false;
  const bool is_vmcall = found->second == PatchedInstruction::kVmcall;
  if ((hypercalls_.accepted & (is_vmcall ? kAcceptsVmcall : kAcceptsVmmcall)) == 0) return false;
  switch (hypercalls_.fault) {
    case HypercallFault::kNone:
      if (!PlayHypercall(tid, process.exec, *vmx_, registers)) return false;
      break;
    case HypercallFault::kIllegal:
      return false;
    case HypercallFault::kSegmentation:
      Resume(tid, SIGSEGV);
      return true;
    case HypercallFault::kSilent:
      registers.rax = 0xFFFFFFFF;
      break;
  }
  registers.rip += kVmcallBytes.size();
  ++counters_.hypercalls;
  FinishTrap(tid, registers, begin);
  return true;
}

bool Tracer::PlayCpuid(TracedProcess& process, user_regs_struct& registers, pid_t tid, int signal) {
  char bytes[2];
  if (ReadMemory(tid, registers.rip, bytes, sizeof(bytes)) != sizeof(bytes)) return false;
  bool is_patched = false;
  if (signal == SIGILL && memcmp(bytes, "\x0F\x0B", 2) == 0) {
    const auto found = process.patched->find(registers.rip);
    is_patched = found != process.patched->end() && found->second == PatchedInstruction::kCpuid;
  }
  const bool has_faulted = signal == SIGSEGV && memcmp(bytes, "\x0F\xA2", 2) == 0;
  if (!is_patched && !has_faulted) return false;
  const CpuidResult result =
      EmulateCpuid(static_cast<uint32_t>(registers.rax), static_cast<uint32_t>(registers.rcx),
                   hypercalls_.accepted);
  registers.rax = result.eax;
  registers.rbx = result.ebx;
  registers.rcx = result.ecx;
  registers.rdx = result.edx;
  registers.rip += 2;
  ++counters_.cpuid;
  return SetRegisters(tid, registers);
}

// At the breakpoint on the program's first instruction: all libraries that it needs are mapped.
bool Tracer::PassEntry(pid_t tid, TracedProcess& process) {
  user_regs_struct registers;
  if (!GetRegisters(tid, &registers) || registers.rip != process.entry + 1) return false;
  WriteText(tid, process.entry, absl::string_view(&process.entry_byte, 1));
  registers.rip = process.entry;
  SetRegisters(tid, registers);
  process.entry = 0;
  process.patched = patcher_.Patch(tid);
  return true;
}

void Tracer::OnEvent(pid_t tid, int event, int signal) {
  switch (event) {
    case PTRACE_EVENT_STOP:
      if (IsStopSignal(signal)) {
        // A group stop: the thread stays stopped until SIGCONT.
        ptrace(PTRACE_LISTEN, tid, nullptr, nullptr);
        return;
      }
      break;
    case PTRACE_EVENT_EXEC:
      OnExec(tid);
      break;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE: {
      unsigned long child = 0;
      if (ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &child) == 0) {
        OnNewTask(tid, static_cast<pid_t>(child), event);
      }
      break;
    }
    default:
      break;
  }
  Resume(tid, 0);
}

void Tracer::OnNewTask(pid_t parent, pid_t child, int event) {
  std::shared_ptr<TracedProcess> process = tasks_[parent];
  if (parent == root_ && command_pid_ == 0) command_pid_ = child;
  // A vfork child shares the memory until it executes something, which gives it a new entry.
  const bool shares_process = event == PTRACE_EVENT_CLONE && ProcessOf(child) == process->pid;
  if (!shares_process) {
    process = std::make_shared<TracedProcess>(*process);
    process->pid = child;
  }
  {
    absl::MutexLock lock(&tasks_mutex_);
    tasks_[child] = std::move(process);
  }
  if (ending_) kill(child, SIGKILL);
  if (early_.erase(child) > 0) Resume(child, 0);
}

void Tracer::OnExec(pid_t tid) {
  ++counters_.execs;
  unsigned long former = 0;
  ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &former);
  auto process = std::make_shared<TracedProcess>();
  process->pid = tid;
  process->exec = absl::Now();
  if (mode_ == CpuidMode::kFault) {
    SystemCallAfterExec(tid, SYS_arch_prctl, ARCH_SET_CPUID, 0);
  }
  if (!patcher_.empty()) {
    const uint64_t entry = AuxiliaryValue(tid, AT_ENTRY);
    if (entry != 0 && ReadMemory(tid, entry, &process->entry_byte, 1) == 1 &&
        WriteText(tid, entry, absl::string_view(&kBreakpoint, 1))) {
      process->entry = entry;
    }
  }
  absl::MutexLock lock(&tasks_mutex_);
  // Another thread than the first called execve: it goes on under the process's number.
  if (former != 0 && static_cast<pid_t>(former) != tid) tasks_.erase(static_cast<pid_t>(former));
  tasks_[tid] = std::move(process);
}

absl::Status Tracer::Adopt(pid_t pid) {
  Adoption adoption;
  adoption.pid = pid;
  {
    absl::MutexLock lock(&adoptions_mutex_);
    if (!running_) return absl::UnavailableError("the guest has ended");
    adoptions_.push_back(&adoption);
  }
  for (;;) {
    Interrupt();
    absl::MutexLock lock(&adoptions_mutex_);
    const auto is_done = [&adoption] { return adoption.done; };
    // A signal that came before waitpid() began is lost: send it again.
    if (adoptions_mutex_.AwaitWithTimeout(absl::Condition(&is_done), absl::Milliseconds(2))) {
      return adoption.status;
    }
  }
}

void Tracer::ServeAdoptions() {
  absl::MutexLock lock(&adoptions_mutex_);
  for (Adoption* adoption : adoptions_) {
    adoption->done = true;
    if (!running_) {
      adoption->status = absl::UnavailableError("the guest has ended");
    } else if (ptrace(PTRACE_SEIZE, adoption->pid, nullptr, kOptions) != 0) {
      adoption->status = ErrnoError(errno, "ptrace");
    } else {
      auto process = std::make_shared<TracedProcess>();
      process->pid = adoption->pid;
      process->exec = absl::Now();
      absl::MutexLock tasks_lock(&tasks_mutex_);
      tasks_[adoption->pid] = std::move(process);
    }
  }
  adoptions_.clear();
}

void Tracer::EndAll() {
  ending_ = true;
  absl::MutexLock lock(&tasks_mutex_);
  for (const auto& [task, process] : tasks_) kill(process->pid, SIGKILL);
}

std::vector<ProcessInfo> Tracer::Processes() {
  std::vector<ProcessInfo> result;
  absl::MutexLock lock(&tasks_mutex_);
  for (const auto& [task, process] : tasks_) {
    if (task == process->pid) result.push_back({process->pid, process->exec});
  }
  return result;
}

absl::Time Tracer::ExecTime(pid_t tid) {
  absl::MutexLock lock(&tasks_mutex_);
  const auto found = tasks_.find(tid);
  return found == tasks_.end() ? absl::Now() : found->second->exec;
}

void Tracer::Interrupt() {
  if (running_) pthread_kill(thread_, SIGUSR2);
}

}  // namespace toolboxd::vmxsim
