// SPDX-License-Identifier: Apache-2.0

// What a guest has reported to its host, decoded for people: `vmxsim info`.

#ifndef TOOLBOXD_VMXSIM_GUEST_SUMMARY_H_
#define TOOLBOXD_VMXSIM_GUEST_SUMMARY_H_

#include <string>

#include "absl/status/statusor.h"
#include "vmxsim/model.h"

namespace toolboxd::vmxsim {

// Lines "name: value"; what the guest has not sent is left out. Call with the model's lock held.
std::string GuestSummary(Vmx::View& view);

// The newest NIC information, type 10 or 9; NOT_FOUND before the first.
absl::StatusOr<std::string> RawNicInfo(const RpciStore& rpci);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_GUEST_SUMMARY_H_
