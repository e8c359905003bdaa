// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_channel.h"

#include <sys/eventfd.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "base/steady_time.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/backdoor/testing/fake_host.h"
#include "transportd/routes/registration.h"

namespace toolboxd {
namespace {

class GuestChannelTest : public testing::Test {
 protected:
  GuestChannelTest()
      : rpci_(&host_, backdoor::kProtocolRpci),
        tclo_(&host_, backdoor::kProtocolTclo),
        channel_(&rpci_, &tclo_, &router_, &queue_, &board_, &trace_) {
    AddRegistrationRoutes(router_, channel_.rpci(), {});
  }

  // Serves the host on this thread for the given time.
  void RunFor(absl::Duration time) {
    std::thread stopper([this, time] {
      absl::SleepFor(time);
      queue_.Stop();
    });
    channel_.Run();
    stopper.join();
  }
  uint64_t Counter(const std::string& name) {
    const v1::TransportStatus status = board_.Get();
    const auto counter = status.counters().find(name);
    return counter == status.counters().end() ? 0 : counter->second;
  }

  backdoor::FakeHost host_;
  Router router_;
  TaskQueue queue_;
  StatusBoard board_;
  trace::TraceHub trace_;
  backdoor::MessageChannel rpci_;
  backdoor::MessageChannel tclo_;
  GuestChannel channel_;
};

// The first test here: the log has one such line a minute.
TEST_F(GuestChannelTest, RefusalIsLoggedAsTheHostGetsIt) {
  router_.Add("x", [](absl::string_view) { return TcloReply::Error("no file 'a'\n"); });
  host_.tclo_queue = {"x it's"};
  testing::internal::CaptureStderr();
  RunFor(absl::Milliseconds(50));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(
      absl::StrContains(log, R"(host command "x it's" was answered with an error: no file 'a'\n)"))
      << log;
}

TEST_F(GuestChannelTest, RefusalOfAnExtensionIsOneLineThatNamesIt) {
  router_.Add("x", [](absl::string_view) {
    return TcloReply::Error("no disk", "the extension at /run/a.sock");
  });
  host_.tclo_queue = {"x /data"};
  testing::internal::CaptureStderr();
  RunFor(absl::Milliseconds(50));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(absl::StrContains(log,
                                "host command \"x /data\" was answered with an error: the "
                                "extension at /run/a.sock: no disk\n"))
      << log;
  EXPECT_EQ(host_.tclo_replies, std::vector<std::string>{"ERROR no disk"});
}

TEST_F(GuestChannelTest, HostIsAnsweredInOrder) {
  host_.tclo_queue = {"reset", "ping", "Capabilities_Register", "nonsense\x01"};
  RunFor(absl::Milliseconds(50));
  EXPECT_EQ(host_.tclo_replies,
            (std::vector<std::string>{"OK ATR toolbox", "OK ", "OK ", "ERROR Unknown Command"}));
  EXPECT_EQ(host_.rpci_requests.at(0), "tools.set.version 2147483647");
  EXPECT_EQ(Counter("requests"), 4u);
  EXPECT_EQ(Counter("refused_requests"), 1u);
  EXPECT_EQ(Counter("rpci_requests"), 5u);
  EXPECT_EQ(board_.Get().channel(), "backdoor, high bandwidth");
}

TEST_F(GuestChannelTest, RequestsOfBothDirectionsAreTraced) {
  const auto listener = trace::TraceHub::Listener::Create(trace_);
  host_.tclo_queue = {"reset", "Capabilities_Register"};
  RunFor(absl::Milliseconds(50));
  std::vector<std::string> lines;
  while (const std::optional<v1::TraceEvent> event = listener->Next([] { return true; })) {
    lines.push_back(absl::StrCat(event->direction() == v1::TraceEvent::FROM_HOST ? "<" : ">",
                                 event->command(), " ", event->answer()));
  }
  ASSERT_GE(lines.size(), 3u);
  EXPECT_EQ(lines.front(), "<reset OK");
  EXPECT_EQ(lines[1], ">tools.set.version 1");
  EXPECT_EQ(lines.back(), "<Capabilities_Register OK");
}

TEST_F(GuestChannelTest, DeferredWorkRunsAfterItsReply) {
  std::vector<size_t> replies;
  router_.Add("x", [this, &replies](absl::string_view) {
    TcloReply reply = TcloReply::Ok("y");
    reply.after_reply = [this, &replies] { replies.push_back(host_.tclo_replies.size()); };
    return reply;
  });
  host_.tclo_queue = {"x"};
  RunFor(absl::Milliseconds(50));
  EXPECT_EQ(replies, (std::vector<size_t>{1}));
}

TEST_F(GuestChannelTest, TasksRunBetweenPolls) {
  absl::StatusOr<RpciReply> reply = absl::UnknownError("not run");
  queue_.Post([&] { reply = channel_.rpci()("info-get guestinfo.x"); });
  RunFor(absl::Milliseconds(50));
  EXPECT_TRUE(reply.ok());
  EXPECT_GE(host_.polls, 2);
}

TEST_F(GuestChannelTest, OtherThreadsReachTheHostWhileAHandlerWaits) {
  absl::Notification waits;
  absl::Notification sent;
  router_.Add("slow", [&](absl::string_view) {
    waits.Notify();
    sent.WaitForNotification();
    return TcloReply::Ok();
  });
  host_.tclo_queue = {"slow"};
  std::thread other([&] {
    waits.WaitForNotification();
    EXPECT_TRUE(channel_.rpci()("vmbackup.eventSet x").ok());
    sent.Notify();
  });
  RunFor(absl::Milliseconds(50));
  other.join();
  EXPECT_EQ(host_.rpci_requests, (std::vector<std::string>{"vmbackup.eventSet x"}));
  EXPECT_EQ(host_.tclo_replies, (std::vector<std::string>{"OK "}));
}

TEST_F(GuestChannelTest, LostHostIsTriedAgainWithoutSpinning) {
  host_.gone = true;
  board_.SetRegistered(true);
  bool started = false;
  channel_.set_on_started([&] { started = true; });
  int broken = 0;
  channel_.set_on_broken([&] { ++broken; });
  RunFor(absl::Milliseconds(250));
  EXPECT_TRUE(started);
  EXPECT_FALSE(board_.Get().registered());
  EXPECT_EQ(Counter("channel_errors"), 2u);
  EXPECT_EQ(broken, 2);
  EXPECT_LE(host_.steps, 8);
}

// A TCLO channel whose host pushes, by an eventfd.
class PushingHost final : public Channel {
 public:
  PushingHost() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  // Any thread.
  void Push() { eventfd_write(fd_.get(), 1); }
  std::vector<std::string> replies;
  int receives = 0;

  absl::Status Open() override {
    open_ = true;
    return absl::OkStatus();
  }
  void Close() override { open_ = false; }
  bool is_open() const override { return open_; }
  absl::Status Send(absl::string_view message) override {
    if (!message.empty()) replies.emplace_back(message);
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> Receive() override {
    ++receives;
    eventfd_t count;
    return eventfd_read(fd_.get(), &count) == 0 ? "ping" : "";
  }
  Arrival arrival() const override { return {fd_.get(), absl::InfiniteFuture()}; }
  std::string Describe() const override { return "vsock"; }

 private:
  const UniqueFd fd_;
  bool open_ = false;
};

TEST_F(GuestChannelTest, HostThatPushesIsNotPolled) {
  PushingHost host;
  GuestChannel channel(&rpci_, &host, &router_, &queue_, &board_, &trace_);
  absl::Notification started;
  channel.set_on_started([&] { started.Notify(); });
  std::thread pusher([&] {
    started.WaitForNotification();
    absl::SleepFor(absl::Milliseconds(50));
    host.Push();
    absl::SleepFor(absl::Milliseconds(50));
    queue_.Stop();
  });
  channel.Run();
  pusher.join();
  EXPECT_EQ(host.replies, (std::vector<std::string>{"OK "}));
  // Before it, with it, and after its reply.
  EXPECT_EQ(host.receives, 3);
  EXPECT_EQ(board_.Get().channel(), "vsock");
}

TEST_F(GuestChannelTest, TrimmingMemoryLeavesFewTasks) {
  for (int i = 0; i < 1000; ++i) channel_.TrimMemoryLater();
  EXPECT_EQ(queue_.size(), 1);
  // It has run, and there is one for the next time.
  queue_.RunUntil(SteadyNow() + absl::Milliseconds(2100));
  EXPECT_EQ(queue_.size(), 1);
  // Sooner than that. The other one is void, and stays until its time.
  for (int i = 0; i < 1000; ++i) channel_.TrimMemoryLater();
  EXPECT_EQ(queue_.size(), 2);
}

TEST_F(GuestChannelTest, HungThreadIsReported) {
  EXPECT_TRUE(channel_.Alive(absl::ZeroDuration()));
  RunFor(absl::Milliseconds(20));
  EXPECT_TRUE(channel_.Alive(absl::Minutes(1)));
  EXPECT_FALSE(channel_.Alive(absl::ZeroDuration()));
}

}  // namespace
}  // namespace toolboxd
