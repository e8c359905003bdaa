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
  const std::string unit = UnitOf(event);
  const absl::Status status = RunUnit(unit, {.job = options.time_limit}, stop);
  if (absl::IsNotFound(status)) return absl::UnavailableError(status.message());
  if (absl::IsDeadlineExceeded(status) || absl::IsCancelled(status) || absl::IsAborted(status)) {
    if (const absl::Status stopped = StopUnit(unit); !stopped.ok()) {
      LogWarning(unit, " could not be stopped: ", stopped.message());
    }
  }
  return status;
}

void EndScripts(const ScriptOptions& options) { unlink(options.argument_file.c_str()); }

void RecoverScripts(const ScriptOptions& options, const StopSignal& stop) {
  std::string argument;
  const int error = ReadSmallFile(options.argument_file, kMaxArgument, argument);
  if (error == ENOENT) return;
  LogWarning("snapshotd ended during a snapshot; the scripts that it has run are called back");
  for (const ScriptEvent event : {ScriptEvent::kFreeze, ScriptEvent::kThaw}) {
    if (const absl::Status stopped = StopUnit(UnitOf(event)); !stopped.ok()) {
      LogWarning(UnitOf(event), " could not be stopped: ", stopped.message());
    }
  }
  const absl::Status status = RunScripts(options, ScriptEvent::kFreezeFail, argument, stop);
  if (!status.ok()) LogError("scripts could not be called back: ", status.message());
  EndScripts(options);
}

}  // namespace toolboxd::snapshotd
