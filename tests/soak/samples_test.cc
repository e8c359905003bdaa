// SPDX-License-Identifier: Apache-2.0

#include "tests/soak/samples.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/testing/short_temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd::soak {
namespace {

std::vector<Sample> Memory(const std::vector<double>& values, double minutes_between) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < values.size(); ++i) {
    Sample sample;
    sample.minutes = static_cast<double>(i) * minutes_between;
    sample.held_kib = values[i];
    samples.push_back(sample);
  }
  return samples;
}

// Memory outside of the heap, which the sampler copies.
class Mebibytes {
 public:
  explicit Mebibytes(size_t count)
      : size_(count << 20),
        bytes_(mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0)) {}
  ~Mebibytes() { munmap(bytes_, size_); }

 private:
  const size_t size_;
  void* const bytes_;
};

TEST(Samples, RiseIsInPercentOfTheMeanAnHour) {
  // 1 KiB in each minute around a mean of 1000.
  std::vector<double> rising;
  for (int i = -30; i <= 30; ++i) rising.push_back(1000 + i);
  EXPECT_NEAR(RiseOf(Memory(rising, 1), &Sample::held_kib, 0).an_hour, 6, 0.001);
}

TEST(Samples, FlatAndFallingValuesDoNotRise) {
  EXPECT_NEAR(RiseOf(Memory({5, 5, 5, 5}, 1), &Sample::held_kib, 0).an_hour, 0, 0.001);
  EXPECT_LT(RiseOf(Memory({8, 7, 6, 5}, 1), &Sample::held_kib, 0).an_hour, 0);
}

TEST(Samples, ErrorOfAShortRunIsLarge) {
  const std::vector<double> noise = {10, 11, 10, 9, 10, 11, 9, 10};
  const Rise in_minutes = RiseOf(Memory(noise, 1), &Sample::held_kib, 0);
  const Rise in_hours = RiseOf(Memory(noise, 60), &Sample::held_kib, 0);
  EXPECT_GT(in_minutes.error, 30);
  EXPECT_LT(in_hours.error, 2);
  EXPECT_NEAR(RiseOf(Memory({1, 2, 3, 4}, 1), &Sample::held_kib, 0).error, 0, 0.001);
}

TEST(Samples, BeginningIsLeftOut) {
  EXPECT_NEAR(RiseOf(Memory({1, 2, 9, 9, 9, 9}, 1), &Sample::held_kib, 2).an_hour, 0, 0.001);
}

TEST(Samples, LineNeedsThreeMinutes) {
  EXPECT_EQ(RiseOf(Memory({1, 9}, 1), &Sample::held_kib, 0).an_hour, 0);
  EXPECT_EQ(RiseOf(Memory({1, 5, 9, 12, 17, 20}, 0.2), &Sample::held_kib, 0).an_hour, 0);
}

TEST(Samples, MomentsDoNotRise) {
  std::vector<double> values(100, 5);
  for (size_t i = 50; i < values.size(); i += 5) values[i] = 500;
  EXPECT_NEAR(RiseOf(Memory(values, 0.2), &Sample::held_kib, 0).an_hour, 0, 0.001);
}

TEST(Samples, RiseOfOneNameIsInPercentOfAll) {
  std::vector<Sample> samples = Memory({1000, 1000, 1000, 1000}, 1);
  for (Sample& sample : samples) sample.held_kib_of["vixd"] = 100 + sample.minutes;
  EXPECT_NEAR(RiseOf(samples, HeldKibOf("vixd"), 0, &Sample::held_kib).an_hour, 6, 0.001);
  EXPECT_GT(RiseOf(samples, HeldKibOf("vixd"), 0).an_hour, 50);
}

// Ten minutes at 500 operations a second, as measured: 27 MiB that go up and down by 700 KiB, and
// 1 KiB that is lost with each 100 operations.
TEST(Samples, LeakIsFoundAmongMemoryThatComesAndGoes) {
  constexpr double kOperationsPerSample = 500 * 2;
  std::vector<double> flat, leaking;
  for (int i = 0; i < 300; ++i) {
    flat.push_back(27000 + (i * 7919) % 701);
    leaking.push_back(flat.back() + i * kOperationsPerSample / 100);
  }
  const Rise of_flat = RiseOf(Memory(flat, 1.0 / 30), &Sample::held_kib, 2);
  const Rise of_leaking = RiseOf(Memory(leaking, 1.0 / 30), &Sample::held_kib, 2);
  EXPECT_LT(of_flat.an_hour - 2 * of_flat.error, 1);
  EXPECT_GT(of_leaking.an_hour - 2 * of_leaking.error, 1);
}

TEST(Samples, OwnProcessIsMeasured) {
  const Sample sample = Sampler("/proc/self/fdinfo").Take({getpid()});
  EXPECT_GT(sample.private_kib, 0);
  EXPECT_GE(sample.descriptors, 3);
  EXPECT_GE(sample.threads, 1);
  EXPECT_EQ(sample.processes, 1);
  EXPECT_GE(sample.run_files, 3);
  EXPECT_THAT(Names({sample}), testing::SizeIs(1));
  EXPECT_EQ(HeldKibOf(*Names({sample}).begin())(sample), sample.held_kib);
}

