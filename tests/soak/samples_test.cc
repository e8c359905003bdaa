// SPDX-License-Identifier: Apache-2.0

#include "tests/soak/samples.h"

#include <unistd.h>

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd::soak {
namespace {

std::vector<Sample> Memory(const std::vector<double>& values, double minutes_between) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < values.size(); ++i) {
    Sample sample;
    sample.minutes = static_cast<double>(i) * minutes_between;
    sample.private_kib = values[i];
    samples.push_back(sample);
  }
  return samples;
}

TEST(Samples, RiseIsInPercentOfTheMeanAnHour) {
  // 1 KiB in each minute around a mean of 1000.
  std::vector<double> rising;
  for (int i = -30; i <= 30; ++i) rising.push_back(1000 + i);
  EXPECT_NEAR(RiseOf(Memory(rising, 1), &Sample::private_kib, 0).an_hour, 6, 0.001);
}

TEST(Samples, FlatAndFallingValuesDoNotRise) {
  EXPECT_NEAR(RiseOf(Memory({5, 5, 5, 5}, 1), &Sample::private_kib, 0).an_hour, 0, 0.001);
  EXPECT_LT(RiseOf(Memory({8, 7, 6, 5}, 1), &Sample::private_kib, 0).an_hour, 0);
}

TEST(Samples, ErrorOfAShortRunIsLarge) {
  const std::vector<double> noise = {10, 11, 10, 9, 10, 11, 9, 10};
  const Rise in_a_minute = RiseOf(Memory(noise, 0.1), &Sample::private_kib, 0);
  const Rise in_hours = RiseOf(Memory(noise, 60), &Sample::private_kib, 0);
  EXPECT_GT(in_a_minute.error, 100);
  EXPECT_LT(in_hours.error, 2);
  EXPECT_NEAR(RiseOf(Memory({1, 2, 3, 4}, 1), &Sample::private_kib, 0).error, 0, 0.001);
}

TEST(Samples, BeginningIsLeftOut) {
  EXPECT_NEAR(RiseOf(Memory({1, 2, 9, 9, 9, 9}, 1), &Sample::private_kib, 2).an_hour, 0, 0.001);
}

TEST(Samples, LineNeedsThreeSamples) {
  EXPECT_EQ(RiseOf(Memory({1, 9}, 1), &Sample::private_kib, 0).an_hour, 0);
}

TEST(Samples, OwnProcessIsMeasured) {
  const Sample sample = Take({getpid()}, "/proc/self/fdinfo");
  EXPECT_GT(sample.private_kib, 0);
  EXPECT_GE(sample.descriptors, 3);
  EXPECT_GE(sample.threads, 1);
  EXPECT_EQ(sample.processes, 1);
  EXPECT_GE(sample.run_files, 3);
}

TEST(Samples, CsvHasALineForEach) {
  EXPECT_THAT(ToCsv(Memory({1, 2}, 1)),
              testing::EndsWith("\n0.000,0,1,0,0,0,0.000,0\n1.000,0,2,0,0,0,0.000,0\n"));
}

}  // namespace
}  // namespace toolboxd::soak
