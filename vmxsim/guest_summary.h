// SPDX-License-Identifier: Apache-2.0

// What a guest has told its host, decoded for people: `vmxsim info`.

#ifndef TOOLBOXD_VMXSIM_GUEST_SUMMARY_H_
#define TOOLBOXD_VMXSIM_GUEST_SUMMARY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "vmxsim/model.h"

namespace toolboxd::vmxsim {

// Lines "name: value"; what has not been told is left out. Call with the model's lock held.
std::string GuestSummary(Vmx::View& view);

// The newest NIC information, type 10 or 9; NOT_FOUND before the first.
absl::StatusOr<std::string> RawNicInfo(const RpciStore& rpci);

// SetGuestInfo type 11: "SHORT NAME: FULL NAME; details" (docs/protocol/guest-info.md 3.7).
std::string OsDetailsText(absl::string_view bytes);
// Type 8: total memory and, where they are among the statistics, free and usable (3.6).
std::string MemoryText(absl::string_view bytes);
// SetGuestDiskInfo's JSON, or type 3: one disk a line (3.5).
std::string DiskJsonText(absl::string_view json);
std::string DiskListText(absl::string_view bytes);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_GUEST_SUMMARY_H_
