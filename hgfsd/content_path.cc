// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/content_path.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "hgfsd/paths.h"

namespace toolboxd::hgfsd {
namespace {

constexpr absl::string_view kScheme = "/archive:";

bool Exists(const std::string& path, bool* is_directory) {
  struct stat st;
  const bool exists = stat(path.c_str(), &st) == 0;
  *is_directory = exists && S_ISDIR(st.st_mode);
  return exists;
}

// The text before and after the first "?".
std::pair<absl::string_view, absl::string_view> SplitQuery(absl::string_view text) {
  return absl::StrSplit(text, absl::MaxSplits('?', 1));
}

absl::StatusOr<Resource> ParseArchiveUrl(absl::string_view rest) {
  auto [encoded, query] = SplitQuery(rest);
  absl::StatusOr<Resource> resource = ParseArchiveQuery(query);
  if (!resource.ok()) return resource;
  absl::StatusOr<std::string> path = PercentDecode(encoded, /*plus=*/false);
  if (!path.ok()) return path.status();
  if (absl::Status status = CheckPath(*path); !status.ok()) return status;
  resource->path = *std::move(path);
  return resource;
}

}  // namespace

absl::StatusOr<std::string> PercentDecode(absl::string_view text, bool plus) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) ||
          !absl::ascii_isxdigit(text[i + 2])) {
        return MakeError(v1::INVALID_ARGUMENT, "a percent sign needs two hexadecimal digits");
      }
      result += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      result += plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

absl::StatusOr<Resource> ParseArchiveQuery(absl::string_view query) {
  Resource resource;
  resource.is_archive = true;
  for (absl::string_view parameter : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(parameter, absl::MaxSplits('=', 1));
    absl::StatusOr<std::string> name = PercentDecode(parts.first, /*plus=*/true);
    absl::StatusOr<std::string> value = PercentDecode(parts.second, /*plus=*/true);
    if (!name.ok()) return name.status();
    if (!value.ok()) return value.status();
    if (value->find('\0') != value->npos) {
      return MakeError(v1::INVALID_ARGUMENT, "the query contains a NUL byte");
    }
    if (*name == "prefix") {
      resource.prefix = *std::move(value);
    } else if (*name == "format") {
      resource.gzip = *value == "tgz";
      if (!resource.gzip && *value != "tar" && !value->empty()) {
        return MakeError(v1::INVALID_ARGUMENT,
                         absl::StrCat("the format of an archive is tar or tgz, not '",
                                      absl::CHexEscape(*value), "'"));
      }
    }
  }
  return resource;
}

absl::StatusOr<Resource> ParseResource(absl::string_view path) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  absl::string_view rest = path;
  if (absl::ConsumePrefix(&rest, kScheme)) return ParseArchiveUrl(rest);

  Resource resource;
  resource.path = std::string(path);
  if (Exists(resource.path, &resource.is_archive)) return resource;
  auto [directory, query] = SplitQuery(path);
  bool is_directory = false;
  if (directory.size() == path.size() || !Exists(std::string(directory), &is_directory) ||
      !is_directory) {
    return resource;
  }
  absl::StatusOr<Resource> archive = ParseArchiveQuery(query);
  if (archive.ok()) archive->path = std::string(directory);
  return archive;
}

}  // namespace toolboxd::hgfsd
