// SPDX-License-Identifier: Apache-2.0

// The address of the machine's system bus is overridden before anything connects.

#include "daemon/system_unit.h"

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/testing/fake_managers.h"
#include "daemon/testing/lingering.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SystemUnitTest : public testing::Test {
 protected:
  SystemUnitTest() {
    setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_.address().c_str(), 1);
    sd_bus* connection = bus_.Connect();
    if (connection != nullptr) managers_ = std::make_unique<FakeManagers>(connection);
  }
  void SetUp() override { ASSERT_NE(managers_, nullptr) << "is dbus-daemon installed?"; }

  absl::Status Run(absl::Duration job = absl::Seconds(60)) {
    return RunUnit("a@b.service", {.job = job}, stop_);
  }

  PrivateBus bus_;
  std::unique_ptr<FakeManagers> managers_;
  std::vector<Lingering> gifts_;
  StopSignal stop_;
};

TEST_F(SystemUnitTest, RunWaitsForTheUnitsOwnJob) {
  const absl::Status status = Run();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(managers_->log(), ElementsAre("start a@b.service replace"));
}

TEST_F(SystemUnitTest, FailedJobIsAnErrorThatNamesTheJournal) {
  managers_->SetJobResult("failed");
  const absl::Status status = Run();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnknown);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("a@b.service: failed; see journalctl -u a@b.service"));
}

TEST_F(SystemUnitTest, MissingUnitIsNotFound) {
  managers_->SetJobResult("none");
  EXPECT_EQ(Run().code(), absl::StatusCode::kNotFound);
}

TEST_F(SystemUnitTest, RefusalIsPermissionDeniedInPolkitsWords) {
  managers_->RefuseActions(true);
  const absl::Status status = Run();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Interactive authentication required."));
}

TEST_F(SystemUnitTest, WaitForAUnitThatHangsIsLimited) {
  managers_->SetJobResult("");
  EXPECT_EQ(Run(absl::Milliseconds(100)).code(), absl::StatusCode::kDeadlineExceeded);
}

// U3 of tests/attacks/README.md: whoever may use the bus may send a signal to any connection.
TEST_F(SystemUnitTest, JobEndsWhenSystemdSaysSoAndNotWhenAnotherDoes) {
  managers_->SetJobResult("");
  sd_bus* const other = bus_.Connect();
  ASSERT_NE(other, nullptr);
  std::atomic<bool> done{false};
  std::atomic<int> sent{0};
  std::thread liar([&] {
    while (!done) {
      // The bus numbers its connections.
      for (int i = 0; i < 10; ++i) {
        sd_bus_message* signal = nullptr;
        sd_bus_message_new_signal(other, &signal, "/org/freedesktop/systemd1",
                                  "org.freedesktop.systemd1.Manager", "JobRemoved");
        sd_bus_message_set_destination(signal, absl::StrCat(":1.", i).c_str());
        sd_bus_message_append(signal, "uoss", 7, "/org/freedesktop/systemd1/job/7", "a@b.service",
                              "done");
        if (sd_bus_send(other, signal, nullptr) >= 0) ++sent;
        sd_bus_message_unref(signal);
      }
      sd_bus_flush(other);
      absl::SleepFor(absl::Milliseconds(10));
    }
  });
  EXPECT_EQ(Run(absl::Seconds(1)).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_GT(sent, 0);
  managers_->SetJobResult("done");
  EXPECT_TRUE(Run().ok());
  done = true;
  liar.join();
  sd_bus_flush_close_unref(other);
}

// U4 of tests/attacks/README.md.
TEST_F(SystemUnitTest, DescriptorOfAnothersSignalHoldsNothingUp) {
  managers_->SetJobResult("");
  sd_bus* const other = bus_.Connect();
  ASSERT_NE(other, nullptr);
  std::thread sender([&] {
    while (managers_->log().empty()) absl::SleepFor(absl::Milliseconds(2));
    for (int i = 0; i < 10; ++i) {
      Lingering gift;
      sd_bus_message* signal = nullptr;
      sd_bus_message_new_signal(other, &signal, "/a", "a.b", "C");
      sd_bus_message_set_destination(signal, absl::StrCat(":1.", i).c_str());
      sd_bus_message_append(signal, "h", gift.Take().get());
      sd_bus_send(other, signal, nullptr);
      sd_bus_flush(other);
      sd_bus_message_unref(signal);
      gifts_.push_back(std::move(gift));
    }
  });
  const absl::Time begin = absl::Now();
  EXPECT_EQ(Run(absl::Seconds(2)).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(2) + kAtOnce);
  sender.join();
  // Those that the managers have got.
  gifts_.clear();
  sd_bus_flush_close_unref(other);
}

TEST_F(SystemUnitTest, StopSignalEndsTheWait) {
  managers_->SetJobResult("");
  std::thread stopper([this] {
    while (managers_->log().empty()) absl::SleepFor(absl::Milliseconds(2));
    stop_.Set();
  });
  const absl::Status status = Run();
  stopper.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

TEST_F(SystemUnitTest, StopStopsTheUnit) {
  const absl::Status status = StopUnit("a@b.service");
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(managers_->log(), ElementsAre("stop a@b.service replace"));
}

TEST_F(SystemUnitTest, MissingManagerIsAnError) {
  managers_.reset();
  EXPECT_FALSE(Run().ok());
  EXPECT_FALSE(StopUnit("a@b.service").ok());
}

TEST(SystemUnitWithoutBus, CallsFailWithAClearError) {
  setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  EXPECT_EQ(RunUnit("a.service", {.job = absl::Seconds(1)}, StopSignal()).message(),
            "system bus: No such file or directory");
}

}  // namespace
}  // namespace toolboxd
