// SPDX-License-Identifier: Apache-2.0

// The manifest of a quiesced snapshot (docs/protocol/snapshot.md 8.8).

#ifndef TOOLBOXD_SNAPSHOTD_MANIFEST_H_
#define TOOLBOXD_SNAPSHOTD_MANIFEST_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace toolboxd::snapshotd {

// The XML that open-vm-tools writes, for that version of the guest tools.
std::string Manifest(uint32_t product_version);

// Replaces the file; readable by all, since the host fetches it by a guest operation.
absl::Status WriteManifest(const std::string& path, uint32_t product_version);

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_MANIFEST_H_
