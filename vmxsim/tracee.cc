// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/tracee.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/rseq.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace toolboxd::vmxsim {
namespace {

// Waits for the thread's next stop. The tracer's own signals (Tracer::Interrupt) do not end the
// wait: the thread would be left in the middle of what is done to it.
bool WaitForStop(pid_t tid) {
  int status = 0;
  pid_t stopped;
  do {
    stopped = waitpid(tid, &status, __WALL);
  } while (stopped < 0 && errno == EINTR);
  return stopped == tid && WIFSTOPPED(status);
}

// An address of the tracee, which nothing here dereferences.
iovec Remote(uint64_t address, size_t size) {
  return {reinterpret_cast<void*>(address), size};  // NOLINT(performance-no-int-to-ptr): not ours
}

}  // namespace

bool GetRegisters(pid_t tid, user_regs_struct* registers) {
  return ptrace(PTRACE_GETREGS, tid, nullptr, registers) == 0;
}

bool SetRegisters(pid_t tid, const user_regs_struct& registers) {
  return ptrace(PTRACE_SETREGS, tid, nullptr, &registers) == 0;
}

size_t ReadMemory(pid_t tid, uint64_t address, void* buffer, size_t size) {
  const iovec local = {buffer, size};
  const iovec remote = Remote(address, size);
  const ssize_t count = process_vm_readv(tid, &local, 1, &remote, 1, 0);
  return count < 0 ? 0 : static_cast<size_t>(count);
}

bool WriteMemory(pid_t tid, uint64_t address, absl::string_view bytes) {
  const iovec local = {const_cast<char*>(bytes.data()), bytes.size()};
  const iovec remote = Remote(address, bytes.size());
  return process_vm_writev(tid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes.size());
}

bool WriteText(pid_t tid, uint64_t address, absl::string_view bytes) {
  while (!bytes.empty()) {
    // A word at a time; the word's other bytes are written back as they are.
    const uint64_t word_address = address & ~uint64_t{7};
    const size_t offset = address - word_address;
    const size_t count = std::min<size_t>(bytes.size(), 8 - offset);
    errno = 0;
    long word = ptrace(PTRACE_PEEKTEXT, tid, word_address, nullptr);
    if (errno != 0) return false;
    memcpy(reinterpret_cast<char*>(&word) + offset, bytes.data(), count);
    if (ptrace(PTRACE_POKETEXT, tid, word_address, word) != 0) return false;
    address += count;
    bytes.remove_prefix(count);
  }
  return true;
}

int CpuOf(pid_t tid) {
  __ptrace_rseq_configuration area = {};
  if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, tid, sizeof(area), &area) <= 0) return -1;
  int32_t cpu = -1;
  const uint64_t address = area.rseq_abi_pointer + offsetof(rseq, cpu_id);
  if (ReadMemory(tid, address, &cpu, sizeof(cpu)) != sizeof(cpu)) return -1;
  return cpu;
}

uint64_t AuxiliaryValue(pid_t tid, uint64_t type) {
  const int fd = open(absl::StrCat("/proc/", tid, "/auxv").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  Elf64_auxv_t entries[64];
  const ssize_t size = read(fd, entries, sizeof(entries));
  close(fd);
  for (ssize_t i = 0; (i + 1) * static_cast<ssize_t>(sizeof(entries[0])) <= size; ++i) {
    if (entries[i].a_type == type) return entries[i].a_un.a_val;
  }
  return 0;
}

int64_t SystemCallAfterExec(pid_t tid, uint64_t number, uint64_t argument1, uint64_t argument2) {
  // At the event the thread is still inside execve, whose end sets RAX: go there first.
  if (ptrace(PTRACE_SYSCALL, tid, nullptr, nullptr) != 0 || !WaitForStop(tid)) return -ESRCH;
  user_regs_struct saved;
  char saved_text[2];
  if (!GetRegisters(tid, &saved) ||
      ReadMemory(tid, saved.rip, saved_text, sizeof(saved_text)) != sizeof(saved_text) ||
      !WriteText(tid, saved.rip, absl::string_view("\x0F\x05", 2))) {
    return -ESRCH;
  }
  user_regs_struct call = saved;
  call.rax = number;
  call.orig_rax = ~uint64_t{0};
  call.rdi = argument1;
  call.rsi = argument2;
  int64_t result = -ESRCH;
  if (SetRegisters(tid, call) && ptrace(PTRACE_SINGLESTEP, tid, nullptr, nullptr) == 0 &&
      WaitForStop(tid) && GetRegisters(tid, &call)) {
    result = static_cast<int64_t>(call.rax);
  }
  WriteText(tid, saved.rip, absl::string_view(saved_text, sizeof(saved_text)));
  SetRegisters(tid, saved);
  return result;
}

}  // namespace toolboxd::vmxsim
