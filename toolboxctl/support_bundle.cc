// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/support_bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/output.h"
#include "toolboxctl/program_output.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxPart = 16 << 20;

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_free(archive); }
};
struct FreeEntry {
  void operator()(struct archive_entry* entry) const { archive_entry_free(entry); }
};

// An archive on its way into a file.
class Archive {
 public:
  absl::Status Open(int file) {
    writer_.reset(archive_write_new());
    const bool ok = writer_ != nullptr &&
                    archive_write_set_format_pax_restricted(writer_.get()) == ARCHIVE_OK &&
                    archive_write_add_filter_gzip(writer_.get()) == ARCHIVE_OK &&
                    archive_write_open_fd(writer_.get(), file) == ARCHIVE_OK;
    return ok ? absl::OkStatus() : Failure();
  }

  absl::Status Add(const std::string& name, absl::string_view text) {
    const std::unique_ptr<struct archive_entry, FreeEntry> entry(archive_entry_new());
    if (entry == nullptr) return Failure();
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(text.size()));
    archive_entry_set_mtime(entry.get(), absl::ToUnixSeconds(absl::Now()), 0);
    if (archive_write_header(writer_.get(), entry.get()) != ARCHIVE_OK) return Failure();
    while (!text.empty()) {
      const la_ssize_t written = archive_write_data(writer_.get(), text.data(), text.size());
      if (written <= 0) return Failure();
      text.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

  absl::Status Close() {
    return archive_write_close(writer_.get()) == ARCHIVE_OK ? absl::OkStatus() : Failure();
  }

 private:
  absl::Status Failure() const {
    const char* text = writer_ == nullptr ? nullptr : archive_error_string(writer_.get());
    return absl::InternalError(absl::StrCat("cannot write the archive: ",
                                            text != nullptr ? text : "libarchive gives no reason"));
  }

  std::unique_ptr<struct archive, FreeArchive> writer_;
};

// What systemd's tools take for the units of toolboxd. Not those of guest users' programs, scopes
// and slices, and vixd's services, in which they run where no scope can be made: "systemctl status"
// prints their arguments, and their journal has what they print.
void AddUnits(std::vector<std::string>& command, const std::string& before) {
  for (const char* units :
       {"toolboxd-[!v]*.service", "toolboxd*.socket", "toolboxd*.path", "toolboxd*.target"}) {
    command.push_back(absl::StrCat(before, units));
  }
}

std::vector<std::string> Journal(const std::string& lines) {
  return {"journalctl", "--no-pager", "--quiet", "--output=short-iso-precise",
          absl::StrCat("--lines=", lines)};
}

std::vector<BundlePart> PartsOfThisMachine() {
  char self[4096];
  const ssize_t size = readlink("/proc/self/exe", self, sizeof self);
  return BundleParts(std::string(self, size > 0 ? size : 0), absl::GetFlag(FLAGS_control));
}

// docs/protocol/rpc.md 2.7.
enum class SupportState { kNotRunning = 0, kBeginning = 1, kRunning = 2, kEnding = 3, kError = 10 };

// So that one more may be made; also of those that an end of the unit has cut. Their names sort by
// time.
void RemoveOldBundles(const HostBundleOptions& options) {
  std::vector<std::filesystem::path> bundles;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(options.folder, error)) {
    if (absl::EndsWith(entry.path().native(), ".tar.gz")) bundles.push_back(entry.path());
  }
  std::sort(bundles.begin(), bundles.end());
  for (size_t i = 0; i + options.kept <= bundles.size(); ++i) {
    std::filesystem::remove(bundles[i], error);
  }
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
  parts.push_back({"units.txt", {"systemctl", "--no-pager", "--full", "status"}});
  AddUnits(parts.back().command, "");
  // The names of all overridden units, without their text.
  parts.push_back({"overrides.txt",
                   {"systemd-delta", "--no-pager", "--diff=no", "--type=extended,overridden"}});
  parts.push_back({"journal.txt", Journal("20000")});
  AddUnits(parts.back().command, "--unit=");
  // The journal of the users' vixd, which run beside the users' programs, and of session before
  // them.
  parts.push_back({"vixd.txt", Journal("5000")});
  parts.back().command.push_back("--identifier=vixd");
  parts.back().command.push_back("--identifier=session");
  parts.push_back({"policy.txt", {"cat", "/etc/toolboxd/policy.textproto"}});
  parts.push_back({"snapshot.txt", {"cat", "/etc/toolboxd/snapshot.textproto"}});
  parts.push_back({"configuration.txt", {"ls", "-lR", "/etc/toolboxd"}});
  parts.push_back({"system.txt", {"uname", "-a"}});
  parts.push_back({"os-release.txt", {"cat", "/etc/os-release"}});
  parts.push_back({"virtualization.txt", {"systemd-detect-virt"}});
  return parts;
}

