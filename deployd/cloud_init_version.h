// SPDX-License-Identifier: Apache-2.0

// Which cloud-init is installed, by its files.

#ifndef TOOLBOXD_DEPLOYD_CLOUD_INIT_VERSION_H_
#define TOOLBOXD_DEPLOYD_CLOUD_INIT_VERSION_H_

#include <string>

#include "absl/strings/string_view.h"

namespace toolboxd::deployd {

// The version that a cloudinit/version.py names: the distribution's, if it has one, else
// upstream's. Empty if there is none. Pure.
std::string VersionOfModule(absl::string_view text);

// The version of the package cloud-init in a dpkg status file; empty if it is not installed. Pure.
std::string VersionOfDpkgStatus(absl::string_view text);

// Whether version "MAJOR.MINOR…" is at least that; false for a text that is not a version. Pure.
bool IsAtLeast(absl::string_view version, unsigned major, unsigned minor);

// Searches below `root` ("" for this machine): the version of the newest module in
// lib/pythonN/site-packages or dist-packages of /usr or /usr/local, else of the metadata beside it,
// else dpkg's. Empty if it is not installed. Thread-safe.
std::string InstalledCloudInit(const std::string& root);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_CLOUD_INIT_VERSION_H_
