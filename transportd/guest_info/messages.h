// SPDX-License-Identifier: Apache-2.0

// The whole RPCI messages that carry guest information, and which of them replace one
// another on hosts of different age (docs/protocol/guest-info.md 3.3).

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_MESSAGES_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_MESSAGES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "toolboxd/v1/guest_info.pb.h"
#include "transportd/guest_info/memory_info.h"

namespace toolboxd::guest_info {

// Bytes of a message that the host takes at most.
inline constexpr size_t kMaxMessage = 65535;

enum class InfoType {
  kDnsName = 1,
  kNicsV1 = 2,
  kDisks = 3,
  kOsFullName = 5,
  kOsName = 6,
  kUptime = 7,
  kMemory = 8,
  kNicsV2 = 9,
  kNicsV3 = 10,
  kOsDetailed = 11,
};

// "SetGuestInfo", two spaces, the type, a space, and the value as it is.
std::string BinaryMessage(InfoType type, absl::string_view value);
// The same with a text and its NUL.
std::string TextMessage(InfoType type, absl::string_view text);

// One way to send something: messages of which the host must accept each.
using Method = std::vector<std::string>;

// Newest first. NICs that do not fit into a message lose addresses, the last ones of
// each interface first; of disks the last ones are left out.
std::vector<Method> NicMethods(const v1::GuestInfoSnapshot& snapshot);
std::vector<Method> OsMethods(const v1::OperatingSystem& os);
std::vector<Method> DiskMethods(const v1::GuestInfoSnapshot& snapshot);

}  // namespace toolboxd::guest_info

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_MESSAGES_H_
