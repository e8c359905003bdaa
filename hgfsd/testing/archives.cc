// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/testing/archives.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include "absl/strings/match.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "hgfsd/archive_packer.h"
#include "hgfsd/archive_unpack.h"
#include "hgfsd/utf8_locale.h"

namespace toolboxd::hgfsd {

absl::StatusOr<std::string> Pack(const ContentPath& content, size_t chunk) {
  absl::StatusOr<ArchivePacker> packer = ArchivePacker::Open(content);
  if (!packer.ok()) return packer.status();
  std::string archive;
  const auto sink = [&](absl::string_view data) {
    EXPECT_LE(data.size(), chunk);
    archive.append(data.data(), data.size());
    return absl::OkStatus();
  };
  absl::Status status = packer->Pack(chunk, sink, OwnerDatabases());
  if (!status.ok()) return status;
  EXPECT_TRUE(absl::EndsWith(archive, kTrailer));
  archive.resize(archive.size() - kTrailer.size());
  return archive;
}

absl::StatusOr<std::string> Pack(const std::string& path) {
  ContentPath content;
  content.path = path;
  return Pack(content);
}

absl::Status Unpack(absl::string_view archive, const std::string& target, size_t piece) {
  UniqueFd directory(open(target.c_str(), O_PATH | O_DIRECTORY));
  return UnpackArchive(directory.get(), [&]() -> absl::StatusOr<absl::string_view> {
    absl::string_view next = archive.substr(0, piece);
    archive.remove_prefix(next.size());
    return next;
  });
}

std::string MakeTar(const std::vector<Member>& members) {
  std::string result(4 << 20, '\0');
  size_t used = 0;
  struct archive* writer = archive_write_new();
  archive_write_set_format_pax(writer);
  archive_write_open_memory(writer, result.data(), result.size(), &used);
  for (const Member& member : members) {
    struct archive_entry* entry = archive_entry_new();
    archive_entry_copy_pathname(entry, member.name.c_str());
    archive_entry_set_filetype(entry, member.type);
    archive_entry_set_perm(entry, 0755);
    archive_entry_set_size(entry, member.content.size());
    if (member.hard) archive_entry_copy_hardlink(entry, member.link.c_str());
    if (member.type == AE_IFLNK) archive_entry_copy_symlink(entry, member.link.c_str());
    EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK) << archive_error_string(writer);
    archive_write_data(writer, member.content.data(), member.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  result.resize(used);
  return result;
}

// Names in an archive, in their order.
std::vector<std::string> List(const std::string& archive) {
  Utf8Locale locale;
  std::vector<std::string> names;
  struct archive* reader = archive_read_new();
  archive_read_support_format_tar(reader);
  archive_read_support_filter_gzip(reader);
  archive_read_open_memory(reader, archive.data(), archive.size());
  struct archive_entry* entry;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    names.push_back(archive_entry_pathname(entry));
    if (names.size() > 1000000) break;
  }
  archive_read_free(reader);
  return names;
}

}  // namespace toolboxd::hgfsd
