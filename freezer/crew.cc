// SPDX-License-Identifier: Apache-2.0

#include "freezer/crew.h"

#include <limits.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace toolboxd::freezer {
namespace {

constexpr int64_t kNanosInSecond = 1'000'000'000;
// How often the owner's thread looks whether it must end, while it waits.
constexpr int64_t kLookNanos = 100'000'000;

#ifdef __SANITIZE_ADDRESS__
constexpr size_t kStack = 256 * 1024;
#else
constexpr size_t kStack = 16 * 1024;
#endif

int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * kNanosInSecond + now.tv_nsec;
}

// The size of each thread's stack, in whole pages: all of it is locked in memory.
size_t StackSize() {
  const long least = sysconf(_SC_THREAD_STACK_MIN);
  const size_t size = std::max(kStack, static_cast<size_t>(std::max(least, 0L)));
  return (size + 4095) & ~size_t{4095};
}

}  // namespace

Crew::Crew(uint32_t count) {
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&idle_, &clock);
  pthread_condattr_destroy(&clock);
  // The owner's thread is one of them.
  const uint32_t wanted = std::min(std::max(count, 1u), kAtOnce) - 1;
  if (wanted == 0) return;
  const size_t size = StackSize();
  stacks_size_ = size * wanted;
  stacks_ = mmap(nullptr, stacks_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stacks_ == MAP_FAILED) {
    stacks_ = nullptr;
    return;
  }
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  for (; count_ < wanted; ++count_) {
    char* const stack = static_cast<char*>(stacks_) + size * count_;
    if (pthread_attr_setstack(&attributes, stack, size) != 0 ||
        pthread_create(&threads_[count_], &attributes, Work, this) != 0) {
      break;
    }
  }
  pthread_attr_destroy(&attributes);
}

Crew::~Crew() {
  pthread_mutex_lock(&mutex_);
  over_ = true;
  pthread_cond_broadcast(&work_);
  pthread_mutex_unlock(&mutex_);
  for (uint32_t i = 0; i < count_; ++i) pthread_join(threads_[i], nullptr);
  if (stacks_ != nullptr) munmap(stacks_, stacks_size_);
  pthread_cond_destroy(&idle_);
  pthread_cond_destroy(&work_);
  pthread_mutex_destroy(&mutex_);
}

CrewResult Crew::Run(CrewJob& job, uint32_t begin, uint32_t end) {
  pthread_mutex_lock(&mutex_);
  job_ = &job;
  next_ = begin;
  end_ = end;
  result_ = CrewResult();
  interrupted_ = false;
  slowest_ = begin;
  longest_ = -1;
  if (end - begin > 1) pthread_cond_broadcast(&work_);
  RunOwner();
  CrewResult result = result_;
  if (interrupted_) result.failed = slowest_;
  pthread_mutex_unlock(&mutex_);
  return result;
}

void Crew::RunOwner() {
  while (next_ < end_ || busy_ > 0) {
    if (!DoNext() && busy_ > 0) {
      const int64_t look = Now() + kLookNanos;
      const timespec until = {static_cast<time_t>(look / kNanosInSecond),
                              static_cast<long>(look % kNanosInSecond)};
      pthread_cond_timedwait(&idle_, &mutex_, &until);
    }
    // What has begun goes on meanwhile, and the others may begin more.
    pthread_mutex_unlock(&mutex_);
    const int error = job_->Interruption();
    pthread_mutex_lock(&mutex_);
    if (error == 0) continue;
    next_ = end_;
    if (interrupted_) continue;
    interrupted_ = true;
    result_.error = error;
  }
}

void* Crew::Work(void* crew) {
  Crew& self = *static_cast<Crew*>(crew);
  pthread_mutex_lock(&self.mutex_);
  while (!self.over_) {
    if (!self.DoNext()) pthread_cond_wait(&self.work_, &self.mutex_);
  }
  pthread_mutex_unlock(&self.mutex_);
  return nullptr;
}

bool Crew::DoNext() {
  if (next_ >= end_) return false;
  const uint32_t index = next_++;
  ++busy_;
  pthread_mutex_unlock(&mutex_);
  const int64_t start = Now();
  const int error = job_->Do(index);
  const int64_t took = Now() - start;
  pthread_mutex_lock(&mutex_);
  RecordResult(error, index, took);
  if (--busy_ == 0) pthread_cond_signal(&idle_);
  return true;
}

void Crew::RecordResult(int error, uint32_t index, int64_t took) {
  if (took > longest_) {
    longest_ = took;
    slowest_ = index;
  }
  if (error == 0) return;
  next_ = end_;
  if (result_.error != 0) return;
  result_ = {error, index};
}

}  // namespace toolboxd::freezer
