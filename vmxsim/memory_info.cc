// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/memory_info.h"

#include <bit>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "transportd/wire/reader.h"

namespace toolboxd::vmxsim {
namespace {

using ::toolboxd::wire::Reader;

// The data of a statistic come in the order of these bits.
constexpr uint32_t kNamespaceBit = 0x02;
constexpr uint32_t kIdBit = 0x04;
constexpr uint32_t kTypeBit = 0x08;
constexpr uint32_t kUnitBit = 0x20;
constexpr uint32_t kValueBit = 0x80;
constexpr uint32_t kAllBits = 0xff;

// Flags of the early block.
constexpr uint32_t kTotalIsValid = 0x1;
constexpr uint32_t kHugePagesAreValid = 0x400;

// Types of values that are decoded.
constexpr uint64_t kUnsigned = 9;
constexpr uint64_t kDouble = 11;

// Little-endian in 0, 1, 2, 4 or 8 bytes; fails the reader for another size.
uint64_t Integer(absl::string_view bytes, Reader& reader) {
  Reader datum(bytes);
  switch (bytes.size()) {
    case 0:
      return 0;
    case 1:
      return datum.U8();
    case 2:
      return datum.U16();
    case 4:
      return datum.U32();
    case 8:
      return datum.U64();
  }
  reader.Fail();
  return 0;
}

double FloatingPoint(absl::string_view bytes, Reader& reader) {
  Reader datum(bytes);
  if (bytes.empty()) return 0;
  if (bytes.size() == 4) return std::bit_cast<float>(datum.U32());
  if (bytes.size() == 8) return std::bit_cast<double>(datum.U64());
  reader.Fail();
  return 0;
}

std::optional<double> Number(uint64_t type, absl::string_view bytes, Reader& reader) {
  if (type == kUnsigned) {
    return static_cast<double>(Integer(bytes, reader));
  }
  if (type == kDouble) return FloatingPoint(bytes, reader);
  return std::nullopt;
}

Statistic ReadStatistic(Reader& reader) {
  const uint32_t flags = reader.U32();
  if ((flags & ~kAllBits) != 0) reader.Fail();
  Statistic statistic;
  for (uint32_t bit = 1; bit <= kAllBits && reader.ok(); bit <<= 1) {
    if ((flags & bit) == 0) continue;
    const absl::string_view datum = reader.Bytes(reader.U16());
    switch (bit) {
      case kNamespaceBit: {
        Reader text(datum);
        statistic.name_space = std::string(text.UntilNul());
        break;
      }
      case kIdBit:
        statistic.id = Integer(datum, reader);
        break;
      case kTypeBit:
        statistic.type = Integer(datum, reader);
        break;
      case kUnitBit:
        statistic.unit = Integer(datum, reader);
        break;
      case kValueBit:
        statistic.value = Number(statistic.type, datum, reader);
        break;
    }
  }
  return statistic;
}

}  // namespace

absl::StatusOr<MemoryInfo> DecodeMemoryInfo(absl::string_view bytes) {
  Reader reader(bytes);
  MemoryInfo info;
  info.version = reader.U32();
  const uint32_t flags = reader.U32();
  const uint64_t total = reader.U64();
  if ((flags & kTotalIsValid) != 0) info.total_kibibytes = total;
  reader.Skip(9 * 8);
  const uint64_t huge_pages = reader.U64();
  if ((flags & kHugePagesAreValid) != 0) info.huge_pages_total = huge_pages;
  reader.Skip(2 * 8);

  std::string name_space;
  while (reader.ok() && reader.remaining() > 0) {
    Statistic statistic = ReadStatistic(reader);
    if (!statistic.name_space.empty()) name_space = statistic.name_space;
    statistic.name_space = name_space;
    info.statistics.push_back(std::move(statistic));
  }
  if (!reader.ok()) return absl::InvalidArgumentError("malformed memory information");
  return info;
}

std::string MemoryInfoText(const MemoryInfo& info) {
  return absl::StrCat("memory: total ", info.total_kibibytes, " KiB, ", info.statistics.size(),
                      " statistics\n");
}

}  // namespace toolboxd::vmxsim
