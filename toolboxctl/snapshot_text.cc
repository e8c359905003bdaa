// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/snapshot_text.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "toolboxctl/table.h"

namespace toolboxd {
namespace {

std::string More(uint32_t count) { return absl::StrCat("and ", count, " more"); }

std::string AlsoAt(const v1::PlannedFileSystem& target) {
  std::vector<std::string> paths(target.also_at().begin(), target.also_at().end());
  if (target.more_also_at() > 0) paths.push_back(More(target.more_also_at()));
  return absl::StrJoin(paths, ", ");
}

std::string Milliseconds(uint64_t microseconds) {
  return absl::StrFormat("%.1f ms", static_cast<double>(microseconds) / 1000);
}

const char* Explanation(v1::QuiesceFailure::Kind kind) {
  switch (kind) {
    case v1::QuiesceFailure::FREEZE_SCRIPT_FAILED:
      return "a script before the freeze failed";
    case v1::QuiesceFailure::SCRIPTS_NOT_STARTED:
      return "the scripts could not be started";
    case v1::QuiesceFailure::FREEZE_FAILED:
      return "not every file system could be frozen; all are thawed";
    case v1::QuiesceFailure::THAW_FAILED:
      return "a file system was thawed too early, or could not be thawed";
    case v1::QuiesceFailure::THAW_SCRIPT_FAILED:
      return "a script after the thaw failed";
    case v1::QuiesceFailure::ABORTED:
      return "aborted; all file systems are thawed";
    case v1::QuiesceFailure::ABORTED_NOT_THAWED:
      return "aborted, but a file system could not be thawed; see fsfreeze(8)";
    default:  // Not known: a snapshotd of another version.
      return "failed";
  }
}

}  // namespace

std::string PlanText(const v1::QuiescePlan& plan, const Terminal& terminal) {
  std::string text;
  if (plan.freeze().empty()) {
    text = plan.sync_only()
               ? "No file system can be frozen; sync_only permits a snapshot after a mere sync.\n"
               : "No file system can be frozen; a quiesced snapshot fails.\n";
  } else {
    Table table;
    table.AddRow({"freeze", "mount point", "type", "device", "also at"});
    int group = 0;
    for (const v1::PlannedFileSystem& target : plan.freeze()) {
      if (!target.with_previous()) ++group;
      table.AddRow({absl::StrCat(group), target.mount_point(), target.type(), target.source(),
                    AlsoAt(target)});
    }
    text = table.Text(terminal);
  }
  if (plan.skipped().empty()) return text;
  Table table;
  table.AddRow({"skip", "type", "reason"});
  for (const v1::SkippedMount& mount : plan.skipped()) {
    table.AddRow({mount.mount_point(), mount.type(), mount.reason()});
  }
  absl::StrAppend(&text, "\n", table.Text(terminal));
  if (plan.more_skipped() > 0) absl::StrAppend(&text, More(plan.more_skipped()), "\n");
  return text;
}

std::string ThawedText(const v1::QuiesceUpdate::FileSystemsThawed& thawed,
                       const Terminal& terminal) {
  if (thawed.file_systems().empty()) return "nothing was frozen\n";
  Table table("lrrr");
  table.AddRow({"mount point", "sync", "freeze", "thaw"});
  for (const v1::FrozenFileSystem& frozen : thawed.file_systems()) {
    table.AddRow({frozen.mount_point(), Milliseconds(frozen.sync_us()),
                  Milliseconds(frozen.freeze_us()), Milliseconds(frozen.thaw_us())});
  }
  return absl::StrCat(table.Text(terminal), "frozen for ", Milliseconds(thawed.frozen_us()), "\n");
}

std::string FailureText(const v1::QuiesceFailure& failure) {
  const char* const kind = Explanation(failure.kind());
  return failure.message().empty() ? kind : absl::StrCat(kind, ": ", failure.message());
}

}  // namespace toolboxd
