// SPDX-License-Identifier: Apache-2.0

#include "deployd/package.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "deployd/beneath.h"
#include "deployd/cabinet.h"
#include "deployd/little_endian.h"

namespace toolboxd::deployd {
namespace {

constexpr char kSignature[] = "VMWAREDEPLOYPKG_";
constexpr uint8_t kPayloadCabinet = 0;
constexpr uint8_t kPayloadZip = 1;
constexpr uint8_t kFlagIgnoreCloudInit = 2;

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_free(archive); }
};
using Archive = std::unique_ptr<struct archive, FreeArchive>;

absl::Status Broken(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the package ", what));
}

absl::Status ReadError(struct archive* archive) {
  const char* text = archive_error_string(archive);
  return Broken(absl::StrCat("cannot be unpacked: ",
                             text != nullptr ? text : "libarchive reports no reason"));
}

// Exactly the bytes that the cabinet's headers promised, whatever the data blocks yield.
absl::Status UnpackFile(struct archive* archive, const CabinetFile& file, int directory) {
  const absl::StatusOr<UniqueFd> target = CreateBeneath(directory, file.name);
  if (absl::IsAlreadyExists(target.status())) {
    return Broken(absl::StrCat("has ", file.name, " twice"));
  }
  if (!target.ok()) return target.status();
  char buffer[16384];
  uint64_t size = 0;
  while (true) {
    const la_ssize_t got = archive_read_data(archive, buffer, sizeof(buffer));
    if (got < 0) return ReadError(archive);
    if (got == 0) break;
    size += static_cast<uint64_t>(got);
    if (size > file.size) break;
    absl::Status status = WriteAll(target->get(), {buffer, static_cast<size_t>(got)}, file.name);
    if (!status.ok()) return status;
  }
  if (size == file.size) return absl::OkStatus();
  return Broken(absl::StrCat("has ", file.name, " in another size than its cabinet says"));
}

absl::StatusOr<Archive> OpenCabinet(absl::string_view cabinet) {
  Archive archive(archive_read_new());
  if (archive == nullptr) return absl::ResourceExhaustedError("no memory for the package");
  archive_read_support_format_cab(archive.get());
  if (archive_read_open_memory(archive.get(), cabinet.data(), cabinet.size()) != ARCHIVE_OK) {
    return ReadError(archive.get());
  }
  return archive;
}

// Each file once, by the name that ReadCabinet() checked.
absl::Status UnpackFiles(struct archive* archive, std::vector<CabinetFile> files, int directory) {
  struct archive_entry* entry = nullptr;
  int result = ARCHIVE_OK;
  while ((result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
    const char* raw = archive_entry_pathname(entry);
    const absl::StatusOr<std::string> name = SafeName(raw != nullptr ? raw : "");
    if (!name.ok()) return name.status();
    // libarchive has an order of its own, by the places in the data.
    auto file = files.begin();
    while (file != files.end() && file->name != *name) ++file;
    if (file == files.end()) return Broken(absl::StrCat("has ", *name, " twice"));
    if (absl::Status status = UnpackFile(archive, *file, directory); !status.ok()) return status;
    files.erase(file);
  }
  if (result != ARCHIVE_EOF) return ReadError(archive);
  return files.empty() ? absl::OkStatus() : Broken(absl::StrCat("lacks ", files[0].name));
}

}  // namespace

absl::StatusOr<PackageHeader> ParsePackageHeader(absl::string_view package) {
  if (!absl::StartsWith(package, kSignature)) return Broken("has no package's signature");
  Fields fields(package, sizeof(kSignature) - 1);
  const uint8_t major = fields.U8();
  const uint8_t minor = fields.U8();
  const uint8_t payload = fields.U8();
  const uint8_t flags = fields.U8();
  fields.Skip(4);  // The command's time limit, and padding.
  const uint64_t length = fields.U64();
  PackageHeader header;
  header.payload_offset = fields.U64();
  header.payload_bytes = fields.U64();
  fields.Skip(kPackageHeaderBytes - fields.position());
  if (!fields.ok() || length > package.size()) return Broken("is truncated");
  if (major != 1) return Broken(absl::StrCat("has version ", major, ".", minor, ", not 1.0"));
  if (payload != kPayloadCabinet) {
    return Broken(absl::StrCat("has a ", payload == kPayloadZip ? "ZIP" : "tar",
                               " payload; only cabinets are read"));
  }
  if (header.payload_offset < kPackageHeaderBytes || header.payload_offset > length ||
      header.payload_bytes > length - header.payload_offset) {
    return Broken("has its payload outside of itself");
  }
  header.ignore_cloud_init = (flags & kFlagIgnoreCloudInit) != 0;
  return header;
}

absl::StatusOr<UnpackedPackage> UnpackPackage(absl::string_view package, int directory) {
  UnpackedPackage result;
  absl::StatusOr<PackageHeader> header = ParsePackageHeader(package);
  if (!header.ok()) return header.status();
  const absl::string_view cabinet = package.substr(header->payload_offset, header->payload_bytes);
  absl::StatusOr<std::vector<CabinetFile>> files = ReadCabinet(cabinet);
  if (!files.ok()) return files.status();
  result.header = *header;
  result.files = files->size();
  for (const CabinetFile& file : *files) result.bytes += file.size;
  const absl::StatusOr<Archive> archive = OpenCabinet(cabinet);
  if (!archive.ok()) return archive.status();
  absl::Status status = UnpackFiles(archive->get(), *std::move(files), directory);
  if (!status.ok()) return status;
  return result;
}

}  // namespace toolboxd::deployd
