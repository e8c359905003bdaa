// SPDX-License-Identifier: Apache-2.0

// Decodes a guest's operating system, independently of the encoder that is under test
// (docs/protocol/guest-info.md 3.7).

#ifndef TOOLBOXD_VMXSIM_OS_INFO_H_
#define TOOLBOXD_VMXSIM_OS_INFO_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

struct OsInfo {
  std::string short_name;
  std::string full_name;
  // Keys and values in the order of the message, without quotes and escapes.
  std::vector<std::pair<std::string, std::string>> details;

  // Empty where there is none.
  std::string Detail(absl::string_view key) const;
};

// Decodes SetGuestInfo type 11. INVALID_ARGUMENT: truncated, another version, or an item that is
// not key='value'.
absl::StatusOr<OsInfo> DecodeOsInfo(absl::string_view bytes);

// For people: the line "os: SHORT NAME: FULL NAME; key='value' key='value'".
std::string OsInfoText(const OsInfo& info);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_OS_INFO_H_
