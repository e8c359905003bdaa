// SPDX-License-Identifier: Apache-2.0

// A back end for tests: a machine of words.

#ifndef TOOLBOXD_POWERD_TESTING_FAKE_BACKEND_H_
#define TOOLBOXD_POWERD_TESTING_FAKE_BACKEND_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "powerd/power_backend.h"
#include "powerd/power_event.h"

namespace toolboxd {

// Writes down what it is asked. Thread-safe.
class FakeBackend final : public PowerBackend {
 public:
  // What hooks, preparations and actions answer from now on.
  void SetHookResult(absl::Status result) {
    absl::MutexLock lock(&mutex_);
    hook_result_ = std::move(result);
  }
  void SetPrepareResult(absl::Status result) {
    absl::MutexLock lock(&mutex_);
    prepare_result_ = std::move(result);
  }
  void SetChangeResult(absl::Status result) {
    absl::MutexLock lock(&mutex_);
    change_result_ = std::move(result);
  }

  // Hooks do not end while they are held.
  void HoldHooks(bool held) {
    absl::MutexLock lock(&mutex_);
    hooks_held_ = held;
  }

  // "hooks halt", "change halt", in order.
  std::vector<std::string> log() const {
    absl::MutexLock lock(&mutex_);
    return log_;
  }

  absl::Status RunHooks(v1::PowerEvent event, const StopSignal& stop) override {
    absl::MutexLock lock(&mutex_);
    log_.push_back(absl::StrCat("hooks ", PowerEventName(event)));
    while (hooks_held_) {
      if (stop.IsSet()) return absl::CancelledError("stopped");
      released_.WaitWithTimeout(&mutex_, absl::Milliseconds(5));
    }
    return hook_result_;
  }

  absl::StatusOr<PowerAction> Prepare(v1::PowerEvent event) override {
    absl::MutexLock lock(&mutex_);
    if (!prepare_result_.ok()) return prepare_result_;
    return PowerAction([this, event] {
      absl::MutexLock lock(&mutex_);
      log_.push_back(absl::StrCat("change ", PowerEventName(event)));
      return change_result_;
    });
  }

 private:
  mutable absl::Mutex mutex_;
  absl::CondVar released_;
  std::vector<std::string> log_ ABSL_GUARDED_BY(mutex_);
  absl::Status hook_result_ ABSL_GUARDED_BY(mutex_);
  absl::Status prepare_result_ ABSL_GUARDED_BY(mutex_);
  absl::Status change_result_ ABSL_GUARDED_BY(mutex_);
  bool hooks_held_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_POWERD_TESTING_FAKE_BACKEND_H_
