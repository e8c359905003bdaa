// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/support_bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/output.h"
#include "toolboxctl/program_output.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxPart = 16 << 20;

absl::Status WriteFile(const std::string& path, absl::string_view text) {
  const UniqueFd file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.ok()) return ErrnoError(errno, path);
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return ErrnoError(errno, path);
    text.remove_prefix(written);
  }
  return absl::OkStatus();
}

// The folder and what WriteBundle() made in it.
void Remove(const std::string& folder, const std::vector<BundlePart>& parts) {
  for (const BundlePart& part : parts) unlink(absl::StrCat(folder, "/", part.name).c_str());
  unlink(absl::StrCat(folder, "/CONTENT").c_str());
  rmdir(folder.c_str());
}

}  // namespace

std::vector<BundlePart> BundleParts(const std::string& program, const std::string& control) {
  const std::string flag = absl::StrCat("--control=", control);
  std::vector<BundlePart> parts;
  for (const char* verb : {"status", "info", "nics", "disks", "sessions", "transfers", "metrics",
                           "self-test", "version"}) {
    parts.push_back({absl::StrCat(verb, ".txt"), {program, "toolboxctl", flag, verb}});
  }
  parts.push_back({"install-check.txt", {"toolboxd-install-check"}});
  parts.push_back({"units.txt", {"systemctl", "--no-pager", "--full", "status", "toolboxd*"}});
  parts.push_back({"overrides.txt", {"systemd-delta", "--no-pager", "--type=extended,overridden"}});
  parts.push_back({"journal.txt",
                   {"journalctl", "--no-pager", "--quiet", "--unit=toolboxd*", "--lines=20000",
                    "--output=short-iso-precise"}});
  parts.push_back({"policy.txt", {"cat", "/etc/toolboxd/policy.textproto"}});
  parts.push_back({"snapshot.txt", {"cat", "/etc/toolboxd/snapshot.textproto"}});
  parts.push_back({"configuration.txt", {"ls", "-lR", "/etc/toolboxd"}});
  parts.push_back({"system.txt", {"uname", "-a"}});
  parts.push_back({"os-release.txt", {"cat", "/etc/os-release"}});
  parts.push_back({"virtualization.txt", {"systemd-detect-virt"}});
  return parts;
}

absl::StatusOr<std::string> WriteBundle(const std::string& parent,
                                        const std::vector<BundlePart>& parts) {
  std::string folder = absl::StrCat(parent, "/toolboxd-support.XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) return ErrnoError(errno, folder);
  std::string content;
  for (const BundlePart& part : parts) {
    const absl::StatusOr<std::string> output = OutputOf(part.command, kMaxPart);
    const std::string command = absl::StrJoin(part.command, " ");
    absl::Status written;
    if (output.ok()) {
      absl::StrAppend(&content, part.name, "  ", output->size(), " bytes of: ", command, "\n");
      written = WriteFile(absl::StrCat(folder, "/", part.name), *output);
    } else {
      absl::StrAppend(&content, part.name, "  missing: ", output.status().message(), "\n");
    }
    if (!written.ok()) {
      Remove(folder, parts);
      return written;
    }
  }
  const absl::Status written = WriteFile(absl::StrCat(folder, "/CONTENT"), content);
  if (written.ok()) return folder;
  Remove(folder, parts);
  return written;
}

int SupportBundleMain() {
  char self[4096];
  const ssize_t size = readlink("/proc/self/exe", self, sizeof self);
  const std::vector<BundlePart> parts =
      BundleParts(std::string(self, size > 0 ? size : 0), absl::GetFlag(FLAGS_control));
  const absl::StatusOr<std::string> folder = WriteBundle(".", parts);
  if (!folder.ok()) {
    return Fail(absl::StrCat("support-bundle: ", folder.status().message(),
                             "; run it in a folder in which you may write"));
  }
  const std::string archive = absl::StrCat(
      "toolboxd-support-", absl::FormatTime("%Y%m%d-%H%M%S", absl::Now(), absl::LocalTimeZone()),
      ".tar.gz");
  umask(0077);
  const absl::StatusOr<std::string> packed = OutputOf({"tar", "-czf", archive, *folder}, kMaxPart);
  const absl::StatusOr<std::string> content =
      OutputOf({"cat", absl::StrCat(*folder, "/CONTENT")}, kMaxPart);
  Remove(*folder, parts);
  if (!packed.ok() || access(archive.c_str(), R_OK) != 0) {
    return Fail(absl::StrCat("support-bundle: tar failed: ",
                             packed.ok() ? *packed : std::string(packed.status().message())));
  }
  return Print(absl::StrCat(
      content.value_or(""), "\n", archive,
      " has these files. They have names of users, paths and addresses, and no passwords: look "
      "through them before you send them.\n"));
}

}  // namespace toolboxd
