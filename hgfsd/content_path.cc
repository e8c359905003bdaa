// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/content_path.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/find.h"
#include "hgfsd/fs/paths.h"

namespace toolboxd::hgfsd {
namespace {

constexpr absl::string_view kScheme = "/archive:";

enum class Found { kNothing, kDirectory, kOther };

Found Look(const std::string& path) {
  const absl::StatusOr<Entry> entry = FindExisting(path, FinalLink::kFollow);
  if (!entry.ok()) return Found::kNothing;
  return entry->IsDirectory() ? Found::kDirectory : Found::kOther;
}

// The text before and after the first "?".
std::pair<absl::string_view, absl::string_view> SplitQuery(absl::string_view text) {
  return absl::StrSplit(text, absl::MaxSplits('?', 1));
}

absl::StatusOr<ContentPath> ParseArchiveUrl(absl::string_view rest) {
  auto [encoded, query] = SplitQuery(rest);
  absl::StatusOr<ContentPath> content = ParseArchiveQuery(query);
  if (!content.ok()) return content;
  absl::StatusOr<std::string> path = PercentDecode(encoded, Plus::kIsPlus);
  if (!path.ok()) return path.status();
  if (absl::Status status = CheckPath(*path); !status.ok()) return status;
  content->path = *std::move(path);
  return content;
}

}  // namespace

absl::StatusOr<std::string> PercentDecode(absl::string_view text, Plus plus) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) ||
          !absl::ascii_isxdigit(text[i + 2])) {
        return MakeError(v1::INVALID_ARGUMENT,
                         "a percent sign must be followed by two hexadecimal digits");
      }
      result += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      result += plus == Plus::kIsSpace && text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

absl::StatusOr<ContentPath> ParseArchiveQuery(absl::string_view query) {
  ContentPath content;
  content.is_archive = true;
  for (absl::string_view parameter : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(parameter, absl::MaxSplits('=', 1));
    absl::StatusOr<std::string> name = PercentDecode(parts.first, Plus::kIsSpace);
    absl::StatusOr<std::string> value = PercentDecode(parts.second, Plus::kIsSpace);
    if (!name.ok()) return name.status();
    if (!value.ok()) return value.status();
    if (value->find('\0') != value->npos) {
      return MakeError(v1::INVALID_ARGUMENT, "the query contains a NUL byte");
    }
    if (*name == "prefix") {
      content.prefix = *std::move(value);
    } else if (*name == "format") {
      content.gzip = *value == "tgz";
      if (!content.gzip && *value != "tar" && !value->empty()) {
        return MakeError(v1::INVALID_ARGUMENT,
                         absl::StrCat("the format of an archive must be tar or tgz, not '",
                                      absl::CHexEscape(*value), "'"));
      }
    }
  }
  return content;
}

absl::StatusOr<ContentPath> ParseContentPath(absl::string_view path) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  absl::string_view rest = path;
  if (absl::ConsumePrefix(&rest, kScheme)) return ParseArchiveUrl(rest);

  ContentPath content;
  content.path = std::string(path);
  const Found found = Look(content.path);
  content.is_archive = found == Found::kDirectory;
  if (found != Found::kNothing) return content;
  auto [directory, query] = SplitQuery(path);
  if (directory.size() == path.size() || Look(std::string(directory)) != Found::kDirectory) {
    return content;
  }
  absl::StatusOr<ContentPath> archive = ParseArchiveQuery(query);
  if (archive.ok()) archive->path = std::string(directory);
  return archive;
}

}  // namespace toolboxd::hgfsd
