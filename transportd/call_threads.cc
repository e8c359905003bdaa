// SPDX-License-Identifier: Apache-2.0

#include "transportd/call_threads.h"

#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace toolboxd {

void CallThreads::Stop() {
  for (Worker& worker : workers_) {
    std::function<void()> cancel;
    {
      absl::MutexLock lock(&worker.mutex);
      cancel = worker.cancel;
    }
    if (cancel != nullptr) cancel();
    worker.thread.join();
  }
  workers_.clear();
}

absl::Status CallThreads::Start(std::function<void()> call, std::function<void()> cancel) {
  JoinEnded();
  if (workers_.size() >= kMaxCalls) {
    return absl::UnavailableError(
        absl::StrCat(service_, " does not answer: ", kMaxCalls, " calls to it have not ended"));
  }
  Worker& worker = workers_.emplace_back();
  {
    absl::MutexLock lock(&worker.mutex);
    worker.cancel = std::move(cancel);
  }
  try {
    worker.thread =
        std::thread([&worker, call = std::move(call)]() mutable { Run(std::move(call), worker); });
  } catch (const std::system_error& error) {
    workers_.pop_back();
    return absl::UnavailableError(
        absl::StrCat("no thread for a call to ", service_, ": ", error.what()));
  }
  return absl::OkStatus();
}

void CallThreads::Run(std::function<void()> call, Worker& worker) {
  call();
  call = nullptr;
  // Freed before the thread counts as ended, and not under the mutex.
  std::function<void()> cancel;
  {
    absl::MutexLock lock(&worker.mutex);
    cancel.swap(worker.cancel);
  }
  cancel = nullptr;
  absl::MutexLock lock(&worker.mutex);
  worker.ended = true;
}

bool CallThreads::HasEnded(Worker& worker) {
  absl::MutexLock lock(&worker.mutex);
  return worker.ended;
}

void CallThreads::JoinEnded() {
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    const bool ended = HasEnded(*worker);
    if (ended) worker->thread.join();
    worker = ended ? workers_.erase(worker) : std::next(worker);
  }
}

}  // namespace toolboxd
