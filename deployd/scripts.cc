// SPDX-License-Identifier: Apache-2.0

#include "deployd/scripts.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/replace_file.h"
#include "base/small_file.h"
#include "base/steady_time.h"
#include "base/wipe.h"
#include "deployd/inbox.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;

absl::Status AwaitOutcome(const ScriptPlaces& places, const std::string& id, absl::Duration limit,
                          const StopSignal& stop) {
  const absl::Time start_end = SteadyNow() + places.start_limit;
  const absl::Time end = start_end + limit;
  do {
    const absl::Status outcome =
        DecodeOutcome(id, ReadSmallFileOrEmpty(places.outcome, kMaxOutcomeBytes));
    if (!absl::IsNotFound(outcome)) return outcome;
    std::error_code error;
    if (SteadyNow() >= start_end && fs::exists(places.request, error)) {
      return absl::UnavailableError(
          "toolboxd-customize-hook.path does not run: systemctl start toolboxd.target");
    }
    if (SteadyNow() >= end) {
      return absl::DeadlineExceededError(
          absl::StrCat("the scripts of ", places.folder, " did not end in time"));
    }
  } while (!stop.WaitFor(places.interval));
  return absl::CancelledError("the scripts' outcome is not awaited any more");
}

}  // namespace

bool HasScripts(const std::string& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found) return false;
  if (error || !fs::is_directory(status)) return true;
  const fs::directory_iterator entries(folder, error);
  return error || entries != fs::directory_iterator();
}

absl::Status RunScripts(const ScriptPlaces& places, absl::string_view json, absl::Duration limit,
                        const StopSignal& stop) {
  const absl::StatusOr<std::string> id = RandomName();
  if (!id.ok()) return id.status();
  std::string text = Encode({*id, limit, std::string(json)});
  absl::Status status = ReplaceFile(places.request, text, 0600);
  Wipe(text);
  if (status.ok()) status = AwaitOutcome(places, *id, limit, stop);
  unlink(places.request.c_str());
  return status;
}

}  // namespace toolboxd::deployd
