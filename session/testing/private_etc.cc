// SPDX-License-Identifier: Apache-2.0

#include "session/testing/private_etc.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace toolboxd::session {
namespace {

void Must(bool worked, const char* step) {
  if (worked) return;
  perror(step);
  fprintf(stderr, "this test needs real root (run it with tags local, as tests/run does)\n");
  exit(1);
}

// The first process of a namespace: when it ends, the kernel ends the others.
void GoOnInPidNamespace() {
  Must(unshare(CLONE_NEWPID) == 0, "unshare");
  const pid_t child = fork();
  Must(child >= 0, "fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Must(getpid() == 1, "process namespace");
    return;
  }
  int status;
  while (waitpid(child, &status, 0) != child) {
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

}  // namespace

void MustRun(const std::string& command) { Must(system(command.c_str()) == 0, command.c_str()); }

void EnterPrivateEtc() {
  setenv("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
  Must(unshare(CLONE_NEWNS) == 0, "unshare");
  Must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount --make-rprivate");
  GoOnInPidNamespace();
  Must(mount("proc", "/proc", "proc", 0, nullptr) == 0, "mount /proc");
  char copy[] = "/tmp/toolboxd-etc-XXXXXX";
  Must(mkdtemp(copy) != nullptr, "mkdtemp");
  Must(mount("tmpfs", copy, "tmpfs", 0, "mode=0755") == 0, "mount tmpfs");
  MustRun(std::string("cp -a /etc/. ") + copy);
  Must(mount(copy, "/etc", nullptr, MS_BIND, nullptr) == 0, "mount --bind /etc");
  Must(umount2(copy, MNT_DETACH) == 0, "umount");
  rmdir(copy);
}

void AddUser(const std::string& name, const std::string& password) {
  MustRun("mkdir -p /etc/home && useradd -m -b /etc/home -s /bin/bash " + name);
  std::ofstream("/etc/home/password") << name << ":" << password << "\n";
  MustRun("chpasswd -c YESCRYPT < /etc/home/password");
}

void WritePamStack(const std::string& name, const std::string& text) {
  std::ofstream("/etc/pam.d/" + name) << text;
}

}  // namespace toolboxd::session
