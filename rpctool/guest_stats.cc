// SPDX-License-Identifier: Apache-2.0

#include "rpctool/guest_stats.h"

#include <endian.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace toolboxd::rpctool {
namespace {

constexpr uint32_t kVersion = 3;
constexpr size_t kHeaderSize = 16;
constexpr uint32_t kLastId = 38;

// Values of 64 bits; 18 is a string and 37 opaque, which both begin with their size.
constexpr uint32_t kWide[] = {4, 17, 19, 20, 22, 23, 24, 25, 26, 27, 28, 29, 30, 38};

bool IsWide(uint32_t id) {
  return std::find(std::begin(kWide), std::end(kWide), id) != std::end(kWide);
}
bool IsCounted(uint32_t id) { return id == 18 || id == 37; }

// A big-endian number at the front, which it removes. False if there is none.
bool Take(std::string_view& bytes, uint32_t& value) {
  if (bytes.size() < sizeof value) return false;
  memcpy(&value, bytes.data(), sizeof value);
  value = be32toh(value);
  bytes.remove_prefix(sizeof value);
  return true;
}

bool SkipValue(std::string_view& bytes, uint32_t id) {
  uint32_t word;
  if (!IsCounted(id)) return Take(bytes, word) && (!IsWide(id) || Take(bytes, word));
  if (!Take(bytes, word)) return false;
  const uint64_t padded = (uint64_t{word} + 3) & ~uint64_t{3};
  if (padded > bytes.size()) return false;
  bytes.remove_prefix(padded);
  return true;
}

}  // namespace

std::optional<uint64_t> GuestStats::Session() const {
  if (reply_.size() < kHeaderSize) return std::nullopt;
  uint32_t version;
  uint64_t session;
  memcpy(&version, reply_.data(), sizeof version);
  memcpy(&session, reply_.data() + 4, sizeof session);
  if (le32toh(version) != kVersion) return std::nullopt;
  return le64toh(session);
}

std::optional<uint32_t> GuestStats::Number(uint32_t wanted) const {
  if (!Session().has_value()) return std::nullopt;
  std::string_view bytes = reply_.substr(kHeaderSize);
  uint32_t count, id, valid, value;
  if (!Take(bytes, count)) return std::nullopt;
  for (uint32_t i = 0; i < std::min(count, kLastId); ++i) {
    if (!Take(bytes, id) || !Take(bytes, valid) || id > kLastId) return std::nullopt;
    if (id != wanted) {
      if (!SkipValue(bytes, id)) return std::nullopt;
      continue;
    }
    if (IsWide(id) || IsCounted(id) || valid == 0 || !Take(bytes, value)) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

}  // namespace toolboxd::rpctool
