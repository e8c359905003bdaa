// SPDX-License-Identifier: Apache-2.0

// Reads what nic_info.h writes: for the simulated host, and for tests.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_NIC_INFO_DECODER_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_NIC_INFO_DECODER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guest_info {

struct NicInfo {
  // 2 or 3.
  uint32_t version = 0;
  // Its interfaces (without name and index), routes and dns. Of version 2 there are
  // only interfaces with addresses and prefix lengths.
  v1::GuestInfoSnapshot info;
};

// The XDR value of a SetGuestInfo message of type 9 or 10. InvalidArgument for anything
// that rpcgen's decoder would refuse: truncated, above a limit, an unknown version; also
// for bytes after the end. What a snapshot has no field for (WINS, DHCP settings, the
// type of a route) is checked and dropped.
absl::StatusOr<NicInfo> DecodeNicInfo(absl::string_view xdr);

}  // namespace toolboxd::guest_info

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_NIC_INFO_DECODER_H_
