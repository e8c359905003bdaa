// SPDX-License-Identifier: Apache-2.0

// A VMware host for one process: its port says that there is one, and its vsock leads to Unix sockets
// ($LEAKS_HOST.976 and .975, fake_host.py). vmxsim, which does that for whole guests, traces them, and
// LeakSanitizer has to. For x86-64.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <ucontext.h>
// After sys/socket.h, which it needs.
#include <linux/vm_sockets.h>

// docs/protocol/transport.md 1.1.
enum { kMagic = 0x564D5868, kPort = 0x5658, kGetVersion = 10, kVersion = 6, kEsx = 2 };

static int (*real_sigaction)(int, const struct sigaction*, struct sigaction*);

// "in eax, dx" on the backdoor's port; every other fault is one.
static void OnFault(int number, siginfo_t* info, void* context) {
  (void)info;
  greg_t* const registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  const uint8_t* const code = (const uint8_t*)registers[REG_RIP];
  if (*code != 0xED || (registers[REG_RDX] & 0xFFFF) != kPort) {
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    real_sigaction(number, &usual, NULL);
    return;
  }
  if ((registers[REG_RCX] & 0xFFFF) == kGetVersion) {
    registers[REG_RAX] = kVersion;
    registers[REG_RBX] = kMagic;
    registers[REG_RCX] = kEsx;
  } else {
    registers[REG_RAX] = 0xFFFFFFFF;
  }
  ++registers[REG_RIP];
}

__attribute__((constructor)) static void AtStart(void) {
  real_sigaction = dlsym(RTLD_NEXT, "sigaction");
  const struct sigaction ours = {.sa_sigaction = OnFault, .sa_flags = SA_SIGINFO | SA_NODEFER};
  real_sigaction(SIGSEGV, &ours, NULL);
}

// The program's own handler is for a port that is not there.
int sigaction(int number, const struct sigaction* action, struct sigaction* old) {
  if (real_sigaction == NULL) real_sigaction = dlsym(RTLD_NEXT, "sigaction");
  if (number != SIGSEGV) return real_sigaction(number, action, old);
  if (old != NULL) memset(old, 0, sizeof *old);
  return 0;
}

int socket(int family, int type, int protocol) {
  int (*real)(int, int, int) = dlsym(RTLD_NEXT, "socket");
  return real(family == AF_VSOCK ? AF_UNIX : family, type, protocol);
}

int bind(int fd, const struct sockaddr* address, socklen_t size) {
  int (*real)(int, const struct sockaddr*, socklen_t) = dlsym(RTLD_NEXT, "bind");
  return address->sa_family == AF_VSOCK ? 0 : real(fd, address, size);
}

int connect(int fd, const struct sockaddr* address, socklen_t size) {
  int (*real)(int, const struct sockaddr*, socklen_t) = dlsym(RTLD_NEXT, "connect");
  if (address->sa_family != AF_VSOCK) return real(fd, address, size);
  const unsigned port = ((const struct sockaddr_vm*)address)->svm_port;
  struct sockaddr_un host = {.sun_family = AF_UNIX};
  snprintf(host.sun_path, sizeof host.sun_path, "%s.%u", getenv("LEAKS_HOST"), port);
  return real(fd, (const struct sockaddr*)&host, sizeof host);
}
