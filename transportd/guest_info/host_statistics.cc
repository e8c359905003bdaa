// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/host_statistics.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include "base/utf8.h"
#include "transportd/wire/reader.h"

namespace toolboxd::guest_info {
namespace {

enum class Form { kWord, kWide, kText, kOpaque };

struct Known {
  const char* name;
  const char* unit;
  Form form = Form::kWord;
};

// By the statistic's id, from 1 on.
constexpr Known kKnown[] = {
    {"cpu_reservation", "MHz"},
    {"cpu_limit", "MHz"},
    {"cpu_shares", ""},
    {"cpu_used", "ms", Form::kWide},
    {"host_speed", "MHz"},
    {"memory_reservation", "MB"},
    {"memory_limit", "MB"},
    {"memory_shares", ""},
    {"memory_mapped", "MB"},
    {"memory_active", "MB"},
    {"memory_overhead", "MB"},
    {"memory_ballooned", "MB"},
    {"memory_swapped", "MB"},
    {"memory_shared", "MB"},
    {"memory_shared_saved", "MB"},
    {"memory_used", "MB"},
    {"elapsed", "ms", Form::kWide},
    {"resource_pool", "", Form::kText},
    {"cpu_stolen", "ms", Form::kWide},
    {"memory_target", "MB", Form::kWide},
    {"host_cpu_cores", ""},
    {"host_cpu_used", "ms", Form::kWide},
    {"host_memory_swapped", "MB", Form::kWide},
    {"host_memory_shared", "MB", Form::kWide},
    {"host_memory_used", "MB", Form::kWide},
    {"host_memory", "MB", Form::kWide},
    {"host_memory_free", "MB", Form::kWide},
    {"host_memory_overhead", "MB", Form::kWide},
    {"host_memory_mapped", "MB", Form::kWide},
    {"host_memory_unmapped", "MB", Form::kWide},
    {"memory_zipped", "MB"},
    {"memory_zip_saved", "MB"},
    {"memory_swapped_to_cache", "MB"},
    {"memory_swap_target", "MB"},
    {"memory_balloon_target", "MB"},
    {"memory_balloon_limit", "MB"},
    {"resource_pool_long", "", Form::kOpaque},
    {"memory_shares_wide", "", Form::kWide},
};

constexpr uint32_t kVersion = 3;
// The value of a limit that does not limit.
constexpr uint32_t kUnlimited = 0xffffffff;

// XDR: a size, and bytes up to a multiple of four.
absl::string_view Counted(wire::Reader& reader) {
  const uint32_t size = reader.U32Be();
  const absl::string_view bytes = reader.Bytes(size);
  reader.Skip((4 - size % 4) % 4);
  return bytes;
}

uint64_t Wide(wire::Reader& reader) {
  const uint64_t high = reader.U32Be();
  return high << 32 | reader.U32Be();
}

// Reads the value of a statistic, into `statistic`.
void ReadValue(wire::Reader& reader, Form form, v1::HostStatistic& statistic) {
  switch (form) {
    case Form::kWord: {
      const uint32_t value = reader.U32Be();
      statistic.set_value(value);
      statistic.set_unlimited(value == kUnlimited);
      break;
    }
    case Form::kWide:
      statistic.set_value(Wide(reader));
      break;
    case Form::kText:
    case Form::kOpaque:
      statistic.set_text(PrintableUtf8(std::string(Counted(reader))));
      break;
  }
}

}  // namespace

absl::StatusOr<v1::HostStatistics> DecodeHostStatistics(absl::string_view reply) {
  wire::Reader reader(reply);
  if (reader.U32() != kVersion) {
    return absl::InvalidArgumentError("the host's statistics are of another version than 3");
  }
  // The session, and the size of what follows.
  reader.Skip(sizeof(uint64_t));
  reader.Skip(sizeof(uint32_t));
  const uint32_t count = reader.U32Be();
  v1::HostStatistics statistics;
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    const uint32_t id = reader.U32Be();
    const bool valid = reader.U32Be() != 0;
    // What an unknown one has as its value cannot be known, nor then what comes after it.
    if (id == 0 || id > std::size(kKnown)) break;
    const Known& known = kKnown[id - 1];
    v1::HostStatistic statistic;
    statistic.set_name(known.name);
    statistic.set_unit(known.unit);
    ReadValue(reader, known.form, statistic);
    if (valid && reader.ok()) *statistics.add_statistics() = std::move(statistic);
  }
  if (!reader.ok()) return absl::InvalidArgumentError("the host's statistics are cut");
  return statistics;
}

}  // namespace toolboxd::guest_info
