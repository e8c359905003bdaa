// SPDX-License-Identifier: Apache-2.0

// A machine of words for snapshots.

#ifndef TOOLBOXD_SNAPSHOTD_TESTING_FAKE_SNAPSHOT_BACKEND_H_
#define TOOLBOXD_SNAPSHOTD_TESTING_FAKE_SNAPSHOT_BACKEND_H_

#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "snapshotd/snapshot_backend.h"

namespace toolboxd::snapshotd {

// What the back ends of all snapshots of a test share. Thread-safe.
class FakeMachine {
 public:
  // What "freeze", "thaw", "hold", "scripts freeze", "scripts thaw" … answer from now on.
  void SetResult(const std::string& what, absl::Status result) {
    absl::MutexLock lock(&mutex_);
    results_[what] = std::move(result);
  }
  // It does not end while it is held, unless it is stopped.
  void Hold(const std::string& what, bool held) {
    absl::MutexLock lock(&mutex_);
    held_[what] = held;
  }

  // Whether each snapshot plays "finish" after its end.
  void SetOwesScripts(bool owes) { owes_scripts_ = owes; }
  bool owes_scripts() const { return owes_scripts_; }

  // Plays it: writes it down, waits while it is held.
  absl::Status Play(const std::string& what, const StopSignal* stop) {
    absl::MutexLock lock(&mutex_);
    if (what != "hold") log_.push_back(what);
    ++counts_[what];
    while (held_[what]) {
      if (stop != nullptr && stop->IsSet()) return absl::CancelledError("stopped");
      changed_.WaitWithTimeout(&mutex_, absl::Milliseconds(2));
    }
    return results_[what];
  }

  // In order, without "hold".
  std::vector<std::string> log() const {
    absl::MutexLock lock(&mutex_);
    return log_;
  }
  int count(const std::string& what) const {
    absl::MutexLock lock(&mutex_);
    const auto found = counts_.find(what);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  std::atomic<bool> owes_scripts_{false};
  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  std::vector<std::string> log_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> counts_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, bool> held_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::Status> results_ ABSL_GUARDED_BY(mutex_);
};

class FakeSnapshotBackend final : public SnapshotBackend {
 public:
  explicit FakeSnapshotBackend(FakeMachine* machine) : machine_(*machine) {}

  absl::Status RunScripts(ScriptEvent event, const StopSignal& stop) override {
    return machine_.Play(absl::StrCat("scripts ", ScriptEventName(event)), &stop);
  }
  void Finish(const StopSignal& stop) override {
    if (machine_.owes_scripts()) (void)machine_.Play("finish", &stop);
  }
  absl::StatusOr<v1::QuiesceUpdate::FileSystemsFrozen> Freeze(const StopSignal& stop) override {
    absl::Status status = machine_.Play("freeze", &stop);
    if (!status.ok()) return status;
    v1::QuiesceUpdate::FileSystemsFrozen frozen;
    frozen.add_file_systems()->set_mount_point("/data");
    return frozen;
  }
  absl::Status Hold() override { return machine_.Play("hold", nullptr); }
  absl::StatusOr<v1::QuiesceUpdate::FileSystemsThawed> Thaw() override {
    absl::Status status = machine_.Play("thaw", nullptr);
    if (!status.ok()) return status;
    v1::QuiesceUpdate::FileSystemsThawed thawed;
    thawed.set_frozen_us(1500);
    return thawed;
  }
  absl::StatusOr<std::string> WriteManifest() override {
    absl::Status status = machine_.Play("manifest", nullptr);
    if (!status.ok()) return status;
    return std::string("/run/manifest.xml");
  }

 private:
  FakeMachine& machine_;
};

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_TESTING_FAKE_SNAPSHOT_BACKEND_H_
