// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/scripts.h"

#include <errno.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/replace_file.h"
#include "base/small_file.h"
#include "base/steady_time.h"
#include "daemon/system_unit.h"

namespace toolboxd::snapshotd {
namespace {

bool MayHaveScripts(const std::string& place) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(place, error);
  if (status.type() == std::filesystem::file_type::not_found) return false;
  if (error || !std::filesystem::is_directory(status)) return true;
  const std::filesystem::directory_iterator entries(place, error);
  return error || entries != std::filesystem::directory_iterator();
}

// proto/toolboxd/v1/quiesce.proto.
constexpr size_t kMaxArgument = 256;

std::string UnitOf(ScriptEvent event) {
  return absl::StrCat("toolboxd-snapshot-hook@", ScriptEventName(event), ".service");
}

bool Stop(const std::string& unit) {
  const absl::Status stopped = StopUnit(unit);
  if (!stopped.ok()) LogWarning(unit, " could not be stopped: ", stopped.message());
  return stopped.ok();
}

absl::Status RunOnce(const ScriptOptions& options, ScriptEvent event, const StopSignal& stop) {
  const std::string unit = UnitOf(event);
  const absl::Status status = RunUnit(unit, {.job = options.time_limit}, stop);
  if (absl::IsNotFound(status)) return absl::UnavailableError(status.message());
  // polkit itself may be about to start; what it refuses before a snapshot has not begun.
  if (absl::IsPermissionDenied(status) && event != ScriptEvent::kFreeze) {
    return absl::UnavailableError(status.message());
  }
  if (absl::IsDeadlineExceeded(status) || absl::IsCancelled(status) || absl::IsAborted(status)) {
    Stop(unit);
  }
  return status;
}

// As RunOnce(), but what ran before must have ended: where the bus was lost, a unit may still run,
// or may have been started although no answer came.
absl::Status RunAfterOthers(const ScriptOptions& options, ScriptEvent event,
                            const StopSignal& stop) {
  if (event == ScriptEvent::kFreezeFail &&
      !(Stop(UnitOf(ScriptEvent::kFreeze)) && Stop(UnitOf(ScriptEvent::kThaw)))) {
    return absl::UnavailableError("the scripts that ran before could not be stopped");
  }
  return RunOnce(options, event, stop);
}

absl::Status CallBack(const ScriptOptions& options, ScriptEvent event, const StopSignal& stop) {
  const absl::Time give_up = SteadyNow() + options.time_limit;
  absl::Status first;
  for (int callbacks = 0; callbacks < kMaxCallbacks;) {
    const absl::Status status = RunAfterOthers(options, event, stop);
    if (status.ok() || absl::IsCancelled(status)) return first.ok() ? status : first;
    const bool is_lost = absl::IsUnavailable(status) || absl::IsAborted(status);
    if (is_lost && SteadyNow() >= give_up) return absl::UnavailableError(status.message());
    if (absl::IsUnavailable(status)) {
      if (stop.WaitFor(options.retry)) return status;
      continue;
    }
    first.Update(status);
    event = ScriptEvent::kFreezeFail;
    ++callbacks;
  }
  return first;
}

}  // namespace

bool HasScripts(const std::vector<std::string>& places) {
  for (const std::string& place : places) {
    if (MayHaveScripts(place)) return true;
  }
  return false;
}

absl::Status RunScripts(const ScriptOptions& options, ScriptEvent event, absl::string_view argument,
                        const StopSignal& stop) {
  if (!HasScripts(options.places)) return absl::OkStatus();
  // The folder is snapshotd's own, in a tmpfs.
  if (absl::Status status = ReplaceFile(options.argument_file, argument, 0600); !status.ok()) {
    return absl::UnavailableError(status.message());
  }
  if (event != ScriptEvent::kFreeze) return CallBack(options, event, stop);
  const absl::Status status = RunOnce(options, event, stop);
  if (absl::IsPermissionDenied(status)) EndScripts(options);
  return status;
}

void EndScripts(const ScriptOptions& options) { unlink(options.argument_file.c_str()); }

void RecoverScripts(const ScriptOptions& options, const StopSignal& stop) {
  std::string argument;
  const int error = ReadSmallFile(options.argument_file, kMaxArgument, argument);
  if (error == ENOENT) return;
  LogWarning("snapshotd ended during a snapshot; the scripts that it has run are called back");
  const absl::Status status = RunScripts(options, ScriptEvent::kFreezeFail, argument, stop);
  if (!status.ok()) LogError("scripts could not be called back: ", status.message());
  if (!absl::IsUnavailable(status)) EndScripts(options);
}

}  // namespace toolboxd::snapshotd
