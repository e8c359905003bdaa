// SPDX-License-Identifier: Apache-2.0

// Archives for tests: packed and unpacked as the product does it, made member by member, and
// listed.

#ifndef TOOLBOXD_HGFSD_TESTING_ARCHIVES_H_
#define TOOLBOXD_HGFSD_TESTING_ARCHIVES_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hgfsd/content_path.h"

namespace toolboxd::hgfsd {

// What follows every archive that is sent (docs/protocol/hgfs.md 6.5).
inline constexpr absl::string_view kTrailer("\x1f\x8b\x08", 3);

// Packs with ArchivePacker in chunks of at most `chunk` bytes; the result is without kTrailer.
absl::StatusOr<std::string> Pack(const ContentPath& content, size_t chunk = 61440);
absl::StatusOr<std::string> Pack(const std::string& path);

// Unpacks into the directory `target`, from pieces of at most `piece` bytes.
absl::Status Unpack(absl::string_view archive, const std::string& target, size_t piece = 10000);

struct Member {
  std::string name;
  mode_t type = 0100000;  // S_IFREG; a type of <sys/stat.h>.
  std::string content = "";
  std::string link = "";  // Where a symbolic or a hard link leads.
  bool hard = false;
};

// A pax archive, at most 4 MiB, of members with mode 0755, whatever their names.
std::string MakeTar(const std::vector<Member>& members);

// Names in an archive, in their order.
std::vector<std::string> List(const std::string& archive);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_TESTING_ARCHIVES_H_
