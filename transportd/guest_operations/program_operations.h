// SPDX-License-Identifier: Apache-2.0

// Guest operations on programs (docs/protocol/vix.md 4.6): VIX bodies to calls of vixd and back.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROGRAM_OPERATIONS_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROGRAM_OPERATIONS_H_

#include "transportd/guest_operations/guest_call.h"
#include "transportd/guest_operations/guest_services.h"

namespace toolboxd {

// Each decodes the body first, so that a malformed one is refused without a login.
Outcome StartProgram(GuestCall& call, const GuestServices& services);
Outcome ListProcesses(GuestCall& call, const GuestServices& services);
Outcome TerminateProcess(GuestCall& call, const GuestServices& services);
Outcome ReadEnvironment(GuestCall& call, const GuestServices& services);
// An operation of the old VIX API.
Outcome LegacyListProcesses(GuestCall& call, const GuestServices& services);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROGRAM_OPERATIONS_H_
