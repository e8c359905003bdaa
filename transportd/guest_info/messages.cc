// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/messages.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "transportd/guest_info/disk_info.h"
#include "transportd/guest_info/nic_info.h"
#include "transportd/guest_info/os_info.h"

namespace toolboxd::guest_info {
namespace {

using NicEncoder = std::string (*)(const v1::GuestInfoSnapshot&, size_t);

std::string NicMessage(InfoType type, NicEncoder encode, const v1::GuestInfoSnapshot& snapshot,
                       size_t max_addresses) {
  std::string message = BinaryMessage(type, encode(snapshot, max_addresses));
  while (message.size() > kMaxMessage && max_addresses > 1) {
    max_addresses /= 2;
    message = BinaryMessage(type, encode(snapshot, max_addresses));
  }
  return message;
}

// The last disks are left out of a list that does not fit into a message.
std::string DiskMessage(Disks disks) {
  for (;;) {
    std::string message =
        absl::StrCat("SetGuestDiskInfo ", EncodeDiskInfoJson(disks), absl::string_view("\0", 1));
    if (message.size() <= kMaxMessage || disks.empty()) return message;
    const int kept = std::min(disks.size(), kMaxDisks) * 7 / 8;
    disks.DeleteSubrange(kept, disks.size() - kept);
  }
}

}  // namespace

std::string BinaryMessage(InfoType type, absl::string_view value) {
  return absl::StrCat("SetGuestInfo  ", static_cast<int>(type), " ", value);
}

std::string TextMessage(InfoType type, absl::string_view text) {
  return absl::StrCat(BinaryMessage(type, text), absl::string_view("\0", 1));
}

std::vector<Method> NicMethods(const v1::GuestInfoSnapshot& snapshot) {
  return {
      {NicMessage(InfoType::kNicsV3, EncodeNicInfoV3, snapshot, kMaxAddresses)},
      {NicMessage(InfoType::kNicsV2, EncodeNicInfoV3, snapshot, kMaxAddressesOldHost)},
      {NicMessage(InfoType::kNicsV2, EncodeNicInfoV2, snapshot, kMaxAddressesOldHost)},
      {BinaryMessage(InfoType::kNicsV1, EncodeNicInfoV1(snapshot))},
  };
}

std::vector<Method> OsMethods(const v1::OperatingSystem& os) {
  return {
      {BinaryMessage(InfoType::kOsDetailed, EncodeOsDetailed(os))},
      {TextMessage(InfoType::kOsFullName, os.full_name()),
       TextMessage(InfoType::kOsName, os.short_name())},
  };
}

std::vector<Method> DiskMethods(const v1::GuestInfoSnapshot& snapshot) {
  return {
      {DiskMessage(snapshot.disks())},
      {BinaryMessage(InfoType::kDisks, EncodeDiskInfoLegacy(snapshot.disks()))},
  };
}

}  // namespace toolboxd::guest_info
