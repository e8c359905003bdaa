// SPDX-License-Identifier: Apache-2.0

// ChannelViews: what the channel's thread shows to the control socket.

#ifndef TOOLBOXD_TRANSPORTD_CHANNEL_VIEWS_H_
#define TOOLBOXD_TRANSPORTD_CHANNEL_VIEWS_H_

#include <functional>

#include "absl/status/statusor.h"
#include "grpcpp/client_context.h"
#include "toolboxd/v1/clock.pb.h"
#include "toolboxd/v1/transport.pb.h"
#include "transportd/guest_operations/live_state.h"
#include "transportd/guest_operations/started_programs.h"
#include "transportd/policy/policy_store.h"
#include "transportd/trace/trace_hub.h"

namespace toolboxd {

// What begins and ends a standstill for a caller; called on the channel's thread.
struct StandstillCalls {
  std::function<void()> begin;
  std::function<void()> end;
};

// What the channel's thread knows. All but `clock` and `trace` are used on that thread only, and
// return without waiting.
struct ChannelViews {
  std::function<v1::ReportedInfo()> reported;
  std::function<v1::ListSessionsReply()> sessions;
  std::function<ProgramsView()> programs;
  std::function<v1::ListTransfersReply()> transfers;
  // A copy.
  std::function<PolicyStore()> policy;
  std::function<LiveNumbers()> numbers;
  // What the host asks of the clock, and what became of it.
  std::function<v1::TimeStatus()> time;
  // Called on the call's thread; may wait for seconds, or until the context's call is cancelled.
  std::function<absl::StatusOr<v1::ClockStatus>(grpc::ClientContext& context)> clock;
  StandstillCalls standstill;
  // Thread-safe; must outlive the service.
  trace::TraceHub* trace = nullptr;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_CHANNEL_VIEWS_H_
