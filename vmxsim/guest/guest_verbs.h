// SPDX-License-Identifier: Apache-2.0

// `vmxsim guest VERB …`: guest operations by hand.

#ifndef TOOLBOXD_VMXSIM_GUEST_GUEST_VERBS_H_
#define TOOLBOXD_VMXSIM_GUEST_GUEST_VERBS_H_

#include <string>
#include <vector>

namespace toolboxd::vmxsim {

// Runs `[--control=PATH] [--user=U] [--password=P] VERB [ARGUMENT…]`. The exit status: 0, 1
// for a failure (reported on stderr), 2 for wrong use. User and password default to
// $VMXSIM_USER and $VMXSIM_PASSWORD.
int GuestMain(const std::vector<std::string>& words);

// The help text: one line a verb.
std::string GuestUsage();

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_GUEST_GUEST_VERBS_H_
