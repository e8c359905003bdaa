// SPDX-License-Identifier: Apache-2.0

// FakeQuiescer: a Quiescer whose updates a test makes.

#ifndef TOOLBOXD_TRANSPORTD_SNAPSHOT_TESTING_FAKE_QUIESCER_H_
#define TOOLBOXD_TRANSPORTD_SNAPSHOT_TESTING_FAKE_QUIESCER_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "transportd/snapshot/quiescer.h"

namespace toolboxd::snapshot {

class FakeQuiescer final : public Quiescer {
 public:
  // What Begin() returns.
  absl::Status begin_status;
  v1::QuiesceStart start;
  // "begin", "proceed", "done", "abort", in order.
  std::vector<std::string> steps;
  // Called by Wait(), which a test lets deliver updates.
  std::function<void(absl::Duration limit)> on_wait;

  absl::Status Begin(const v1::QuiesceStart& new_start, OnUpdate on_update) override {
    if (begin_status.ok()) {
      steps.emplace_back("begin");
      start = new_start;
      on_update_ = std::move(on_update);
    }
    return begin_status;
  }
  void Proceed() override { steps.emplace_back("proceed"); }
  void SnapshotDone() override { steps.emplace_back("done"); }
  void Abort() override { steps.emplace_back("abort"); }
  void Wait(absl::Duration limit) override { on_wait(limit); }

  // An update of any kind.
  void Deliver(const v1::QuiesceUpdate& update) { on_update_(update); }
  void Frozen() {
    v1::QuiesceUpdate update;
    update.mutable_frozen()->add_file_systems()->set_mount_point("/");
    on_update_(update);
  }
  void Thawed() {
    v1::QuiesceUpdate update;
    update.mutable_thawed()->set_frozen_us(1500);
    update.mutable_thawed()->add_file_systems()->set_mount_point("/");
    on_update_(update);
  }
  void Manifest(const std::string& path) {
    v1::QuiesceUpdate update;
    update.mutable_manifest()->set_path(path);
    on_update_(update);
  }
  void Fail(v1::QuiesceFailure::Kind kind) {
    v1::QuiesceUpdate update;
    update.mutable_failure()->set_kind(kind);
    on_update_(update);
  }
  void Done() {
    v1::QuiesceUpdate update;
    update.mutable_done();
    on_update_(update);
  }

 private:
  OnUpdate on_update_;
};

}  // namespace toolboxd::snapshot

#endif  // TOOLBOXD_TRANSPORTD_SNAPSHOT_TESTING_FAKE_QUIESCER_H_
