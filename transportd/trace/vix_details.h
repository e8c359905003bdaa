// SPDX-License-Identifier: Apache-2.0

// Guest operations in a trace (docs/protocol/vix.md 4.2 to 4.5).

#ifndef TOOLBOXD_TRANSPORTD_TRACE_VIX_DETAILS_H_
#define TOOLBOXD_TRANSPORTD_TRACE_VIX_DETAILS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd::trace {

// Adds what follows "Vix_1_Relayed_Command ": the operation, the user in the credential, and what
// it works on. Never a password, a value of an environment variable, an argument of a program or
// content. Any bytes may be given. Pure.
void AddGuestOperation(absl::string_view arguments, v1::TraceEvent& event);

// Its reply without "OK ", such as "VIX 3050" or "VIX 0, HGFS status 1". Pure.
std::string DescribeGuestOperationReply(absl::string_view data);

}  // namespace toolboxd::trace

#endif  // TOOLBOXD_TRANSPORTD_TRACE_VIX_DETAILS_H_
