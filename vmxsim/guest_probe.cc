// SPDX-License-Identifier: Apache-2.0

// A guest program for vmxsim_test: each verb tries one thing and prints what came of it.

#include <arpa/inet.h>
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace {

sigjmp_buf escape;
void Escape(int signal) { siglongjmp(escape, signal); }

// GETVERSION; 0 when the instruction faults to this program.
uint32_t GetVersion(uint16_t port = 0x5658) {
  if (sigsetjmp(escape, 1) != 0) return 0;
  uint64_t rax = 0x564D5868, rbx = ~rax, rcx = 10, rdx = port;
  asm volatile("inl %%dx, %%eax" : "+a"(rax), "+b"(rbx), "+c"(rcx), "+d"(rdx)::"rsi", "rdi");
  return rbx == 0x564D5868 ? static_cast<uint32_t>(rax) : 0xFFFFFFFF;
}

void Catch(int number) {
  struct sigaction action = {};
  action.sa_handler = Escape;
  sigaction(number, &action, nullptr);
}

std::string CpuidVendor() {
  uint32_t eax, ebx, ecx, edx;
  __cpuid(0x40000000, eax, ebx, ecx, edx);
  char text[13] = {};
  memcpy(text, &ebx, 4);
  memcpy(text + 4, &ecx, 4);
  memcpy(text + 8, &edx, 4);
  return text;
}

int Cpuid() {
  uint32_t eax, ebx, ecx, edx;
  __cpuid(1, eax, ebx, ecx, edx);
  printf("%s %u", CpuidVendor().c_str(), ecx >> 31);
  __cpuid(0x40000010, eax, ebx, ecx, edx);
  printf(" %u\n", ecx & 3);
  return 0;
}

// Where no program has memory. Not a constant: the compiler would know that it is invalid.
volatile int* volatile nowhere = reinterpret_cast<volatile int*>(8);

// Faults that are the program's own arrive, with the right signal, and the backdoor works after.
int Signals() {
  // Static: what is set between sigsetjmp and siglongjmp must survive.
  static int caught[4];
  Catch(SIGSEGV);
  Catch(SIGILL);
  Catch(SIGTRAP);
  if ((caught[0] = sigsetjmp(escape, 1)) == 0) *nowhere = 1;
  if ((caught[1] = sigsetjmp(escape, 1)) == 0) asm volatile("ud2");
  if ((caught[2] = sigsetjmp(escape, 1)) == 0) asm volatile("int3");
  if ((caught[3] = sigsetjmp(escape, 1)) == 0) asm volatile("inb $0x80, %%al" ::: "eax");
  printf("%d %d %d %d ", caught[0] == SIGSEGV, caught[1] == SIGILL, caught[2] == SIGTRAP,
         caught[3] == SIGSEGV);
  // Another port is not the backdoor's.
  printf("%u %u\n", GetVersion(0x1234), GetVersion());
  return 0;
}

// Threads, a fork, a vfork and exec, a grandchild: all are in the machine.
int Descendants(const char* self) {
  std::vector<std::thread> threads;
  std::vector<uint32_t> versions(8);
  for (uint32_t& version : versions) {
    threads.emplace_back([&version] {
      for (int i = 0; i < 200; ++i) version = GetVersion();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const uint32_t version : versions) printf("%u", version);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    printf(" %s", CpuidVendor().c_str());
    fflush(stdout);
    pid_t spawned = 0;
    const char* arguments[] = {self, "cpuid", nullptr};
    printf(" ");
    fflush(stdout);
    posix_spawn(&spawned, self, nullptr, nullptr, const_cast<char**>(arguments), environ);
    int status = 0;
    waitpid(spawned, &status, 0);
    _exit(WEXITSTATUS(status));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

int Traps(int count) {
  cpu_set_t before, after;
  sched_getaffinity(0, sizeof(before), &before);
  while (count-- > 0) {
    if (GetVersion() != 6) return 1;
  }
  usleep(1000);  // The last trap is over when its player says so.
  sched_getaffinity(0, sizeof(after), &after);
  if (CPU_EQUAL(&before, &after)) puts("its own CPUs as before");
  return 0;
}

void Try(const char* name, long result) {
  printf("%s %s\n", name, result >= 0 ? "allowed" : strerrorname_np(errno));
}

// What no guest may do. Each call would be harmless if it were let through.
int Forbidden() {
  if (prctl(PR_GET_SECCOMP) != 2) {
    puts("not under vmxsim");
    return 1;
  }
  Try("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
  int pair[2];
  Try("vsock pair", socketpair(AF_VSOCK, SOCK_STREAM, 0, pair));
  Try("inet", socket(AF_INET, SOCK_STREAM, 0));
  Try("ioperm", ioperm(0x80, 1, 1));
  Try("iopl", iopl(3));
  // Only turns Ctrl-Alt-Delete into a signal to process 1, as systemd does.
  Try("reboot", reboot(RB_DISABLE_CAD));
  timex unchanged = {};
  Try("adjtimex", adjtimex(&unchanged));
  timespec never = {-1, -1};
  Try("clock_settime", syscall(SYS_clock_settime, CLOCK_REALTIME, &never));
  Try("kexec_load", syscall(SYS_kexec_load, 0, 0, nullptr, ~0ul));
  Try("delete_module", syscall(SYS_delete_module, "vmxsim_no_such_module", 0));
  Try("io_uring_setup", syscall(SYS_io_uring_setup, 0, nullptr));
  Try("fifreeze", ioctl(-1, FIFREEZE, 0));
  Try("fithaw", ioctl(-1, FITHAW, 0));
  // The i386 entry: getpid.
  long result = 20;
  asm volatile("int $0x80" : "+a"(result)::"memory");
  errno = static_cast<int>(-result);
  Try("int80", result);
  return 0;
}

int64_t Micros(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * int64_t{1000000} + time.tv_nsec / 1000;
}

// Sets the clock in each way. Each call would move it by microseconds if it were let through.
int Clock() {
  const int64_t before = Micros(CLOCK_REALTIME) - Micros(CLOCK_BOOTTIME);
  timex step = {};
  step.modes = ADJ_SETOFFSET;
  step.time.tv_usec = 200;
  Try("clock_adjtime", clock_adjtime(CLOCK_REALTIME, &step));
  step.time = {-1, 999900};
  Try("adjtimex", adjtimex(&step));
  const int64_t now = Micros(CLOCK_REALTIME);
  timeval value = {now / 1000000, now % 1000000};
  Try("settimeofday", settimeofday(&value, nullptr));
  timespec time = {now / 1000000, now % 1000000 * 1000};
  Try("clock_settime", clock_settime(CLOCK_REALTIME, &time));
  timex rate = {};
  rate.modes = ADJ_TICK;
  rate.tick = 10001;
  Try("tick", adjtimex(&rate));
  timex read = {};
  Try("read", clock_adjtime(CLOCK_REALTIME, &read));
  printf("tick %ld\n", read.tick);
  const int64_t after = Micros(CLOCK_REALTIME) - Micros(CLOCK_BOOTTIME);
  puts(llabs(after - before) < 50 ? "the machine's clock is as before" : "the clock was set");
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct capabilities[2] = {};
  Try("capset", syscall(SYS_capset, &header, capabilities));
  Try("without capabilities", clock_settime(CLOCK_REALTIME, &time));
  return 0;
}

// Stops itself; goes on when a sibling continues it.
int Stop() {
  const pid_t self = getpid();
  const pid_t sibling = fork();
  if (sibling == 0) {
    usleep(100000);
    kill(self, SIGCONT);
    _exit(0);
  }
  raise(SIGSTOP);
  waitpid(sibling, nullptr, 0);
  printf("continued %u\n", GetVersion());
  return 0;
}

// Replaces a whole multi-threaded process from a thread that is not the first.
int ExecFromThread(const char* self) {
  std::thread thread([self] { execl(self, self, "cpuid", nullptr); });
  thread.join();
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "cpuid") return Cpuid();
  if (verb == "signals") return Signals();
  if (verb == "descendants") return Descendants(argv[0]);
  if (verb == "traps" && argc > 2) return Traps(atoi(argv[2]));
  if (verb == "forbidden") return Forbidden();
  if (verb == "clock") return Clock();
  if (verb == "stop") return Stop();
  if (verb == "exec-from-thread") return ExecFromThread(argv[0]);
  if (verb == "crash") *nowhere = 1;
  return 2;
}
