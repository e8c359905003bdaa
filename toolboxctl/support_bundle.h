// SPDX-License-Identifier: Apache-2.0

// toolboxctl support-bundle: what a person who helps needs, in one archive.

#ifndef TOOLBOXD_TOOLBOXCTL_SUPPORT_BUNDLE_H_
#define TOOLBOXD_TOOLBOXCTL_SUPPORT_BUNDLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "toolboxctl/guest_variables.h"

namespace toolboxd {

// Less than TimeoutStartSec= of toolboxd-support-bundle.service.
inline constexpr absl::Duration kBundlePartTime = absl::Seconds(30);
inline constexpr absl::Duration kBundleTime = absl::Minutes(4);

// One file of the bundle: what a program prints.
struct BundlePart {
  std::string name;
  std::vector<std::string> command;
};

// The parts are about toolboxd only: its state, its units and their journal, its configuration, and
// the system's name. Nothing of them has passwords, the arguments or the output of programs that
// guest users started, or the content of files; they have names of users, paths and addresses.
// `program` is the file that this process executes, `control` its --control.
std::vector<BundlePart> BundleParts(const std::string& program, const std::string& control);

// A new file of mode 0600. The folder may be one in which others may write: what stands at the
// name, a link included, is neither written nor followed (ALREADY_EXISTS).
absl::StatusOr<UniqueFd> CreateBundle(const std::string& path);

// Writes the parts to `file` as an archive (tar, gzip) of files below `folder`, each up to 16 MiB
// and what its program prints in kBundlePartTime, of all of them kBundleTime; and a file CONTENT
// that lists them, which it returns. A program that does not exist is listed as missing. Nothing is
// written anywhere else.
absl::StatusOr<std::string> WriteBundle(int file, const std::string& folder,
                                        const std::vector<BundlePart>& parts);

struct Bundle {
  // The path of the archive.
  std::string path;
  // The text of CONTENT.
  std::string content;
};

// Makes an archive of the parts in `folder`, which ends with a slash; empty: the current one. Its
// name has the time. An error leaves nothing.
absl::StatusOr<Bundle> MakeBundle(const std::string& folder, const std::vector<BundlePart>& parts);

// Makes an archive of them in the current folder, and prints what it has. The exit status.
int SupportBundleMain();

struct HostBundleOptions {
  // transportd's, which asks for the bundle (docs/protocol/rpc.md 2.7). It is removed, and not
  // read.
  std::string request = "/run/toolboxd/transport/support-request";
  // Only root can look into it.
  std::string folder = "/var/lib/toolboxd/support/";
  // Bundles that are kept, the newest ones.
  size_t kept = 3;
};

// Makes a bundle because the host asked for it, and reports to the host how it goes and where it
// is: the program of toolboxd-support-bundle.service. The exit status.
int HostSupportBundle(const HostBundleOptions& options, const std::vector<BundlePart>& parts,
                      const SendToHost& send);
int HostSupportBundleMain(const SendToHost& send);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_SUPPORT_BUNDLE_H_
