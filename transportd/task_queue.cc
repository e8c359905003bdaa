// SPDX-License-Identifier: Apache-2.0

#include "transportd/task_queue.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/steady_time.h"

namespace toolboxd {

TaskQueue::TaskQueue() : wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

TaskQueue::~TaskQueue() { close(wake_fd_); }

uint64_t TaskQueue::Post(Task task) {
  absl::MutexLock lock(&mutex_);
  tasks_.push_back({++last_number_, std::move(task)});
  Wake();
  return last_number_;
}

void TaskQueue::PostAt(absl::Time time, Task task) {
  absl::MutexLock lock(&mutex_);
  timed_.emplace(time, std::move(task));
  Wake();
}

size_t TaskQueue::size() const {
  absl::MutexLock lock(&mutex_);
  return tasks_.size() + timed_.size();
}

void TaskQueue::Stop() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
  Wake();
}

void TaskQueue::Wake() { eventfd_write(wake_fd_, 1); }

void TaskQueue::Withdraw(uint64_t number) {
  // Destroyed without the lock: what it holds may be anything.
  Task task;
  absl::MutexLock lock(&mutex_);
  const auto found = std::lower_bound(
      tasks_.begin(), tasks_.end(), number,
      [](const Posted& posted, uint64_t wanted) { return posted.number < wanted; });
  if (found == tasks_.end() || found->number != number) return;
  task = std::move(found->task);
  tasks_.erase(found);
}

TaskQueue::Task TaskQueue::Take(uint64_t last) {
  absl::MutexLock lock(&mutex_);
  if (tasks_.empty() || tasks_.front().number > last) return nullptr;
  Task task = std::move(tasks_.front().task);
  tasks_.pop_front();
  return task;
}

bool TaskQueue::RunPending() {
  uint64_t last;
  std::deque<Task> due;
  {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return false;
    // What comes meanwhile waits for the next time: the owner has other work too.
    last = last_number_;
    const auto later = timed_.upper_bound(SteadyNow());
    for (auto task = timed_.begin(); task != later; ++task) due.push_back(std::move(task->second));
    timed_.erase(timed_.begin(), later);
  }
  while (Task task = Take(last)) task();
  for (Task& task : due) task();
  return true;
}

absl::Time TaskQueue::WakeTime(absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  return timed_.empty() ? deadline : std::min(deadline, timed_.begin()->first);
}

bool TaskQueue::RunUntil(absl::Time deadline, int fd) {
  for (;;) {
    if (!RunPending()) return false;
    const absl::Time now = SteadyNow();
    if (now >= deadline) return true;
    // The bound keeps the conversion to timespec in range; the loop sleeps again.
    const absl::Duration rest =
        std::clamp(WakeTime(deadline) - now, absl::ZeroDuration(), absl::Hours(1));
    const timespec timeout = absl::ToTimespec(rest);
    pollfd items[] = {{wake_fd_, POLLIN, 0}, {fd, POLLIN, 0}};
    if (ppoll(items, 2, &timeout, nullptr) <= 0) continue;
    eventfd_t count;
    if (items[0].revents != 0) eventfd_read(wake_fd_, &count);
    if (items[1].revents != 0) deadline = absl::InfinitePast();
  }
}

}  // namespace toolboxd
