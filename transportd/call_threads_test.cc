// SPDX-License-Identifier: Apache-2.0

#include "transportd/call_threads.h"

#include <pthread.h>

#include <atomic>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "base/testing/eventually.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

// A call that goes on until it is cancelled.
struct Call {
  absl::Notification cancelled;

  static absl::Status Start(CallThreads& threads, const std::shared_ptr<Call>& call) {
    return threads.Start([call] { call->cancelled.WaitForNotification(); },
                         [call] { call->cancelled.Notify(); });
  }
};

TEST(CallThreads, EachCallHasAThread) {
  CallThreads threads("service");
  absl::Notification first;
  absl::Notification second;
  ASSERT_TRUE(threads
                  .Start(
                      [&] {
                        second.WaitForNotification();
                        first.Notify();
                      },
                      [] {})
                  .ok());
  ASSERT_TRUE(threads.Start([&] { second.Notify(); }, [] {}).ok());
  first.WaitForNotification();
}

TEST(CallThreads, CallsThatHaveNotEndedAreLimited) {
  CallThreads threads("service");
  const auto call = std::make_shared<Call>();
  for (size_t i = 0; i < CallThreads::kMaxCalls; ++i) {
    ASSERT_TRUE(threads.Start([call] { call->cancelled.WaitForNotification(); }, [] {}).ok());
  }
  const absl::Status ninth = threads.Start([] {}, [] {});
  EXPECT_TRUE(absl::IsUnavailable(ninth));
  EXPECT_TRUE(absl::StrContains(ninth.message(), "service does not answer"));
  call->cancelled.Notify();
  EXPECT_TRUE(Eventually([&] { return threads.Start([] {}, [] {}).ok(); }));
}

// As where memory or processes are exhausted: no thread gets the stack that it would need.
class NoThreads {
 public:
  NoThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    pthread_attr_init(&huge);
    pthread_attr_setstacksize(&huge, size_t{1} << 46);
    pthread_setattr_default_np(&huge);
    pthread_attr_destroy(&huge);
  }
  ~NoThreads() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }

 private:
  pthread_attr_t before_;
};

TEST(CallThreads, CallWithoutAThreadIsAnErrorAndTakesNoPlace) {
  CallThreads threads("service");
  bool called = false;
  {
    const NoThreads none;
    for (size_t i = 0; i <= CallThreads::kMaxCalls; ++i) {
      const absl::Status status = threads.Start([&] { called = true; }, [] {});
      EXPECT_TRUE(absl::IsUnavailable(status)) << status;
      EXPECT_TRUE(absl::StrContains(status.message(), "no thread for a call to service"));
    }
  }
  EXPECT_EQ(threads.size(), 0u);
  EXPECT_FALSE(called);
  EXPECT_TRUE(threads.Start([] {}, [] {}).ok());
}

TEST(CallThreads, DestructorCancelsWhatRunsAndNothingElse) {
  std::atomic<int> cancelled = 0;
  const auto call = std::make_shared<Call>();
  {
    CallThreads threads("service");
    absl::Notification done;
    ASSERT_TRUE(threads.Start([&] { done.Notify(); }, [&] { cancelled += 10; }).ok());
    done.WaitForNotification();
    EXPECT_TRUE(Eventually([&] {
      threads.JoinEnded();
      return threads.size() == 0;
    }));
    ASSERT_TRUE(threads
                    .Start([call] { call->cancelled.WaitForNotification(); },
                           [&] {
                             ++cancelled;
                             call->cancelled.Notify();
                           })
                    .ok());
  }
  EXPECT_EQ(cancelled, 1);
}

// deployd exits when it has no connection.
TEST(CallThreads, ResourcesOfACallAreFreedWhenItReturns) {
  CallThreads threads("service");
  auto call = std::make_shared<Call>();
  const std::weak_ptr<Call> held = call;
  ASSERT_TRUE(Call::Start(threads, call).ok());
  EXPECT_FALSE(held.expired());
  std::exchange(call, nullptr)->cancelled.Notify();
  EXPECT_TRUE(Eventually([&] { return held.expired(); }));
}

}  // namespace
}  // namespace toolboxd
