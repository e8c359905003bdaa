// SPDX-License-Identifier: Apache-2.0

#include "deployd/cabinet.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "deployd/limits.h"
#include "deployd/little_endian.h"

namespace toolboxd::deployd {
namespace {

constexpr uint16_t kPartOfSet = 0x0003;  // A cabinet before this one, or after it.
constexpr uint16_t kHasReserve = 0x0004;
constexpr uint16_t kCompressionMask = 0x000f;
constexpr uint16_t kStored = 0;
constexpr uint16_t kMszip = 1;
constexpr uint32_t kMaxBlock = 32768;
// The header of a block: a checksum and two sizes.
constexpr size_t kBlockHeader = 8;

absl::Status Broken(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the cabinet ", what));
}

struct Folder {
  uint32_t data_offset = 0;
  uint16_t blocks = 0;
  uint16_t compression = 0;
  uint64_t unpacked = 0;
};

class CabinetReader {
 public:
  explicit CabinetReader(absl::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<std::vector<CabinetFile>> Read();

 private:
  absl::Status ReadHeader();
  absl::Status ReadFolders();
  absl::Status WalkBlocks(Folder& folder);
  absl::StatusOr<CabinetFile> ReadFile(Fields& fields);

  absl::string_view bytes_;
  size_t folders_offset_ = 0;
  uint32_t files_offset_ = 0;
  uint16_t folder_count_ = 0;
  uint16_t file_count_ = 0;
  uint8_t folder_reserve_ = 0;
  uint8_t block_reserve_ = 0;
  std::vector<Folder> folders_;
  // Blocks and bytes of all folders.
  uint64_t blocks_ = 0;
  uint64_t unpacked_ = 0;
};

absl::Status CabinetReader::ReadHeader() {
  if (!absl::StartsWith(bytes_, "MSCF")) return Broken("does not begin with MSCF");
  Fields fields(bytes_, 8);
  const uint32_t size = fields.U32();
  fields.Skip(4);
  files_offset_ = fields.U32();
  fields.Skip(4);
  const uint8_t minor = fields.U8();
  const uint8_t major = fields.U8();
  folder_count_ = fields.U16();
  file_count_ = fields.U16();
  const uint16_t flags = fields.U16();
  fields.Skip(4);
  uint16_t header_reserve = 0;
  if ((flags & kHasReserve) != 0) {
    header_reserve = fields.U16();
    folder_reserve_ = fields.U8();
    block_reserve_ = fields.U8();
  }
  fields.Skip(header_reserve);
  if (!fields.ok() || size > bytes_.size()) return Broken("is truncated");
  bytes_ = bytes_.substr(0, size);
  folders_offset_ = fields.position();
  if (major != 1) return Broken(absl::StrCat("has version ", major, ".", minor, ", not 1.3"));
  if ((flags & kPartOfSet) != 0) return Broken("is one of several that belong together");
  if (file_count_ == 0) return Broken("has no file");
  if (file_count_ > kMaxFiles) {
    return Broken(absl::StrCat("has ", file_count_, " files; at most ", kMaxFiles, " are allowed"));
  }
  if (folder_count_ > kMaxFiles) return Broken(absl::StrCat("has ", folder_count_, " folders"));
  return absl::OkStatus();
}

absl::Status CabinetReader::ReadFolders() {
  Fields fields(bytes_, folders_offset_);
  for (uint16_t i = 0; i < folder_count_; ++i) {
    Folder folder;
    folder.data_offset = fields.U32();
    folder.blocks = fields.U16();
    folder.compression = fields.U16() & kCompressionMask;
    fields.Skip(folder_reserve_);
    if (!fields.ok()) return Broken("is truncated");
    if (folder.compression != kStored && folder.compression != kMszip) {
      return Broken(absl::StrCat("is compressed by ",
                                 folder.compression == 2   ? "Quantum"
                                 : folder.compression == 3 ? "LZX"
                                                           : "an unknown method",
                                 "; only MSZIP and none are read"));
    }
    if (absl::Status status = WalkBlocks(folder); !status.ok()) return status;
    folders_.push_back(folder);
  }
  return absl::OkStatus();
}

absl::Status CabinetReader::WalkBlocks(Folder& folder) {
  Fields fields(bytes_, folder.data_offset);
  for (uint16_t i = 0; i < folder.blocks; ++i) {
    fields.Skip(4);
    const uint16_t packed = fields.U16();
    const uint16_t unpacked = fields.U16();
    fields.Skip(size_t{block_reserve_} + packed);
    if (!fields.ok()) return Broken("is truncated");
    if (unpacked == 0 || packed == 0) return Broken("has an empty block");
    if (unpacked > kMaxBlock) return Broken(absl::StrCat("has a block of ", unpacked, " bytes"));
    if (folder.compression == kStored && packed != unpacked) {
      return Broken("has a stored block of two sizes");
    }
    // Folders that share their blocks could have this loop run for minutes.
    if (++blocks_ > bytes_.size() / kBlockHeader) return Broken("has blocks in two folders");
    folder.unpacked += unpacked;
    unpacked_ += unpacked;
    if (unpacked_ > kMaxUnpackedBytes) {
      return Broken(absl::StrCat("has more than ", kMaxUnpackedBytes >> 20, " MiB"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<CabinetFile> CabinetReader::ReadFile(Fields& fields) {
  const uint32_t size = fields.U32();
  const uint32_t offset = fields.U32();
  const uint16_t folder = fields.U16();
  fields.Skip(6);  // Date, time, attributes.
  const absl::string_view name = fields.Text(kMaxNameBytes + 1);
  if (!fields.ok()) return Broken("is truncated, or has a name without end");
  absl::StatusOr<std::string> safe = SafeName(name);
  if (!safe.ok()) return safe.status();
  if (folder >= folders_.size()) {
    return Broken(absl::StrCat("has ", *safe, " in a folder that it lacks"));
  }
  if (uint64_t{offset} + size > folders_[folder].unpacked) {
    return Broken(absl::StrCat("lacks a part of ", *safe));
  }
  return CabinetFile{*std::move(safe), size};
}

absl::StatusOr<std::vector<CabinetFile>> CabinetReader::Read() {
  absl::Status status = ReadHeader();
  if (status.ok()) status = ReadFolders();
  if (!status.ok()) return status;
  std::vector<CabinetFile> files;
  uint64_t sum = 0;
  Fields fields(bytes_, files_offset_);
  for (uint16_t i = 0; i < file_count_; ++i) {
    absl::StatusOr<CabinetFile> file = ReadFile(fields);
    if (!file.ok()) return file.status();
    sum += file->size;
    files.push_back(*std::move(file));
  }
  // Files that share their bytes.
  if (sum > kMaxUnpackedBytes) {
    return Broken(absl::StrCat("has more than ", kMaxUnpackedBytes >> 20, " MiB"));
  }
  return files;
}

bool IsPlain(char c) { return absl::ascii_isprint(static_cast<unsigned char>(c)) && c != ':'; }

}  // namespace

absl::StatusOr<std::string> SafeName(absl::string_view name) {
  const auto refused = [name](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("the package has a file '", absl::CHexEscape(name), "', which ", why));
  };
  if (name.size() > kMaxNameBytes) return refused("has too long a name");
  for (const char c : name) {
    if (!IsPlain(c)) return refused("is not a plain name");
  }
  std::string path = absl::StrReplaceAll(name, {{"\\", "/"}});
  if (absl::StartsWith(path, "/")) return refused("has an absolute name");
  const std::vector<absl::string_view> components = absl::StrSplit(path, '/');
  if (components.size() > kMaxDepth + 1) return refused("is in too many folders");
  for (const absl::string_view component : components) {
    if (component == "..") return refused("would leave its folder");
    if (component.empty() || component == ".") return refused("has an empty component");
  }
  return path;
}

absl::StatusOr<std::vector<CabinetFile>> ReadCabinet(absl::string_view bytes) {
  return CabinetReader(bytes).Read();
}

}  // namespace toolboxd::deployd
