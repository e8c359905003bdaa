// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info_watcher.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "base/steady_time.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/guest_info.grpc.pb.h"
#include "transportd/testing/unix_server.h"

namespace toolboxd {
namespace {

// Sends the given names as snapshots and keeps the stream open, or ends it.
class FakeGuestInfo final : public v1::GuestInfo::Service {
 public:
  FakeGuestInfo(std::vector<std::string> names, bool stay)
      : names_(std::move(names)), stay_(stay) {}

  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchGuestInfoRequest*,
                     grpc::ServerWriter<v1::GuestInfoSnapshot>* writer) override {
    for (const std::string& name : names_) {
      v1::GuestInfoSnapshot snapshot;
      snapshot.set_host_name(name);
      writer->Write(snapshot);
    }
    while (stay_ && !context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
    return grpc::Status::OK;
  }

 private:
  const std::vector<std::string> names_;
  const bool stay_;
};

class GuestInfoWatcherTest : public testing::Test {
 protected:
  std::unique_ptr<GuestInfoWatcher> Watch() {
    return std::make_unique<GuestInfoWatcher>(
        socket_, &queue_, &board_,
        [this](const v1::GuestInfoSnapshot& snapshot) { names_.push_back(snapshot.host_name()); });
  }
  // Runs the channel's thread, which is this one, until the name has come, or for ten seconds.
  void RunUntil(const std::string& name) {
    const absl::Time deadline = SteadyNow() + absl::Seconds(10);
    while ((names_.empty() || names_.back() != name) && SteadyNow() < deadline) {
      queue_.RunUntil(SteadyNow() + absl::Milliseconds(5));
    }
    ASSERT_FALSE(names_.empty());
    EXPECT_EQ(names_.back(), name);
  }

  ShortTempDir folder_;
  const std::string socket_ = folder_.File("guestinfod.sock");
  TaskQueue queue_;
  StatusBoard board_;
  std::vector<std::string> names_;
};

TEST_F(GuestInfoWatcherTest, NewestSnapshotIsDelivered) {
  FakeGuestInfo service({"a", "b", "c"}, true);
  UnixServer server(socket_, &service);
  const auto watcher = Watch();
  RunUntil("c");
  EXPECT_TRUE(board_.Get().services(0).connected());
}

TEST_F(GuestInfoWatcherTest, ServiceThatStartsLaterIsFound) {
  const auto watcher = Watch();
  queue_.RunUntil(SteadyNow() + absl::Milliseconds(200));
  EXPECT_TRUE(names_.empty());
  FakeGuestInfo service({"late"}, true);
  UnixServer server(socket_, &service);
  RunUntil("late");
}

TEST_F(GuestInfoWatcherTest, RestartedServiceIsFoundAgain) {
  FakeGuestInfo first({"first"}, false);
  auto server = std::make_unique<UnixServer>(socket_, &first);
  const auto watcher = Watch();
  RunUntil("first");
  server.reset();
  FakeGuestInfo second({"second"}, true);
  server = std::make_unique<UnixServer>(socket_, &second);
  RunUntil("second");
}

TEST_F(GuestInfoWatcherTest, DestructorReturnsAtOnceWithAndWithoutAService) {
  const absl::Time begin = SteadyNow();
  Watch().reset();
  FakeGuestInfo service({"a"}, true);
  UnixServer server(socket_, &service);
  const auto watcher = Watch();
  RunUntil("a");
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(5));
}

}  // namespace
}  // namespace toolboxd
