// SPDX-License-Identifier: Apache-2.0

#include "freezer/crew.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <vector>

#include "base/testing/eventually.h"

namespace toolboxd::freezer {
namespace {

class Job : public CrewJob {
 public:
  int Do(uint32_t index) override {
    ++begun;
    ++inside;
    const int error = on_do(index);
    --inside;
    return error;
  }
  int Interruption() override {
    ++looks;
    return interruption;
  }

  std::function<int(uint32_t)> on_do = [](uint32_t) { return 0; };
  std::atomic<int> begun{0};
  std::atomic<int> inside{0};
  std::atomic<int> interruption{0};
  std::atomic<int> looks{0};
};

TEST(Crew, DoesEachOnce) {
  std::atomic<int> times[300] = {};
  Job job;
  job.on_do = [&](uint32_t index) {
    ++times[index];
    return 0;
  };
  Crew crew(300);
  EXPECT_EQ(crew.threads(), kAtOnce - 1);
  EXPECT_EQ(crew.Run(job, 1, 7).error, 0);
  EXPECT_EQ(crew.Run(job, 7, 300).error, 0);
  EXPECT_EQ(crew.Run(job, 300, 300).error, 0);
  EXPECT_EQ(times[0], 0);
  for (int i = 1; i < 300; ++i) EXPECT_EQ(times[i], 1) << i;
}

TEST(Crew, DoesSeveralAtOnce) {
  Job job;
  job.on_do = [&](uint32_t) { return Eventually([&] { return job.begun == 5; }) ? 0 : ETIMEDOUT; };
  EXPECT_EQ(Crew(5).Run(job, 0, 5).error, 0);
}

TEST(Crew, SingleJobNeedsNoThread) {
  Job job;
  for (const uint32_t count : {0u, 1u}) {
    Crew crew(count);
    EXPECT_EQ(crew.threads(), 0u);
    EXPECT_EQ(crew.Run(job, 0, 3).error, 0);
  }
  EXPECT_EQ(job.begun, 6);
}

TEST(Crew, ReturnsWhenNoneGoesOn) {
  Job job;
  job.on_do = [&](uint32_t index) {
    if (index != 2) Eventually([&] { return job.inside <= 3; });
    return index == 2 ? EIO : 0;
  };
  const CrewResult result = Crew(4).Run(job, 0, 4);
  EXPECT_EQ(result.error, EIO);
  EXPECT_EQ(result.failed, 2u);
  EXPECT_EQ(job.inside, 0);
}

TEST(Crew, NothingIsBegunAfterAnError) {
  Job job;
  job.on_do = [](uint32_t index) { return index == 0 ? EIO : 0; };
  Crew crew(1);
  EXPECT_EQ(crew.Run(job, 0, 100).error, EIO);
  EXPECT_EQ(job.begun, 1);
  // The next run knows nothing of it.
  EXPECT_EQ(crew.Run(job, 1, 3).error, 0);
  EXPECT_EQ(job.begun, 3);
}

TEST(Crew, InterruptionIsSeenWhileItWaits) {
  Job job;
  const pthread_t owner = pthread_self();
  std::atomic<uint32_t> slow{0};
  job.on_do = [&](uint32_t index) {
    if (pthread_equal(pthread_self(), owner) != 0) {
      // Until the other thread has one, too.
      Eventually([&] { return job.begun == 2; });
      job.interruption = ECANCELED;
      return 0;
    }
    slow = index;
    // The owner has looked meanwhile, since it has nothing else to do.
    return Eventually([&] { return job.looks >= 3; }) ? 0 : ETIMEDOUT;
  };
  const CrewResult result = Crew(2).Run(job, 0, 100);
  EXPECT_EQ(result.error, ECANCELED);
  EXPECT_EQ(result.failed, slow) << "the one that took longest";
  EXPECT_EQ(job.begun, 2);
}

}  // namespace
}  // namespace toolboxd::freezer