absl::StatusOr<UniqueFd> CreateBundle(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.ok()) return ErrnoError(errno, absl::StrCat("cannot create ", path));
  return file;
}

absl::StatusOr<std::string> WriteBundle(int file, const std::string& folder,
                                        const std::vector<BundlePart>& parts) {
  Archive archive;
  const absl::Time deadline = SteadyNow() + kBundleTime;
  absl::Status status = archive.Open(file);
  std::string content;
  for (const BundlePart& part : parts) {
    if (!status.ok()) return status;
    const absl::Duration time = std::min(kBundlePartTime, deadline - SteadyNow());
    const absl::StatusOr<std::string> output = OutputOf(part.command, kMaxPart, time);
    const std::string command = absl::StrJoin(part.command, " ");
    if (!output.ok()) {
      absl::StrAppend(&content, part.name, "  missing: ", output.status().message(), "\n");
      continue;
    }
    absl::StrAppend(&content, part.name, "  ", output->size(), " bytes of: ", command, "\n");
    status = archive.Add(absl::StrCat(folder, "/", part.name), *output);
  }
  if (status.ok()) status = archive.Add(absl::StrCat(folder, "/CONTENT"), content);
  if (status.ok()) status = archive.Close();
  if (!status.ok()) return status;
  return content;
}

absl::StatusOr<Bundle> MakeBundle(const std::string& folder, const std::vector<BundlePart>& parts) {
  const std::string name = absl::StrCat(
      "toolboxd-support-", absl::FormatTime("%Y%m%d-%H%M%S", absl::Now(), absl::LocalTimeZone()));
  Bundle bundle;
  bundle.path = absl::StrCat(folder, name, ".tar.gz");
  absl::StatusOr<UniqueFd> file = CreateBundle(bundle.path);
  if (!file.ok()) return file.status();
  absl::StatusOr<std::string> content = WriteBundle(file->get(), name, parts);
  // A network file system says then that it does not fit.
  if (content.ok() && close(file->release()) != 0) content = ErrnoError(errno, bundle.path);
  if (!content.ok()) {
    unlink(bundle.path.c_str());
    return content.status();
  }
  bundle.content = *std::move(content);
  return bundle;
}

int SupportBundleMain() {
  const absl::StatusOr<Bundle> bundle = MakeBundle("", PartsOfThisMachine());
  if (!bundle.ok()) {
    return Fail(absl::StrCat("support-bundle: ", bundle.status().message(),
                             "; run it in a folder in which you may write"));
  }
  return Print(absl::StrCat(
      bundle->content, "\n", bundle->path,
      " has these files. They have names of users, paths and addresses, and no passwords: look "
      "through them before you send them.\n"));
}

int HostSupportBundle(const HostBundleOptions& options, const std::vector<BundlePart>& parts,
                      const SendToHost& send) {
  // First: the path unit would start this again and again.
  unlink(options.request.c_str());
  const auto report = [&send](SupportState state) {
    send(absl::StrCat("tools.vmsupport.status ", static_cast<int>(state))).status().IgnoreError();
  };
  report(SupportState::kBeginning);
  report(SupportState::kRunning);
  // First: if this process is ended, the next one must not find one more each time.
  RemoveOldBundles(options);
  const absl::StatusOr<Bundle> bundle = MakeBundle(options.folder, parts);
  if (!bundle.ok()) {
    report(SupportState::kError);
    return Fail(absl::StrCat("support-bundle: ", bundle.status().message()));
  }
  report(SupportState::kEnding);
  send(absl::StrCat("log toolbox: a support bundle is in the guest: ", bundle->path))
      .status()
      .IgnoreError();
  report(SupportState::kNotRunning);
  return Print(absl::StrCat("made ", bundle->path, " for the host\n"));
}

int HostSupportBundleMain(const SendToHost& send) {
  return HostSupportBundle({}, PartsOfThisMachine(), send);
}

}  // namespace toolboxd