TEST(Samples, FilesThatNothingChangesAreLeft) {
  const ShortTempDir folder;
  for (const char* name : {"new", "old"}) std::ofstream(folder.File(name)) << "x";
  std::filesystem::last_write_time(
      folder.File("old"), std::filesystem::file_time_type::clock::now() -
                              absl::ToChronoSeconds(Sampler::kLeft) - std::chrono::seconds(1));
  const Sample sample = Sampler(folder.path()).Take({});
  EXPECT_EQ(sample.run_files, 2);
  EXPECT_EQ(sample.left_files, 1);
}

TEST(Samples, LeastOfTheLastIsOfSoManyOnly) {
  LeastOfLast least(3);
  EXPECT_EQ(least.Least(), 0);
  std::vector<double> found;
  for (const double value : {7, 5, 9, 8, 10}) {
    least.Add(value);
    found.push_back(least.Least());
  }
  EXPECT_THAT(found, testing::ElementsAre(7, 5, 5, 5, 8));
}

TEST(Samples, MemoryIsHeldWhenItIsNotReturned) {
  Sampler sampler("");
  const auto held = [&sampler] { return sampler.Take({getpid()}).held_kib; };
  const double before = held();
  for (size_t i = 0; i < Sampler::kLooks; ++i) {
    const Mebibytes some(i % 3 == 0 ? 16 : 1);
    sampler.Look();
  }
  EXPECT_NEAR(held(), before, 4096);
  const Mebibytes much(16);
  for (size_t i = 0; i < Sampler::kLooks; ++i) sampler.Look();
  EXPECT_NEAR(held() - before, 16 << 10, 4096);
}

// vmtoolsd forks for each program, and what both have is shared until the child executes it.
TEST(Samples, MemoryOfAForkedProcessCountsOnce) {
  const Mebibytes much(16);
  const double before = Sampler("").Take({getpid()}).private_kib;
  int end[2];
  ASSERT_EQ(pipe(end), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(end[1]);
    char byte;
    _exit(read(end[0], &byte, 1) < 0);
  }
  const double both = Sampler("").Take({getpid(), child}).private_kib;
  close(end[0]);
  close(end[1]);
  waitpid(child, nullptr, 0);
  EXPECT_NEAR(both, before, 4096);
}

TEST(Samples, TimeOfAnEndedProcessStaysCounted) {
  while (clock() < CLOCKS_PER_SEC / 20) {
  }
  Sampler sampler("");
  const double before = sampler.Take({getpid()}).cpu_seconds;
  EXPECT_GT(before, 0.04);
  EXPECT_EQ(sampler.Take({}).cpu_seconds, before);
  EXPECT_EQ(sampler.Take({}).cpu_seconds, before);
}

TEST(Samples, CostOfAnOperationIsOfTheLastMinute) {
  std::vector<Sample> samples;
  for (size_t i = 0; i <= 2 * Sampler::kSamples; ++i) {
    Sample sample;
    sample.done = 100.0 * static_cast<double>(i);
    // 2 ms each in the first minute, and then 3.
    sample.cpu_seconds = 0.2 * static_cast<double>(i);
    if (i > Sampler::kSamples) {
      sample.cpu_seconds += 0.1 * static_cast<double>(i - Sampler::kSamples);
    }
    samples.push_back(sample);
    SetCostOfOperations(samples);
  }
  EXPECT_EQ(samples[Sampler::kSamples - 1].cpu_us_each, 0);
  EXPECT_NEAR(samples[Sampler::kSamples].cpu_us_each, 2000, 0.001);
  EXPECT_NEAR(samples.back().cpu_us_each, 3000, 0.001);
}

TEST(Samples, CostIsUnknownWhereNothingWasDone) {
  std::vector<Sample> samples(Sampler::kSamples + 1);
  samples.back().cpu_seconds = 1;
  SetCostOfOperations(samples);
  EXPECT_EQ(samples.back().cpu_us_each, 0);
}

TEST(Samples, CsvHasALineForEach) {
  EXPECT_THAT(
      ToCsv(Memory({1, 2}, 1)),
      testing::EndsWith("\n0.000,0,0,1,0,0,0,0,0,0.000,0,0\n1.000,0,0,2,0,0,0,0,0,0.000,0,0\n"));
}

TEST(Samples, CsvHasAColumnForEachName) {
  std::vector<Sample> samples = Memory({1, 3}, 1);
  samples[0].held_kib_of = {{"vixd", 1}};
  samples[1].held_kib_of = {{"hgfsd", 2}, {"vixd", 1}};
  EXPECT_THAT(ToCsv(samples), testing::HasSubstr(",held_kib_hgfsd,held_kib_vixd\n"));
  EXPECT_THAT(ToCsv(samples), testing::EndsWith(",0,1\n1.000,0,0,3,0,0,0,0,0,0.000,0,0,2,1\n"));
}

}  // namespace
}  // namespace toolboxd::soak
