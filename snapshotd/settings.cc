// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/settings.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/config_file.h"
#include "base/strict_modes.h"
#include "snapshotd/glob.h"

namespace toolboxd::snapshotd {
namespace {

constexpr uint32_t kTimeLimit = 900;
constexpr uint32_t kMaxTimeLimit = 14400;
constexpr uint32_t kScriptTimeLimit = 60;
constexpr uint32_t kMaxScriptTimeLimit = 3600;
constexpr uint32_t kFreezeTimeLimit = 30;
constexpr uint32_t kMaxFreezeTimeLimit = 600;
constexpr int kMaxPatterns = 256;
constexpr size_t kMaxScriptArgument = 256;

void SetDefaults(v1::SnapshotSettings& settings) {
  if (!settings.has_freeze_file_systems()) settings.set_freeze_file_systems(true);
  if (!settings.has_run_scripts()) settings.set_run_scripts(true);
  if (!settings.has_time_limit()) settings.set_time_limit(kTimeLimit);
  if (!settings.has_script_time_limit()) settings.set_script_time_limit(kScriptTimeLimit);
  if (!settings.has_freeze_time_limit()) settings.set_freeze_time_limit(kFreezeTimeLimit);
}

absl::Status CheckLimit(absl::string_view name, uint32_t value, uint32_t max) {
  if (value >= 1 && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": ", value, " is not between 1 and ", max, " seconds"));
}

// A pattern that can match nothing would leave a file system frozen that was to be excluded.
absl::Status CheckPattern(const std::string& pattern) {
  const auto fault = [&pattern](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("excluded_file_systems: \"", pattern, "\": ", what));
  };
  if (absl::Status parsed = Glob::Parse(pattern).status(); !parsed.ok()) {
    return fault(parsed.message());
  }
  if (!absl::StartsWith(pattern, "/") && !absl::StartsWith(pattern, "**")) {
    return fault("a pattern starts with \"/\" or \"**\", as mount points do");
  }
  if (pattern.size() > 1 && absl::EndsWith(pattern, "/")) {
    return fault("no mount point ends with \"/\"");
  }
  return absl::OkStatus();
}

absl::Status Check(const v1::SnapshotSettings& settings) {
  if (settings.excluded_file_systems_size() > kMaxPatterns) {
    return absl::InvalidArgumentError(
        absl::StrCat("excluded_file_systems: more than ", kMaxPatterns, " patterns"));
  }
  for (const std::string& pattern : settings.excluded_file_systems()) {
    if (absl::Status status = CheckPattern(pattern); !status.ok()) return status;
  }
  if (settings.script_argument().size() > kMaxScriptArgument) {
    return absl::InvalidArgumentError(
        absl::StrCat("script_argument: longer than ", kMaxScriptArgument, " bytes"));
  }
  if (absl::StrContains(settings.script_argument(), absl::string_view("\0", 1))) {
    return absl::InvalidArgumentError("script_argument: an argument has no zero byte");
  }
  absl::Status limits = CheckLimit("time_limit", settings.time_limit(), kMaxTimeLimit);
  limits.Update(CheckLimit("script_time_limit", settings.script_time_limit(), kMaxScriptTimeLimit));
  limits.Update(CheckLimit("freeze_time_limit", settings.freeze_time_limit(), kMaxFreezeTimeLimit));
  return limits;
}

}  // namespace

absl::StatusOr<v1::SnapshotSettings> ParseSettings(absl::string_view text) {
  v1::SnapshotSettings settings;
  if (absl::Status parsed = ParseTextProto(text, settings); !parsed.ok()) return parsed;
  SetDefaults(settings);
  if (absl::Status checked = Check(settings); !checked.ok()) return checked;
  return settings;
}

absl::StatusOr<v1::SnapshotSettings> ReadSettings(const std::string& path) {
  // Its message has the path already.
  if (absl::Status strict = CheckStrictModes(path); !strict.ok()) return strict;
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  if (absl::IsNotFound(text.status())) return ParseSettings("");
  absl::StatusOr<v1::SnapshotSettings> settings =
      text.ok() ? ParseSettings(*text) : absl::StatusOr<v1::SnapshotSettings>(text.status());
  if (settings.ok()) return settings;
  return absl::Status(settings.status().code(),
                      absl::StrCat(path, ": ", settings.status().message()));
}

}  // namespace toolboxd::snapshotd
