// SPDX-License-Identifier: Apache-2.0

// The connection and the twin, as real processes: file systems are flags in shared memory. What is
// killed here is always a process that the test has started.

#include "freezer/serve.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <random>
#include <string>

#include "base/testing/eventually.h"
#include "base/unique_fd.h"
#include "freezer/protocol.h"
#include "freezer/releaser.h"
#include "freezer/testing/fake_kernel.h"
#include "freezer/testing/list_file.h"
#include "freezer/twin.h"

namespace toolboxd::freezer {
namespace {

constexpr uint32_t kLong = 60 * 1000;
constexpr ReleaseTimes kShort = {.interrupt = 300, .again = 50, .abort_fuse = 600};

// The newest child of a process, 0 if it has none.
pid_t ChildOf(pid_t process) {
  const std::string number = std::to_string(process);
  std::ifstream file("/proc/" + number + "/task/" + number + "/children");
  pid_t child = 0;
  for (pid_t next; file >> next;) child = next;
  return child;
}

class ServeTest : public testing::Test {
 protected:
  ServeTest() { kernel_.UseRealTime(); }
  ~ServeTest() override { End(); }

  void Start() {
    int pair[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    caller_.reset(pair[0]);
    const UniqueFd connection(pair[1]);
    main_ = fork();
    ASSERT_GE(main_, 0);
    if (main_ != 0) return;
    caller_.reset();
    const UniqueFd signals = BlockSignals();
    List list;
    if (list.Open(file_.path()) != 0) _exit(2);
    Releaser releaser(&kernel_, &list, kShort);
    if (releaser.Start(connection.get(), [] { return 0; }) != 0) _exit(3);
    _exit(Serve(kernel_, list, connection.get(), signals.get(), &releaser) ? 0 : 1);
  }

  void Send(Operation operation, uint32_t number = 0, uint32_t freeze_ms = 0,
            uint32_t hold_ms = 0) {
    Request request;
    request.operation = operation;
    request.freeze_ms = freeze_ms;
    request.hold_ms = hold_ms;
    request.mount_id = number;
    strcpy(request.path, ("/" + std::to_string(number)).c_str());
    ASSERT_EQ(send(caller_.get(), &request, sizeof request, MSG_NOSIGNAL),
              static_cast<ssize_t>(sizeof request));
  }
  // The error of the reply, -1 if there is none.
  int Receive() {
    pollfd item = {caller_.get(), POLLIN, 0};
    if (poll(&item, 1, 20'000) != 1) return -1;
    Reply reply;
    return recv(caller_.get(), &reply, sizeof reply, 0) == static_cast<ssize_t>(sizeof reply)
               ? reply.error
               : -1;
  }
  int Ask(Operation operation, uint32_t number = 0, uint32_t freeze_ms = 0, uint32_t hold_ms = 0) {
    Send(operation, number, freeze_ms, hold_ms);
    return Receive();
  }
  void Freeze(uint32_t hold_ms = kLong) {
    Start();
    for (uint32_t number = 1; number <= 3; ++number) ASSERT_EQ(Ask(Operation::kAdd, number), 0);
    ASSERT_EQ(Ask(Operation::kFreeze, 0, kLong, hold_ms), 0);
    ASSERT_EQ(kernel_.Frozen(), 3);
    twin_ = ChildOf(main_);
    ASSERT_GT(twin_, 0);
  }
  bool IsThawed() {
    return Eventually([&] { return kernel_.Frozen() == 0; });
  }
  // The exit status of the main process, or minus the signal that ended it.
  int End() {
    caller_.reset();
    if (main_ <= 0) return 0;
    kill(main_, SIGCONT);
    int status = 0;
    waitpid(main_, &status, 0);
    main_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  ListFile file_;
  FakeKernel kernel_;
  UniqueFd caller_;
  pid_t main_ = 0;
  pid_t twin_ = 0;
};

TEST_F(ServeTest, FreezesAndThaws) {
  Freeze();
  EXPECT_EQ(Ask(Operation::kHold, 0, 0, kLong), 0);
  EXPECT_EQ(Ask(Operation::kThaw), 0);
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_EQ(End(), 0);
}

TEST_F(ServeTest, MountTableComesAsADescriptor) {
  Start();
  Send(Operation::kMountTable);
  Reply reply;
  iovec part = {&reply, sizeof reply};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ASSERT_EQ(recvmsg(caller_.get(), &message, MSG_CMSG_CLOEXEC), static_cast<ssize_t>(sizeof reply));
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  ASSERT_NE(header, nullptr);
  int fd;
  memcpy(&fd, CMSG_DATA(header), sizeof fd);
  EXPECT_TRUE(UniqueFd(fd).ok());
  EXPECT_EQ(End(), 0);
}

TEST_F(ServeTest, PacketOfAnotherKindIsAnsweredAndEndsIt) {
  Freeze();
  ASSERT_EQ(send(caller_.get(), "x", 1, MSG_NOSIGNAL), 1);
  EXPECT_EQ(Receive(), EPROTO);
  EXPECT_EQ(Receive(), -1);
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_EQ(End(), 0);
}

TEST_F(ServeTest, CallerThatLeavesIsThawed) {
  Freeze();
  EXPECT_EQ(End(), 0);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

TEST_F(ServeTest, CallerThatLeavesDuringTheFreezeEndsIt) {
  kernel_.shared().freeze_ms = 100;
  Start();
  for (uint32_t number = 1; number <= 200; ++number) ASSERT_EQ(Ask(Operation::kAdd, number), 0);
  Send(Operation::kFreeze, 0, kLong, kLong);
  ASSERT_TRUE(Eventually([&] { return kernel_.shared().freezes > 0; }));
  EXPECT_EQ(End(), 0);
  EXPECT_LT(kernel_.shared().freezes, 100);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

// As snapshotd cancels: it says no more, and waits for the end, which means "thawed".
TEST_F(ServeTest, HalfClosedConnectionEndsTheFreezeAndThenTheConnection) {
  kernel_.shared().freeze_ms = 100;
  Start();
  for (uint32_t number = 1; number <= 200; ++number) ASSERT_EQ(Ask(Operation::kAdd, number), 0);
  Send(Operation::kFreeze, 0, kLong, kLong);
  ASSERT_TRUE(Eventually([&] { return kernel_.shared().freezes > 0; }));
  ASSERT_EQ(shutdown(caller_.get(), SHUT_WR), 0);
  EXPECT_EQ(Receive(), ECANCELED);
  EXPECT_EQ(Receive(), -1);
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_LT(kernel_.shared().freezes, 100);
  EXPECT_EQ(End(), 0);
}

TEST_F(ServeTest, HalfClosedConnectionEndsTheSync) {
  kernel_.shared().sync_ms = 100;
  Start();
  for (uint32_t number = 1; number <= 200; ++number) ASSERT_EQ(Ask(Operation::kAdd, number), 0);
  Send(Operation::kSync);
  ASSERT_TRUE(Eventually([&] { return kernel_.shared().syncs > 0; }));
  ASSERT_EQ(shutdown(caller_.get(), SHUT_WR), 0);
  EXPECT_EQ(Receive(), ECANCELED);
  EXPECT_EQ(Receive(), -1);
  EXPECT_LT(kernel_.shared().syncs, 100);
  EXPECT_EQ(End(), 0);
}

TEST_F(ServeTest, HalfClosedConnectionOfAFreezeIsThawedBeforeItEnds) {
  Freeze();
  // Not even a twin that stands still keeps the connection.
  kill(twin_, SIGSTOP);
  ASSERT_EQ(shutdown(caller_.get(), SHUT_WR), 0);
  EXPECT_EQ(Receive(), -1);
  EXPECT_EQ(kernel_.Frozen(), 0);
  kill(twin_, SIGCONT);
  EXPECT_EQ(End(), 0);
}

TEST_F(ServeTest, FreezeThatIsInTimeInterruptsNothing) {
  Freeze();
  EXPECT_EQ(Ask(Operation::kThaw), 0);
  EXPECT_EQ(End(), 0);
  EXPECT_EQ(kernel_.shared().interrupts, 0);
}

TEST_F(ServeTest, FreezeThatHangsIsReleased) {
  kernel_.shared().freeze_ms = 1500;
  Start();
  ASSERT_EQ(Ask(Operation::kAdd, 1), 0);
  Send(Operation::kFreeze, 0, kLong, kLong);
  ASSERT_TRUE(Eventually([&] { return kernel_.shared().interrupts > 0; }));
  EXPECT_EQ(kernel_.shared().aborts, 0);
  EXPECT_EQ(kernel_.shared().dumps, 0);
  EXPECT_TRUE(
      Eventually([&] { return kernel_.shared().aborts > 0 && kernel_.shared().dumps > 0; }));
  EXPECT_EQ(Receive(), 0);
  const int interrupts = kernel_.shared().interrupts;
  EXPECT_EQ(Ask(Operation::kThaw), 0);
  EXPECT_EQ(End(), 0);
  EXPECT_LE(kernel_.shared().interrupts, interrupts + 1);
}

TEST_F(ServeTest, CallerThatDoesNotReadIsThawed) {
  Freeze();
  Request request;
  request.hold_ms = kLong;
  while (send(caller_.get(), &request, sizeof request, MSG_NOSIGNAL) > 0 && kernel_.Frozen() > 0) {
  }
  EXPECT_TRUE(IsThawed());
  EXPECT_EQ(End(), 0);
}

TEST_F(ServeTest, SilenceIsThawed) {
  Freeze(50);
  EXPECT_TRUE(IsThawed());
  EXPECT_EQ(Ask(Operation::kThaw), ETIMEDOUT);
  EXPECT_EQ(End(), 0);
}

TEST_F(ServeTest, KilledMainProcessIsThawed) {
  Freeze();
  kill(main_, SIGKILL);
  EXPECT_TRUE(IsThawed());
  EXPECT_EQ(End(), -SIGKILL);
}

TEST_F(ServeTest, KilledTwinIsThawed) {
  Freeze();
  kill(twin_, SIGKILL);
  EXPECT_TRUE(IsThawed());
  EXPECT_EQ(Ask(Operation::kThaw), ETIMEDOUT);
  EXPECT_EQ(End(), 0);
}

TEST_F(ServeTest, StoppedMainProcessIsThawed) {
  Freeze(100);
  kill(main_, SIGSTOP);
  EXPECT_TRUE(IsThawed());
  kill(main_, SIGCONT);
  EXPECT_EQ(Ask(Operation::kThaw), ETIMEDOUT);
  EXPECT_EQ(End(), 0);
}

TEST_F(ServeTest, StoppedMainProcessAndKilledHelperAreThawed) {
  Freeze(300);
  const pid_t helper = ChildOf(twin_);
  ASSERT_GT(helper, 0);
  kill(helper, SIGKILL);
  kill(main_, SIGSTOP);
  EXPECT_TRUE(IsThawed());
}

TEST_F(ServeTest, StoppedTwinIsThawed) {
  Freeze(100);
  kill(twin_, SIGSTOP);
  EXPECT_TRUE(IsThawed());
  kill(twin_, SIGCONT);
  EXPECT_EQ(Ask(Operation::kThaw), ETIMEDOUT);
  EXPECT_EQ(End(), 0);
}

TEST_F(ServeTest, SigtermOfEitherEndsBoth) {
  for (const bool of_twin : {false, true}) {
    Freeze();
    kill(of_twin ? twin_ : main_, SIGTERM);
    EXPECT_TRUE(IsThawed());
    // The caller sees the end.
    EXPECT_EQ(Receive(), -1);
    EXPECT_EQ(End(), 0);
    EXPECT_TRUE(Eventually([&] { return kill(twin_, 0) != 0; }));
  }
}

TEST_F(ServeTest, BothKilledIsThawedByTheList) {
  Freeze();
  kill(main_, SIGKILL);
  kill(twin_, SIGKILL);
  End();
  List list;
  ASSERT_EQ(list.Open(file_.path()), 0);
  EXPECT_EQ(ThawLeftovers(kernel_, list, kShortPatienceMs), 0);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

// Deaths at random moments of a freeze of 30 ms and after it.
TEST_F(ServeTest, NothingStaysFrozenWhateverDies) {
  std::minstd_rand random(1);
  kernel_.shared().freeze_ms = 1;
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE(round);
    Start();
    for (uint32_t number = 1; number <= 20; ++number) ASSERT_EQ(Ask(Operation::kAdd, number), 0);
    Send(Operation::kFreeze, 0, 200, 200);
    const int freezes = kernel_.shared().freezes + static_cast<int>(random() % 22);
    Eventually([&] { return kernel_.shared().freezes >= freezes; }, std::chrono::milliseconds(60));
    twin_ = ChildOf(main_);
    const int victim = static_cast<int>(random() % 4);
    const int signal = random() % 2 == 0 ? SIGKILL : SIGSTOP;
    if (victim == 0) caller_.reset();
    if (victim == 1 || victim == 3) kill(main_, signal);
    if ((victim == 2 || (victim == 3 && signal == SIGKILL)) && twin_ > 0) kill(twin_, signal);
    if (victim == 3 && signal == SIGKILL) {
      End();
      List list;
      ASSERT_EQ(list.Open(file_.path()), 0);
      ASSERT_EQ(ThawLeftovers(kernel_, list, kShortPatienceMs), 0);
    }
    if (signal == SIGKILL || victim == 0) {
      ASSERT_TRUE(IsThawed()) << victim;
    } else {
      // Not before the freeze is over: until its deadline it goes on.
      ASSERT_TRUE(Eventually([&] { return victim == 2 ? kernel_.Frozen() == 0 : true; }));
      ASSERT_TRUE(IsThawed()) << victim;
      if (twin_ > 0) kill(twin_, SIGCONT);
    }
    End();
    ASSERT_TRUE(IsThawed());
  }
}

}  // namespace
}  // namespace toolboxd::freezer
