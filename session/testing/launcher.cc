// SPDX-License-Identifier: Apache-2.0

#include "session/testing/launcher.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace toolboxd::session {
namespace {

constexpr int kPatienceMs = 10'000;

bool Readable(int fd) {
  pollfd item{fd, POLLIN, 0};
  return poll(&item, 1, kPatienceMs) == 1;
}

bool ReadExactly(int fd, char* bytes, size_t size) {
  size_t done = 0;
  while (done < size && Readable(fd)) {
    const ssize_t got = read(fd, bytes + done, size - done);
    if (got <= 0) return false;
    done += got;
  }
  return done == size;
}

bool BecomeUser(uid_t uid) {
  const passwd* entry = getpwuid(uid);
  return entry != nullptr && initgroups(entry->pw_name, entry->pw_gid) == 0 &&
         setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) == 0 &&
         setresuid(uid, uid, uid) == 0;
}

// Bazel starts tests with glibc's two internal signals ignored; systemd does not, and
// glibc's own functions do not reach them.
void ResetThreadSignals() {
  const uint64_t by_default[4] = {};
  syscall(SYS_rt_sigaction, 32, by_default, nullptr, sizeof(uint64_t));
  syscall(SYS_rt_sigaction, 33, by_default, nullptr, sizeof(uint64_t));
}

}  // namespace

void Launched::ConnectConfined(const LaunchOptions& options, int (&ends)[2]) {
  int report[2];
  EXPECT_EQ(pipe(report), 0);
  peer_pid_ = static_cast<pid_t>(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
  if (peer_pid_ == 0) {
    if (!options.confine() || (options.peer != 0 && seteuid(options.peer) != 0) ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      ends[0] = ends[1] = -1;
    }
    (void)!write(report[1], ends, sizeof ends);
    while (!options.peer_ends) pause();
    // Descriptors are this process's too: not one is closed.
    syscall(SYS_exit_group, 0);
  }
  EXPECT_TRUE(ReadExactly(report[0], reinterpret_cast<char*>(ends), sizeof ends));
  EXPECT_GE(ends[0], 0) << "the peer could not be confined";
  close(report[0]);
  close(report[1]);
  if (options.peer_ends) waitpid(std::exchange(peer_pid_, -1), nullptr, 0);
}

Launched::Launched(const LaunchOptions& options) {
  int ends[2];
  if (options.confine) {
    ConnectConfined(options, ends);
  } else {
    // The kernel notes who makes the pair: that is the peer of both ends.
    EXPECT_EQ(seteuid(options.peer), 0);
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    EXPECT_EQ(seteuid(0), 0);
  }
  client_.reset(ends[0]);
  std::vector<char*> arguments;
  for (const std::string& text : options.command) {
    arguments.push_back(const_cast<char*>(text.c_str()));
  }
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    if (options.user != 0 && !BecomeUser(options.user)) _exit(99);
    ResetThreadSignals();
    if (ends[1] == 3)
      fcntl(3, F_SETFD, 0);
    else if (dup2(ends[1], 3) < 0)
      _exit(99);
    // As systemd starts it.
    signal(SIGPIPE, SIG_IGN);
    execv(arguments[0], arguments.data());
    _exit(99);
  }
  close(ends[1]);
}

Launched::~Launched() {
  Hang();
  if (pid_ > 0) Wait();
  if (peer_pid_ > 1 && kill(peer_pid_, SIGKILL) == 0) waitpid(peer_pid_, nullptr, 0);
}

void Launched::Send(std::string_view bytes) {
  (void)!send(client(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

std::optional<Reply> Launched::ReadReply() {
  char greeting;
  if (!greeted_ && (!ReadExactly(client(), &greeting, 1) || greeting != kGreeting)) {
    return std::nullopt;
  }
  greeted_ = true;
  char prefix[kPrefixSize];
  if (!ReadExactly(client(), prefix, sizeof prefix)) return std::nullopt;
  std::string body(ReadPrefix(prefix), '\0');
  if (!ReadExactly(client(), body.data(), body.size())) return std::nullopt;
  return DecodeReply(body);
}

std::string Launched::ReadReport() {
  std::string report;
  char byte;
  while (!report.ends_with("end\n") && ReadExactly(client(), &byte, 1)) report += byte;
  return report;
}

bool Launched::IsClosed() {
  char byte;
  return Readable(client()) && read(client(), &byte, 1) <= 0;
}

int Launched::Wait() {
  for (int i = 0; i < kPatienceMs; ++i) {
    int status;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return status;
    }
    usleep(1000);
  }
  ADD_FAILURE() << "session did not end";
  if (pid_ > 1) kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  return -1;
}

}  // namespace toolboxd::session
