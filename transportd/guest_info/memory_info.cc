// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/memory_info.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "absl/strings/string_view.h"
#include "transportd/wire/writer.h"

namespace toolboxd::guest_info {
namespace {

using ::toolboxd::wire::Writer;

constexpr uint32_t kVersion = 5;
// In the early block: total memory and number of huge pages are valid.
constexpr uint32_t kLegacyFlags = 0x1 | 0x400;
constexpr char kNamespace[] = "_tools/v1";

// Which data follow in a statistic.
constexpr uint32_t kHasNamespace = 0x02;
constexpr uint32_t kHasId = 0x04;
constexpr uint32_t kHasType = 0x08;
constexpr uint32_t kHasUnit = 0x20;
constexpr uint32_t kHasValue = 0x80;

uint64_t Kib(uint64_t bytes) { return bytes / 1024; }

// In as few bytes as it takes, of 0, 1, 2, 4 and 8.
void WriteInteger(uint64_t value, Writer& writer) {
  if (value == 0) {
    writer.U16(0);
  } else if (value <= UINT8_MAX) {
    writer.U16(1).U8(static_cast<uint8_t>(value));
  } else if (value <= UINT16_MAX) {
    writer.U16(2).U16(static_cast<uint16_t>(value));
  } else if (value <= UINT32_MAX) {
    writer.U16(4).U32(static_cast<uint32_t>(value));
  } else {
    writer.U16(8).U64(value);
  }
}

// A float where that loses nothing.
void WriteDouble(double value, Writer& writer) {
  const auto small = static_cast<float>(value);
  if (value == 0) {
    writer.U16(0);
  } else if (static_cast<double>(small) == value) {
    writer.U16(4).U32(std::bit_cast<uint32_t>(small));
  } else {
    writer.U16(8).U64(std::bit_cast<uint64_t>(value));
  }
}

// Writes statistics; the first one carries the namespace of all.
class StatisticsWriter {
 public:
  explicit StatisticsWriter(Writer& writer) : writer_(writer) {}

  void Value(Stat id, Unit unit, uint64_t value) {
    Begin(id, ValueType::kUnsigned, unit, true);
    WriteInteger(value, writer_);
  }

  void Rate(Stat id, Unit unit, std::optional<double> value) {
    Begin(id, ValueType::kDouble, unit, value.has_value());
    if (value) WriteDouble(*value, writer_);
  }

 private:
  void Begin(Stat id, ValueType type, Unit unit, bool has_value) {
    writer_.U32((first_ ? kHasNamespace : 0) | kHasId | kHasType | kHasUnit |
                (has_value ? kHasValue : 0));
    if (first_) writer_.U16(sizeof(kNamespace)).BytesAndNul(kNamespace);
    first_ = false;
    WriteInteger(static_cast<uint32_t>(id), writer_);
    WriteInteger(static_cast<uint32_t>(type), writer_);
    WriteInteger(static_cast<uint32_t>(unit), writer_);
  }

  Writer& writer_;
  bool first_ = true;
};

// How fast a counter grew; nothing where that is unknown.
std::optional<double> PerSecond(const MemorySample& current, const MemorySample* previous,
                                uint64_t (v1::Memory::*counter)() const) {
  if (previous == nullptr || current.uptime_centiseconds <= previous->uptime_centiseconds) {
    return std::nullopt;
  }
  const uint64_t before = (previous->memory.*counter)();
  const uint64_t now = (current.memory.*counter)();
  if (now < before) return std::nullopt;
  const double seconds =
      static_cast<double>(current.uptime_centiseconds - previous->uptime_centiseconds) / 100;
  return static_cast<double>(now - before) / seconds;
}

}  // namespace

std::string EncodeMemoryInfo(const MemorySample& current, const MemorySample* previous) {
  const v1::Memory& memory = current.memory;
  const uint64_t usable = memory.physically_usable_bytes() != 0 ? memory.physically_usable_bytes()
                                                                : memory.total_bytes();
  const uint64_t reserve = usable / 20;
  const uint64_t available = std::min(memory.available_bytes(), usable);
  const uint64_t needed = usable - (available > reserve ? available - reserve : 0);

  Writer writer;
  writer.U32(kVersion).U32(kLegacyFlags).U64(Kib(usable)).Zeros(9 * 8);
  writer.U64(memory.huge_pages_total()).Zeros(2 * 8);

  StatisticsWriter list(writer);
  list.Value(Stat::kHugePageSize, Unit::kKibibytes, Kib(memory.huge_page_size_bytes()));
  list.Value(Stat::kPhysicallyUsable, Unit::kKibibytes, Kib(usable));
  list.Value(Stat::kFree, Unit::kKibibytes, Kib(memory.free_bytes()));
  list.Value(Stat::kActiveFileCache, Unit::kKibibytes, Kib(memory.active_file_bytes()));
  list.Value(Stat::kSwapRemaining, Unit::kKibibytes, Kib(memory.swap_free_bytes()));
  list.Value(Stat::kHugePagesTotal, Unit::kHugePages, memory.huge_pages_total());
  list.Rate(Stat::kPageInRate, Unit::kPagesPerSecond,
            PerSecond(current, previous, &v1::Memory::pages_in));
  list.Rate(Stat::kPageOutRate, Unit::kPagesPerSecond,
            PerSecond(current, previous, &v1::Memory::pages_out));
  list.Rate(Stat::kContextSwapRate, Unit::kNumberPerSecond,
            PerSecond(current, previous, &v1::Memory::context_switches));
  list.Value(Stat::kPageSize, Unit::kBytes, memory.page_size_bytes());
  list.Value(Stat::kNeeded, Unit::kKibibytes, Kib(needed));
  list.Value(Stat::kNeededReservation, Unit::kKibibytes, Kib(reserve));
  list.Value(Stat::kAvailable, Unit::kKibibytes, Kib(memory.available_bytes()));
  list.Value(Stat::kSlabReclaimable, Unit::kKibibytes, Kib(memory.slab_reclaimable_bytes()));
  list.Value(Stat::kBuffers, Unit::kKibibytes, Kib(memory.buffers_bytes()));
  list.Value(Stat::kCached, Unit::kKibibytes, Kib(memory.cached_bytes()));
  list.Value(Stat::kTotal, Unit::kKibibytes, Kib(memory.total_bytes()));
  list.Value(Stat::kRunQueue, Unit::kNumber, memory.runnable_tasks());
  return writer.Take();
}

}  // namespace toolboxd::guest_info
