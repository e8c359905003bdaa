// SPDX-License-Identifier: Apache-2.0

#include "powerd/direct_backend.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "base/strict_modes.h"
#include "daemon/child.h"
#include "powerd/power_event.h"

namespace toolboxd {
namespace {

// shutdown(8) only sends the request to init and returns.
constexpr absl::Duration kShutdownTimeout = absl::Seconds(30);

bool IsHookName(absl::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; });
}

// All names but "." and "..", sorted by bytes; none if there is no such folder.
absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
  if (dir == nullptr) {
    if (errno == ENOENT) return names;
    return ErrnoError(errno, folder);
  }
  while (const dirent* entry = readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Whether a file is a hook that run-parts would run.
bool IsHook(const std::string& path, absl::string_view name, const struct stat& info) {
  if (!S_ISREG(info.st_mode) || (info.st_mode & 0111) == 0) return false;
  if (IsHookName(name)) return true;
  LogNotice(path, " is not run: names of hooks have letters, digits, '_' and '-' only");
  return false;
}

}  // namespace

absl::Status DirectBackend::RunHooks(v1::PowerEvent event, const StopSignal& stop) {
  const std::string folder = absl::StrCat(options_.hook_dir, "/", PowerEventName(event));
  absl::StatusOr<std::vector<std::string>> names = NamesIn(folder);
  if (!names.ok()) return names.status();
  if (!names->empty()) {
    if (absl::Status strict = CheckStrictModes(folder); !strict.ok()) {
      return MakeError(ReasonOf(strict),
                       absl::StrCat("none of the hooks was run, since ", strict.message()));
    }
  }

  const absl::Time end = SteadyNow() + options_.hook_timeout;
  const std::vector<std::string> environment = {
      absl::StrCat("TOOLBOXD_POWER_EVENT=", PowerEventName(event))};
  std::vector<std::string> failures;
  for (const std::string& name : *names) {
    const std::string path = absl::StrCat(folder, "/", name);
    struct stat info = {};
    if (stat(path.c_str(), &info) != 0 || !IsHook(path, name, info)) continue;
    if (const absl::Status strict = CheckStrictModes(path); !strict.ok()) {
      failures.push_back(absl::StrCat(path, ": not run: ", strict.message()));
      continue;
    }
    const absl::Duration left = std::max(end - SteadyNow(), absl::ZeroDuration());
    absl::Status status = RunProgram({path}, environment, left, stop);
    if (absl::IsCancelled(status)) return status;
    if (!status.ok()) failures.push_back(std::string(status.message()));
  }
  if (failures.empty()) return absl::OkStatus();
  return absl::UnknownError(absl::StrJoin(failures, "; "));
}

absl::StatusOr<PowerAction> DirectBackend::Prepare(v1::PowerEvent event) {
  if (!HasPowerAction(event)) {
    return MakeError(
        v1::NOT_SUPPORTED,
        absl::StrCat(PowerEventName(event),
                     " has hooks only: powerd does not change the machine's state for it"));
  }
  absl::StatusOr<std::shared_ptr<HeldProgram>> shutdown =
      HeldProgram::Start({options_.shutdown_command, event == v1::HALT ? "-h" : "-r", "now"});
  if (!shutdown.ok()) return shutdown.status();
  return PowerAction([shutdown = *std::move(shutdown)] {
    // A shutdown that has begun is not stopped half-way.
    const StopSignal never;
    return shutdown->Run(kShutdownTimeout, never);
  });
}

}  // namespace toolboxd
