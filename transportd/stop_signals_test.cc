// SPDX-License-Identifier: Apache-2.0

#include "transportd/stop_signals.h"

#include <unistd.h>

#include <atomic>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

void WaitFor(const std::atomic<int>& value, int wanted) {
  for (int i = 0; i < 500 && value != wanted; ++i) usleep(10000);
  EXPECT_EQ(value, wanted);
}

TEST(StopSignals, StopIsCalledOnceForSignalsBeforeAndAfter) {
  std::atomic<int> stops = 0;
  StopSignals signals;
  kill(getpid(), SIGTERM);
  signals.OnStop([&] { ++stops; });
  WaitFor(stops, 1);
}

TEST(StopSignals, HangupDoesNotStop) {
  std::atomic<int> stops = 0;
  StopSignals signals;
  signals.OnStop([&] { ++stops; });
  kill(getpid(), SIGHUP);
  usleep(50000);
  EXPECT_EQ(stops, 0);
  kill(getpid(), SIGINT);
  WaitFor(stops, 1);
}

TEST(StopSignals, HangupCallsReload) {
  std::atomic<int> reloads = 0;
  StopSignals signals;
  signals.OnStop([] { FAIL(); }, [&] { ++reloads; });
  kill(getpid(), SIGHUP);
  WaitFor(reloads, 1);
}

TEST(StopSignals, DestructorCallsNothing) {
  StopSignals signals;
  signals.OnStop([] { FAIL(); });
}

}  // namespace
}  // namespace toolboxd
