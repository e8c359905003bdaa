// SPDX-License-Identifier: Apache-2.0

#include "deployd/settings.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/config_file.h"
#include "base/strict_modes.h"

namespace toolboxd::deployd {
namespace {

constexpr uint32_t kScriptTimeLimit = 600;
// transportd waits for an hour.
constexpr uint32_t kMaxScriptTimeLimit = 3000;

}  // namespace

absl::StatusOr<v1::CustomizationSettings> ParseSettings(absl::string_view text) {
  v1::DeploySettings file;
  if (absl::Status parsed = ParseTextProto(text, file); !parsed.ok()) return parsed;
  v1::CustomizationSettings settings = file.customization();
  if (!settings.has_enable()) settings.set_enable(true);
  if (!settings.has_script_time_limit()) settings.set_script_time_limit(kScriptTimeLimit);
  const uint32_t limit = settings.script_time_limit();
  if (limit < 1 || limit > kMaxScriptTimeLimit) {
    return absl::InvalidArgumentError(absl::StrCat(
        "script_time_limit: ", limit, " is not between 1 and ", kMaxScriptTimeLimit, " seconds"));
  }
  return settings;
}

absl::StatusOr<v1::CustomizationSettings> ReadSettings(const std::string& path) {
  // Its message has the path already.
  if (absl::Status strict = CheckStrictModes(path); !strict.ok()) return strict;
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  if (absl::IsNotFound(text.status())) return ParseSettings("");
  absl::StatusOr<v1::CustomizationSettings> settings =
      text.ok() ? ParseSettings(*text) : absl::StatusOr<v1::CustomizationSettings>(text.status());
  if (settings.ok()) return settings;
  return absl::Status(settings.status().code(),
                      absl::StrCat(path, ": ", settings.status().message()));
}

}  // namespace toolboxd::deployd
