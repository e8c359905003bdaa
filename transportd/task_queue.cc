#include "transportd/task_queue.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace toolboxd {

TaskQueue::TaskQueue() : wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

TaskQueue::~TaskQueue() { close(wake_fd_); }

void TaskQueue::Post(Task task) {
  absl::MutexLock lock(&mutex_);
  tasks_.push_back(std::move(task));
  Wake();
}

void TaskQueue::Stop() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
  Wake();
}

void TaskQueue::Wake() { eventfd_write(wake_fd_, 1); }

bool TaskQueue::RunPending() {
  std::deque<Task> tasks;
  {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return false;
    tasks.swap(tasks_);
  }
  for (Task& task : tasks) task();
  return true;
}

bool TaskQueue::RunUntil(absl::Time deadline) {
  if (!RunPending()) return false;
  for (;;) {
    const absl::Duration rest = deadline - absl::Now();
    if (rest <= absl::ZeroDuration()) return true;
    // A bound keeps the conversion to timespec in range; the loop does not notice it.
    const timespec timeout = absl::ToTimespec(std::min(rest, absl::Hours(1)));
    pollfd wake = {wake_fd_, POLLIN, 0};
    if (ppoll(&wake, 1, &timeout, nullptr) <= 0) continue;
    eventfd_t count;
    eventfd_read(wake_fd_, &count);
    if (!RunPending()) return false;
  }
}

}  // namespace toolboxd
