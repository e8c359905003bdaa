// SPDX-License-Identifier: Apache-2.0

// Text results of guest operations, as hosts parse them (docs/protocol/vix.md 4.6).

#ifndef TOOLBOXD_TRANSPORTD_VIX_RESULTS_H_
#define TOOLBOXD_TRANSPORTD_VIX_RESULTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "toolboxd/v1/files.pb.h"
#include "toolboxd/v1/processes.pb.h"
#include "transportd/vix/message.h"

namespace toolboxd::vix {

// Text that fits a reply with its prefix and NUL.
constexpr size_t kMaxResult = kMaxReplySize - 32;

// One `<fxi>` record: names escaped, after ShowName() (base/shown_name.h), times in seconds, `perm`
// the whole st_mode.
std::string FormatFile(const v1::FileInfo& file);

// A page of a listing: "0 " or "1 " (more to come), the entries not in this reply, and
// `<fxi>` records. `remaining` counts matching entries after the last of `entries`, and
// `wanted` how many of them the host still asked for. Where not all entries fit
// kMaxResult the rest is left for a follow-up and counted as remaining.
struct FileList {
  std::vector<v1::FileInfo> entries;
  uint64_t remaining = 0;
  uint64_t wanted = 0;
};
std::string FormatFileList(const FileList& list);

// The old API's `<FileInfo>` record.
std::string FormatLegacyFile(const v1::FileInfo& file);

// One `<proc>` record. A process that is running has exit code and end time 0.
std::string FormatProcess(const v1::Process& process);
// The old API's, which has neither.
std::string FormatLegacyProcess(const v1::Process& process);

// `<ev>NAME=VALUE</ev>`, name and value escaped.
std::string FormatVariable(absl::string_view variable);

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_TRANSPORTD_VIX_RESULTS_H_
