// SPDX-License-Identifier: Apache-2.0

#include "session/service.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "base/unique_fd.h"

namespace toolboxd::session {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kShort{200};

// A child that stands in for a service, the connection of its parent, and the client's end.
class WaitForServiceTest : public testing::Test {
 protected:
  WaitForServiceTest() {
    const sigset_t signals = WaitedSignals();
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    client_.reset(ends[0]);
    connection_.reset(ends[1]);
    EXPECT_EQ(pipe(report_), 0);
  }

  // Returns when the child runs. `serve` gets the service's end of the connection and the pipe's
  // that reports.
  void Start(const std::function<void(int connection, int report)>& serve) {
    service_ = fork();
    if (service_ != 0) {
      // Not stopped while it still has the client's end.
      char ready;
      ASSERT_EQ(read(report_[0], &ready, 1), 1);
      return;
    }
    client_.reset();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    (void)!write(report_[1], "", 1);
    serve(connection_.get(), report_[1]);
    _exit(0);
  }
  int Wait(milliseconds grace) { return WaitForService(service_, std::move(connection_), grace); }

  UniqueFd client_;
  UniqueFd connection_;
  int report_[2];
  pid_t service_ = -1;
};

void ReadToTheEnd(int connection) {
  char byte;
  while (read(connection, &byte, 1) > 0) {
  }
}

[[noreturn]] void PauseForever() {
  for (;;) pause();
}

TEST_F(WaitForServiceTest, ServiceThatEndsWithItsConnectionGetsNoSignal) {
  Start([](int connection, int) {
    ReadToTheEnd(connection);
    // Some work that is left.
    usleep(100'000);
    _exit(7);
  });
  client_.reset();
  const int status = Wait(std::chrono::seconds(30));
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(WaitForServiceTest, StoppedServiceIsEndedAfterTheGrace) {
  Start([](int, int) { PauseForever(); });
  kill(service_, SIGSTOP);
  client_.reset();
  const auto start = steady_clock::now();
  const int status = Wait(kShort);
  EXPECT_GE(steady_clock::now() - start, kShort);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST_F(WaitForServiceTest, ServiceThatIgnoresSigtermIsKilled) {
  Start([](int, int) {
    signal(SIGTERM, SIG_IGN);
    PauseForever();
  });
  client_.reset();
  const int status = Wait(kShort);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST_F(WaitForServiceTest, ServiceWithAConnectionIsLeftAlone) {
  Start([](int connection, int) { ReadToTheEnd(connection); });
  const UniqueFd client = std::move(client_);
  const pid_t closer = fork();
  if (closer == 0) {
    // Longer than the grace, which begins with the connection's end only.
    usleep(400'000);
    shutdown(client.get(), SHUT_RDWR);
    _exit(0);
  }
  const auto start = steady_clock::now();
  const int status = Wait(kShort);
  EXPECT_GE(steady_clock::now() - start, milliseconds(400));
  EXPECT_TRUE(WIFEXITED(status));
  waitpid(closer, nullptr, 0);
}

TEST_F(WaitForServiceTest, ProgramsOfTheServiceSurviveItsEnd) {
  Start([](int, int report) {
    const pid_t program = fork();
    if (program == 0) PauseForever();
    (void)!write(report, &program, sizeof program);
    PauseForever();
  });
  pid_t program = -1;
  ASSERT_EQ(read(report_[0], &program, sizeof program), static_cast<ssize_t>(sizeof program));
  ASSERT_GT(program, 1);
  kill(service_, SIGSTOP);
  client_.reset();
  EXPECT_TRUE(WIFSIGNALED(Wait(kShort)));
  EXPECT_EQ(kill(program, 0), 0);
  kill(program, SIGKILL);
}

}  // namespace
}  // namespace toolboxd::session
