// SPDX-License-Identifier: Apache-2.0

// The administrator's settings for guest customization (proto/toolboxd/v1/deploy.proto,
// toolboxd-deploy(5)).

#ifndef TOOLBOXD_DEPLOYD_SETTINGS_H_
#define TOOLBOXD_DEPLOYD_SETTINGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxd/v1/deploy.pb.h"

namespace toolboxd::deployd {

inline constexpr char kSettingsFile[] = "/etc/toolboxd/deploy.textproto";

// Text format. Every field of the result is set: those that the text lacks have their defaults.
// INVALID_ARGUMENT names line and column, or the field with an invalid value. Pure.
absl::StatusOr<v1::CustomizationSettings> ParseSettings(absl::string_view text);

// The same from a file; without one, the defaults. A file that cannot be read or parsed, or that
// others could write (base/strict_modes.h), is an error, which names the path: no customization may
// then be done, since the file may forbid it. Thread-safe.
absl::StatusOr<v1::CustomizationSettings> ReadSettings(const std::string& path);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_SETTINGS_H_
