// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/system_backend.h"

#include <unistd.h>

#include <cerrno>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/status.h"
#include "snapshotd/block_devices.h"
#include "snapshotd/left_out.h"
#include "snapshotd/manifest.h"

namespace toolboxd::snapshotd {
namespace {

Plan MakePlanOf(std::vector<Mount> mounts, const v1::SnapshotSettings& settings) {
  BlockDevices devices;
  return MakePlan(
      std::move(mounts), settings,
      [&devices](const Mount& mount) { return devices.BackingOf(mount); }, devices.DiskFiles());
}

// How often the mount table is read again for a mount that is not at its path.
constexpr int kAttempts = 5;

// Whether a file system is left out for this reason: the kernel cannot freeze it.
bool MayBeLeftOut(int error) { return error == ENOTSUP || error == EIO; }

// Whether another look at the mount table may help: the owner of a folder above a mount point can
// exchange it at any time, and mounts come and go. EBUSY is of a freezer that is about to end.
bool MayHaveMoved(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EXDEV:
    case ELOOP:
    case EACCES:
    case ENXIO:
    case EBUSY:
      return true;
    default:
      return false;
  }
}

absl::Status NothingToFreeze() {
  return absl::FailedPreconditionError(
      "no file system can be frozen; 'toolboxctl snapshot plan' shows why. 'sync_only: true' in "
      "/etc/toolboxd/snapshot.textproto permits snapshots all the same");
}

}  // namespace

absl::StatusOr<Plan> PlanOfThisMachine(const SystemOptions& options,
                                       const v1::SnapshotSettings& settings) {
  absl::StatusOr<FreezerClient> freezer = FreezerClient::Connect(options.freezer_socket);
  if (!freezer.ok()) return freezer.status();
  absl::StatusOr<MountTable> table = freezer->MountTable();
  if (!table.ok()) return table.status();
  Plan plan = MakePlanOf(std::move(table->mounts), settings);
  if (table->malformed > 0) plan.skipped.push_back({"?", "", MalformedText(*table)});
  return plan;
}

SystemBackend::SystemBackend(SystemOptions options, v1::SnapshotSettings settings,
                             v1::QuiesceStart start)
    : options_(std::move(options)), settings_(std::move(settings)), start_(std::move(start)) {}

absl::Status SystemBackend::RunScripts(ScriptEvent event, const StopSignal& stop) {
  ScriptOptions scripts = options_.scripts;
  scripts.time_limit = absl::Seconds(settings_.script_time_limit());
  absl::Status status = snapshotd::RunScripts(scripts, event, start_.script_argument(), stop);
  owes_scripts_ = event != ScriptEvent::kFreeze && absl::IsUnavailable(status);
  return status;
}

absl::StatusOr<v1::QuiesceUpdate::FileSystemsFrozen> SystemBackend::Freeze(const StopSignal& stop) {
  absl::Status prepared = Prepare();
  v1::QuiesceUpdate::FileSystemsFrozen frozen;
  if (absl::IsFailedPrecondition(prepared) && settings_.sync_only()) {
    if (absl::Status synced = SyncOnly(stop); !synced.ok()) return synced;
    return frozen;
  }
  if (!prepared.ok()) return prepared;

  const absl::StatusOr<std::vector<uint32_t>> synced = freezer_->Sync(stop);
  if (!synced.ok()) return synced.status();
  const absl::StatusOr<freezer::Reply> reply =
      freezer_->Freeze({.freeze = absl::Seconds(settings_.freeze_time_limit()),
                        .hold = options_.hold,
                        .ignore_frozen = settings_.ignore_frozen()},
                       stop);
  if (!reply.ok()) return reply.status();
  frozen.set_freeze_us(reply->frozen_us);
  frozen.set_frozen_at_us(reply->frozen_at_us);
  for (size_t i = 0; i < frozen_.size(); ++i) {
    if (i < synced->size()) frozen_[i].set_sync_us((*synced)[i]);
    if (i < freezer::kMaxTargets) frozen_[i].set_freeze_us(reply->micros[i]);
    *frozen.add_file_systems() = frozen_[i];
  }
  return frozen;
}

absl::Status SystemBackend::Prepare() {
  absl::Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    status = Open();
    if (!absl::IsAborted(status)) return status;
    // One freezer at a time; and what was added stands in the order of the old table.
    freezer_->End();
    frozen_.clear();
    left_out_.clear();
  }
  return absl::InternalError(absl::StrCat(
      status.message(), "; if it need not stand still, add it to excluded_file_systems"));
}

