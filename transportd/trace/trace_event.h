// SPDX-License-Identifier: Apache-2.0

// Requests of both directions as events of a trace, without secrets.

#ifndef TOOLBOXD_TRANSPORTD_TRACE_TRACE_EVENT_H_
#define TOOLBOXD_TRANSPORTD_TRACE_TRACE_EVENT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxd/v1/transport.pb.h"
#include "transportd/rpc/rpci.h"
#include "transportd/rpc/tclo_reply.h"

namespace toolboxd::trace {

// Any bytes may be given. What is not known to be harmless is shown by its size: values of
// variables, commands of extensions, replies with data. Times are the caller's to set. Pure.

// A command of the host, as received, and its reply (docs/protocol/rpc.md 2.6).
v1::TraceEvent DescribeCommand(absl::string_view request, const TcloReply& reply);

// A request to the host, as sent, and what became of it (docs/protocol/rpc.md 2.7).
v1::TraceEvent DescribeRequest(absl::string_view request, const absl::StatusOr<RpciReply>& reply);

}  // namespace toolboxd::trace

#endif  // TOOLBOXD_TRANSPORTD_TRACE_TRACE_EVENT_H_
