// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/worker_pool.h"

#include <system_error>
#include <thread>

#include "base/log.h"

namespace toolboxd {

bool WorkerPool::Shared::Add(TaskOrigin origin, const std::string& owner) {
  absl::MutexLock lock(&mutex);
  const bool stranger = origin == TaskOrigin::kStranger;
  if (tasks >= kMaxTasks || (stranger && tasks_of_strangers >= kMaxTasksOfStrangers)) return false;
  size_t& of_owner = tasks_of_owners[{origin, owner}];
  if (of_owner >= kMaxTasksOfOwner) return false;
  ++of_owner;
  ++tasks;
  if (stranger) ++tasks_of_strangers;
  return true;
}

void WorkerPool::Shared::Remove(TaskOrigin origin, const std::string& owner) {
  absl::MutexLock lock(&mutex);
  --tasks;
  if (origin == TaskOrigin::kStranger) --tasks_of_strangers;
  const auto found = tasks_of_owners.find({origin, owner});
  if (--found->second == 0) tasks_of_owners.erase(found);
}

WorkerPool::~WorkerPool() {
  absl::MutexLock lock(&shared_->mutex);
  const auto ended = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_->mutex) {
    return shared_->tasks == 0;
  };
  shared_->mutex.AwaitWithTimeout(absl::Condition(&ended), kPatience);
}

size_t WorkerPool::size() const {
  absl::MutexLock lock(&shared_->mutex);
  return shared_->tasks;
}

bool WorkerPool::StartThread(TaskOrigin origin, const std::string& owner, Body body) {
  if (!shared_->Add(origin, owner)) return false;
  const auto end = [shared = shared_, origin, owner] { shared->Remove(origin, owner); };
  try {
    std::thread([body = std::move(body), end] { body(end); }).detach();
  } catch (const std::system_error& error) {
    end();
    LogLimited("login thread", "no thread for a login: ", error.what());
    return false;
  }
  return true;
}

}  // namespace toolboxd