absl::Status SystemBackend::Open() {
  absl::StatusOr<FreezerClient> freezer = FreezerClient::Connect(options_.freezer_socket);
  if (!freezer.ok()) return absl::UnavailableError(freezer.status().message());
  freezer_ = *std::move(freezer);
  absl::StatusOr<MountTable> table = freezer_->MountTable();
  if (!table.ok()) return table.status();
  const Plan plan = MakePlanOf(std::move(table->mounts), settings_);
  for (const Target& target : plan.freeze) {
    if (!target.with_previous) freezer_->BeginGroup();
    if (absl::Status status = Add(target); !status.ok()) return status;
  }
  LogLeftOut(*table, plan);
  return frozen_.empty() ? NothingToFreeze() : absl::OkStatus();
}

absl::Status SystemBackend::Add(const Target& target) {
  std::vector<Place> places = {target.place};
  places.insert(places.end(), target.alternatives.begin(), target.alternatives.end());
  int error = 0;
  for (const Place& place : places) {
    const absl::StatusOr<int> added =
        freezer_->Add(place.path, place.mount_id, target.major, target.minor);
    if (!added.ok()) return added.status();
    error = *added;
    if (error == 0) {
      frozen_.emplace_back().set_mount_point(place.path);
      return absl::OkStatus();
    }
  }
  const absl::Status why = ErrnoError(error, absl::StrCat("opening ", target.place.path));
  if (MayHaveMoved(error)) return absl::AbortedError(why.message());
  // FAILED_PRECONDITION is for a machine that has nothing to freeze.
  if (!MayBeLeftOut(error)) return absl::InternalError(why.message());
  left_out_.push_back(std::string(why.message()));
  return absl::OkStatus();
}

void SystemBackend::LogLeftOut(const MountTable& table, const Plan& plan) {
  if (table.malformed > 0) LogWarning("snapshot: left out: ", MalformedText(table));
  if (!left_out_.empty()) LogWarning("snapshot: left out: ", ListText(left_out_));
  const std::string skipped = SkippedText(plan);
  if (!skipped.empty()) LogNotice("snapshot: not frozen: ", skipped);
}

// sync(2) waits for every file system, also for a server that has gone. The wait for it ends with
// the snapshot; its thread may stay.
absl::Status SystemBackend::SyncOnly(const StopSignal& stop) const {
  const auto synced = std::make_shared<StopSignal>();
  std::thread([synced] {
    sync();
    synced->Set();
  }).detach();
  while (!synced->IsSet()) {
    if (stop.IsSet()) return absl::CancelledError("stopped");
    synced->WaitFor(absl::Milliseconds(50));
  }
  return absl::OkStatus();
}

absl::Status SystemBackend::Hold() {
  return frozen_.empty() ? absl::OkStatus() : freezer_->Hold(options_.hold);
}

absl::StatusOr<v1::QuiesceUpdate::FileSystemsThawed> SystemBackend::Thaw() {
  v1::QuiesceUpdate::FileSystemsThawed thawed;
  if (frozen_.empty()) return thawed;
  const absl::StatusOr<freezer::Reply> reply = freezer_->Thaw();
  // The freezer ends with its connection; if it could not thaw, it tries once more then.
  freezer_.reset();
  if (!reply.ok()) return reply.status();
  thawed.set_frozen_us(reply->frozen_us);
  for (size_t i = 0; i < frozen_.size(); ++i) {
    if (i < freezer::kMaxTargets) frozen_[i].set_thaw_us(reply->micros[i]);
    *thawed.add_file_systems() = frozen_[i];
  }
  return thawed;
}

void SystemBackend::Finish(const StopSignal& stop) {
  if (owes_scripts_) {
    LogError("systemd cannot be reached: scripts of the snapshot are called back when it can be");
  }
  while (owes_scripts_ && !stop.WaitFor(options_.scripts.retry)) {
    (void)RunScripts(ScriptEvent::kFreezeFail, stop);
  }
  if (!owes_scripts_) EndScripts(options_.scripts);
}

absl::StatusOr<std::string> SystemBackend::WriteManifest() {
  absl::Status status = snapshotd::WriteManifest(options_.manifest, start_.product_version());
  if (!status.ok()) return status;
  return options_.manifest;
}

}  // namespace toolboxd::snapshotd
