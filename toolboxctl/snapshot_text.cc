// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/snapshot_text.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "toolboxctl/table.h"

namespace toolboxd {
namespace {

// A longer cell pushes those after it to the right.
constexpr size_t kMaxWidth = 40;

using Row = std::vector<std::string>;

// The columns begin below each other; the last one has no blanks after it.
std::string TableText(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], std::min(Columns(row[i]), kMaxWidth));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const size_t width = Columns(row[i]);
      absl::StrAppend(&line, row[i], std::string(std::max(widths[i], width) - width + 2, ' '));
    }
    line.resize(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::string More(uint32_t count) { return absl::StrCat("and ", count, " more"); }

std::string AlsoAt(const v1::PlannedFileSystem& target) {
  Row paths(target.also_at().begin(), target.also_at().end());
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

std::string PlanText(const v1::QuiescePlan& plan) {
  std::string text;
  if (plan.freeze().empty()) {
    text = plan.sync_only()
               ? "No file system can be frozen; sync_only permits a snapshot after a mere sync.\n"
               : "No file system can be frozen; a quiesced snapshot fails.\n";
  } else {
    std::vector<Row> rows = {{"FREEZE", "MOUNT POINT", "TYPE", "DEVICE", "ALSO AT"}};
    int group = 0;
    for (const v1::PlannedFileSystem& target : plan.freeze()) {
      if (!target.with_previous()) ++group;
      rows.push_back({absl::StrCat(group), target.mount_point(), target.type(), target.source(),
                      AlsoAt(target)});
    }
    text = TableText(rows);
  }
  if (plan.skipped().empty()) return text;
  std::vector<Row> rows = {{"SKIP", "TYPE", "REASON"}};
  for (const v1::SkippedMount& mount : plan.skipped()) {
    rows.push_back({mount.mount_point(), mount.type(), mount.reason()});
  }
  absl::StrAppend(&text, "\n", TableText(rows));
  if (plan.more_skipped() > 0) absl::StrAppend(&text, More(plan.more_skipped()), "\n");
  return text;
}

std::string ThawedText(const v1::QuiesceUpdate::FileSystemsThawed& thawed) {
  if (thawed.file_systems().empty()) return "nothing was frozen\n";
  std::vector<Row> rows = {{"MOUNT POINT", "SYNC", "FREEZE", "THAW"}};
  for (const v1::FrozenFileSystem& frozen : thawed.file_systems()) {
    rows.push_back({frozen.mount_point(), Milliseconds(frozen.sync_us()),
                    Milliseconds(frozen.freeze_us()), Milliseconds(frozen.thaw_us())});
  }
  return absl::StrCat(TableText(rows), "frozen for ", Milliseconds(thawed.frozen_us()), "\n");
}

std::string FailureText(const v1::QuiesceFailure& failure) {
  const char* const kind = Explanation(failure.kind());
  return failure.message().empty() ? kind : absl::StrCat(kind, ": ", failure.message());
}

}  // namespace toolboxd
