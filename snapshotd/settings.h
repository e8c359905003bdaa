// SPDX-License-Identifier: Apache-2.0

// The administrator's settings for quiesced snapshots (proto/toolboxd/v1/snapshot.proto,
// toolboxd-snapshot(5)).

#ifndef TOOLBOXD_SNAPSHOTD_SETTINGS_H_
#define TOOLBOXD_SNAPSHOTD_SETTINGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxd/v1/snapshot.pb.h"

namespace toolboxd::snapshotd {

inline constexpr char kSettingsFile[] = "/etc/toolboxd/snapshot.textproto";

// Parses text format. Every field of the result is set: those that the text lacks have their
// defaults. INVALID_ARGUMENT names line and column, or the field with an invalid value. Pure.
absl::StatusOr<v1::SnapshotSettings> ParseSettings(absl::string_view text);

// The same for a file; without a file, the defaults. A file that cannot be read or parsed, or that
// others could write (base/strict_modes.h), is an error, which names the path: no snapshot may then
// be taken, since it could freeze what the administrator excluded. Thread-safe.
absl::StatusOr<v1::SnapshotSettings> ReadSettings(const std::string& path);

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_SETTINGS_H_
