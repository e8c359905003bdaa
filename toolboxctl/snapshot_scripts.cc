// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/snapshot_scripts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/replace_file.h"
#include "base/small_file.h"
#include "base/status.h"
#include "base/strict_modes.h"
#include "base/unique_fd.h"
#include "daemon/child.h"
#include "daemon/stop_signal.h"
#include "toolboxctl/called_script.h"
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

// A line of the record is a path, with this before it as long as the script runs.
constexpr absl::string_view kRunning = "running ";

absl::Status WriteRecord(const std::string& path, const Scripts& lines) {
  return ReplaceFile(path, absl::StrJoin(lines, "\n"), 0600);
}

absl::Status RunBefore(const SnapshotScriptOptions& options, const Runner& runner) {
  // An empty record, too, says that a snapshot has begun.
  absl::Status recorded = WriteRecord(options.record, {});
  if (!recorded.ok()) return recorded;
  const absl::StatusOr<Scripts> scripts = ScriptsBefore(options);
  if (!scripts.ok()) return scripts.status();
  if (absl::Status strict = CheckModes(*scripts); !strict.ok()) return strict;
  Scripts called;
  for (const std::string& script : *scripts) {
    called.push_back(absl::StrCat(kRunning, script));
    recorded = WriteRecord(options.record, called);
    if (!recorded.ok()) return recorded;
    absl::Status status = runner.Run(script);
    called.pop_back();
    if (!status.ok()) {
      status.Update(WriteRecord(options.record, called));
      return status;
    }
    called.push_back(script);
  }
  // It answers for all that was prepared.
  if (IsScript(options.first_after)) called.push_back(options.first_after);
  return WriteRecord(options.record, called);
}

// What is to be called after a snapshot, in the order of before it; as lines of the record.
absl::StatusOr<Scripts> ReadRecord(const SnapshotScriptOptions& options, bool failed) {
  std::string text;
  if (ReadSmallFile(options.record, kMaxRecord, text) == 0) {
    return Scripts(absl::StrSplit(text, '\n', absl::SkipEmpty()));
  }
  return failed ? Scripts() : ScriptsBefore(options);
}

// Ends the script of a line with kRunning, which a caller that died has left.
void EndRunning(const std::string& script) {
  for (const char* event : {"freeze", "thaw", "freezeFail"}) {
    if (EndCalledScript(script, event, geteuid()) == 0) continue;
    LogWarning(script, " ", event, " still ran and was ended, since its caller had died");
  }
}

// Not the script that is called before a snapshot only, and not one that was removed meanwhile.
absl::Status RunOneAfter(const SnapshotScriptOptions& options, const std::string& script,
                         const Runner& runner) {
  if (script == options.last_before || !IsScript(script)) return absl::OkStatus();
  if (absl::Status strict = CheckStrictModes(script); !strict.ok()) return strict;
  return runner.Run(script);
}

absl::Status RunAfter(const SnapshotScriptOptions& options, bool failed, const Runner& runner) {
  absl::StatusOr<Scripts> owed = ReadRecord(options, failed);
  if (!owed.ok()) return owed.status();
  absl::Status first;
  while (!owed->empty() && !runner.stopped()) {
    std::string script = owed->back();
    absl::string_view path = script;
    if (absl::ConsumePrefix(&path, kRunning)) {
      script = std::string(path);
      EndRunning(script);
    }
    // On the record until it has ended: after a death it is rather called twice than never.
    owed->back() = absl::StrCat(kRunning, script);
    first.Update(WriteRecord(options.record, *owed));
    const absl::Status status = RunOneAfter(options, script, runner);
    if (!status.ok()) LogWarning(status.message());
    first.Update(status);
    owed->pop_back();
    first.Update(WriteRecord(options.record, *owed));
  }
  if (owed->empty()) unlink(options.record.c_str());
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
