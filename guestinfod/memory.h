// SPDX-License-Identifier: Apache-2.0

// The figures of /proc about memory and time.

#ifndef TOOLBOXD_GUESTINFOD_MEMORY_H_
#define TOOLBOXD_GUESTINFOD_MEMORY_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

// Each adds what the text of one file of /proc says; what is missing stays as it is.
void ParseMemInfo(absl::string_view text, v1::Memory& memory);
void ParseVmStat(absl::string_view text, v1::Memory& memory);
void ParseStat(absl::string_view text, v1::Memory& memory);
// Sums up the present pages of all zones.
void ParseZoneInfo(absl::string_view text, uint64_t page_size, v1::Memory& memory);

// Hundredths of a second since boot, from /proc/uptime's text; 0 if it is malformed.
uint64_t ParseUptime(absl::string_view text);

// From proc/ below `root` ("" is the system's own).
v1::Memory ReadMemory(const std::string& root);
uint64_t ReadUptime(const std::string& root);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_MEMORY_H_
