// SPDX-License-Identifier: Apache-2.0

// What the host asks for when it starts a quiesced snapshot (docs/protocol/snapshot.md 8.4).

#ifndef TOOLBOXD_TRANSPORTD_SNAPSHOT_START_OPTIONS_H_
#define TOOLBOXD_TRANSPORTD_SNAPSHOT_START_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::snapshot {

// In bytes; longer ones are malformed.
constexpr size_t kMaxScriptArgument = 256;
constexpr size_t kMaxDiskIds = 3200;

struct StartOptions {
  bool create_manifest = false;
  // Not set where the administrator's settings decide: by vmbackup.start.
  std::optional<bool> freeze_file_systems;
  std::optional<bool> run_scripts;
  // Quiescing by applications, which only Windows has.
  bool quiesce_applications = false;
  // At most kMaxScriptArgument bytes without NUL, not necessarily UTF-8; empty for none.
  std::string script_argument;
  // Limit of the whole, in seconds; 0: as the settings say.
  uint32_t time_limit = 0;

  // Whether there is anything to do that this guest can do: file systems, or scripts alone.
  bool CanStart() const;
};

// What follows "vmbackup.start ", with or without a final NUL: whether a manifest is wanted, then
// names of disks, which do not matter. Any bytes are understood: without an argument nothing is
// asked for, with one the settings decide.
StartOptions ParseStart(absl::string_view arguments);

// What follows "vmbackup.startWithOpts ": XDR, version 1. The message of an error, InvalidArgument,
// is what the host gets behind "ERROR ". `blob` is all of it: bytes after the structure are an
// error.
absl::StatusOr<StartOptions> DecodeStartOptions(absl::string_view blob);

}  // namespace toolboxd::snapshot

#endif  // TOOLBOXD_TRANSPORTD_SNAPSHOT_START_OPTIONS_H_
