// SPDX-License-Identifier: Apache-2.0

// toolboxctl support-bundle: what a person who helps needs, in one archive.

#ifndef TOOLBOXD_TOOLBOXCTL_SUPPORT_BUNDLE_H_
#define TOOLBOXD_TOOLBOXCTL_SUPPORT_BUNDLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace toolboxd {

// One file of the bundle: what a program prints.
struct BundlePart {
  std::string name;
  std::vector<std::string> command;
};

// Of toolboxd only: its state, its units and their journal, its configuration, and the system's
// name. Nothing of them has passwords, the arguments of programs or the content of files; they have
// names of users, paths and addresses. `program` is the file that this process executes, `control`
// its
// --control.
std::vector<BundlePart> BundleParts(const std::string& program, const std::string& control);

// Writes the parts into a new folder of mode 0700 in `parent`, each up to 16 MiB, with a file
// CONTENT that lists them. Returns the folder's path. A program that does not exist is listed as
// missing.
absl::StatusOr<std::string> WriteBundle(const std::string& parent,
                                        const std::vector<BundlePart>& parts);

// Makes an archive of them in the current folder, of mode 0600, and prints what it has. The exit
// status.
int SupportBundleMain();

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_SUPPORT_BUNDLE_H_
