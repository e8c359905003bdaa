// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/snapshot_scripts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/replace_file.h"
#include "base/small_file.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "daemon/child.h"
#include "daemon/stop_signal.h"
#include "toolboxctl/script_folder.h"

namespace toolboxd {
namespace {

// docs/protocol/snapshot.md 8.4.
constexpr size_t kMaxArgument = 256;
constexpr size_t kMaxRecord = size_t{1} << 20;

using Scripts = std::vector<std::string>;

// Every script that belongs before a snapshot, if only root can change them.
absl::StatusOr<Scripts> ScriptsBefore(const SnapshotScriptOptions& options) {
  Scripts all;
  for (const std::string& folder : options.folders) {
    const absl::StatusOr<Scripts> scripts = ScriptsIn(folder);
    if (!scripts.ok()) return scripts.status();
    all.insert(all.end(), scripts->begin(), scripts->end());
  }
  if (IsScript(options.last_before)) all.push_back(options.last_before);
  return all;
}

// Empty where there is none. snapshotd's user could put a link there.
std::string ReadArgument(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  char text[kMaxArgument];
  struct stat info;
  if (!file.ok() || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return "";
  const ssize_t size = read(file.get(), text, sizeof(text));
  std::string argument(text, static_cast<size_t>(std::max<ssize_t>(size, 0)));
  // Neither an argument nor a variable can have more.
  return argument.substr(0, argument.find('\0'));
}

class Runner {
 public:
  Runner(absl::string_view event, std::string argument, const StopSignal& stop)
      : event_(event), argument_(std::move(argument)), stop_(stop) {}

  absl::Status Run(const std::string& script) const {
    std::vector<std::string> words = {script, event_};
    if (!argument_.empty()) words.push_back(argument_);
    LogInfo("running ", script, " ", event_);
    return RunProgram(words,
                      {absl::StrCat("TOOLBOXD_SNAPSHOT_EVENT=", event_),
                       absl::StrCat("TOOLBOXD_SNAPSHOT_ARGUMENT=", argument_)},
                      absl::InfiniteDuration(), stop_);
  }
  bool stopped() const { return stop_.IsSet(); }

 private:
  const std::string event_;
  const std::string argument_;
  const StopSignal& stop_;
};

absl::Status RunBefore(const SnapshotScriptOptions& options, const Runner& runner) {
  // An empty record, too, says that a snapshot has begun.
  absl::Status recorded = ReplaceFile(options.record, "", 0600);
  if (!recorded.ok()) return recorded;
  const absl::StatusOr<Scripts> scripts = ScriptsBefore(options);
  if (!scripts.ok()) return scripts.status();
  if (absl::Status strict = CheckModes(*scripts); !strict.ok()) return strict;
  Scripts succeeded;
  for (const std::string& script : *scripts) {
    if (absl::Status status = runner.Run(script); !status.ok()) return status;
    succeeded.push_back(script);
    recorded = ReplaceFile(options.record, absl::StrJoin(succeeded, "\n"), 0600);
    if (!recorded.ok()) return recorded;
  }
  return absl::OkStatus();
}

// Those that have succeeded; none without a record.
std::optional<Scripts> ReadRecord(const std::string& path) {
  std::string text;
  if (ReadSmallFile(path, kMaxRecord, text) != 0) return std::nullopt;
  return Scripts(absl::StrSplit(text, '\n', absl::SkipEmpty()));
}

// What runs after a snapshot, in order.
absl::StatusOr<Scripts> ScriptsAfter(const SnapshotScriptOptions& options, bool failed) {
  absl::StatusOr<Scripts> all = ScriptsBefore(options);
  if (!all.ok()) return all.status();
  std::optional<Scripts> succeeded = ReadRecord(options.record);
  if (!succeeded.has_value()) succeeded = failed ? Scripts() : *all;
  // A script that was removed meanwhile is not looked for.
  const auto gone = [&](const std::string& script) {
    return std::find(all->begin(), all->end(), script) == all->end();
  };
  succeeded->erase(std::remove_if(succeeded->begin(), succeeded->end(), gone), succeeded->end());
  const bool whole = succeeded->size() == all->size();
  std::reverse(succeeded->begin(), succeeded->end());
  if (!succeeded->empty() && succeeded->front() == options.last_before) {
    succeeded->erase(succeeded->begin());
  }
  // It answers for all that was prepared, so it runs if the preparation was complete.
  if (whole && IsScript(options.first_after)) {
    succeeded->insert(succeeded->begin(), options.first_after);
  }
  return *succeeded;
}

absl::Status RunAfter(const SnapshotScriptOptions& options, bool failed, const Runner& runner) {
  const absl::StatusOr<Scripts> scripts = ScriptsAfter(options, failed);
  if (!scripts.ok()) return scripts.status();
  if (absl::Status strict = CheckModes(*scripts); !strict.ok()) return strict;
  absl::Status first;
  for (const std::string& script : *scripts) {
    if (runner.stopped()) break;
    const absl::Status status = runner.Run(script);
    if (!status.ok()) LogWarning(status.message());
    first.Update(status);
  }
  unlink(options.record.c_str());
  return first;
}

}  // namespace

absl::Status RunSnapshotScripts(const SnapshotScriptOptions& options, absl::string_view event,
                                const StopSignal& stop) {
  const Runner runner(event, ReadArgument(options.argument_file), stop);
  if (event == "freeze") return RunBefore(options, runner);
  if (event == "thaw") return RunAfter(options, false, runner);
  if (event == "freezeFail") return RunAfter(options, true, runner);
  return MakeError(v1::INVALID_ARGUMENT,
                   absl::StrCat("'", event, "' is not freeze, thaw or freezeFail"));
}

}  // namespace toolboxd
