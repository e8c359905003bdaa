// SPDX-License-Identifier: Apache-2.0

// The channel's thread in tests of what works beside it.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_RUN_QUEUE_H_
#define TOOLBOXD_TRANSPORTD_TESTING_RUN_QUEUE_H_

#include "absl/time/time.h"
#include "base/steady_time.h"
#include "gtest/gtest.h"
#include "transportd/task_queue.h"

namespace toolboxd {

// Runs the tasks on this thread until `done`; fails if that takes longer than five seconds.
template <typename Done>
void RunQueueUntil(TaskQueue& queue, Done done) {
  const absl::Time deadline = SteadyNow() + absl::Seconds(5);
  while (!done() && SteadyNow() < deadline) queue.RunUntil(SteadyNow() + absl::Milliseconds(5));
  EXPECT_TRUE(done());
}

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_TESTING_RUN_QUEUE_H_
