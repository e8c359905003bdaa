// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/live_state.h"

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "base/utf8.h"

namespace toolboxd {
namespace {

int64_t WallSeconds(absl::Time steady) {
  return absl::ToUnixSeconds(absl::Now() - (SteadyNow() - steady));
}

}  // namespace

std::vector<v1::ExtensionStatus> DescribeExtensions(const Extensions& extensions) {
  std::vector<v1::ExtensionStatus> statuses;
  for (const Extensions::Binding& binding : extensions.bindings()) {
    v1::ExtensionStatus& status = statuses.emplace_back();
    status.set_binding(PrintableUtf8(binding.name));
    status.set_socket(PrintableUtf8(binding.socket));
  }
  return statuses;
}

v1::ListSessionsReply DescribeSessions(const SessionPool& sessions) {
  v1::ListSessionsReply reply;
  for (const SessionPool::Description& description : sessions.Describe()) {
    v1::Session& session = *reply.add_sessions();
    session.set_user(PrintableUtf8(description.session->user));
    session.set_uid(description.session->uid);
    session.set_service(std::string(SessionServiceName(description.session->service)));
    session.set_authenticated_time(WallSeconds(description.authenticated));
    session.set_used_time(WallSeconds(description.used));
    session.set_busy(description.busy);
  }
  reply.set_pending_logins(static_cast<uint32_t>(sessions.pending_logins()));
  return reply;
}

v1::ListTransfersReply DescribeTransfers(const hgfs::Server& server) {
  v1::ListTransfersReply reply;
  for (const hgfs::OpenTransfer& open : server.Transfers()) {
    v1::Transfer& transfer = *reply.add_transfers();
    transfer.set_id(open.number);
    transfer.set_user(PrintableUtf8(open.user));
    transfer.set_path(PrintableUtf8(open.path));
    transfer.set_to_guest(open.to_guest);
    transfer.set_bytes(open.bytes);
    transfer.set_age_seconds(absl::ToDoubleSeconds(open.age));
    transfer.set_idle_seconds(absl::ToDoubleSeconds(open.idle));
  }
  return reply;
}

ProgramsView DescribePrograms(const StartedPrograms& programs, const FunctionTable& functions,
                              const SessionPool& sessions) {
  ProgramsView view;
  for (const v1::Process& function : functions.List()) {
    v1::StartedProgram& program = *view.programs.add_programs();
    program.set_user(PrintableUtf8(function.owner()));
    program.set_pid(function.pid());
    program.set_program(PrintableUtf8(function.name()));
    program.set_start_time(function.start_time());
    program.set_function(true);
    program.set_state(function.has_end_time() ? v1::StartedProgram::ENDED
                                              : v1::StartedProgram::RUNNING);
    if (function.has_end_time()) program.set_end_time(function.end_time());
    if (function.has_exit_code()) program.set_exit_code(function.exit_code());
  }
  programs.AddTo(view.programs);
  for (const SessionPool::Description& description : sessions.Describe()) {
    if (description.session->service != SessionService::kVixd) continue;
    view.vixd[description.session->user] = description.session->channel;
  }
  return view;
}

LiveNumbers CountLive(const SessionPool& sessions, const hgfs::Server& server,
                      const FunctionTable& functions) {
  LiveNumbers numbers;
  for (const SessionPool::Description& session : sessions.Describe()) {
    ++(session.session->service == SessionService::kHgfsd ? numbers.hgfsd_sessions
                                                          : numbers.vixd_sessions);
  }
  numbers.pending_logins = sessions.pending_logins();
  for (const hgfs::OpenTransfer& transfer : server.Transfers()) {
    ++(transfer.to_guest ? numbers.transfers_to_guest : numbers.transfers_from_guest);
  }
  numbers.bytes_from_guest = server.bytes_from_guest();
  numbers.bytes_to_guest = server.bytes_to_guest();
  for (const v1::Process& function : functions.List()) {
    if (!function.has_end_time()) ++numbers.functions;
  }
  return numbers;
}

}  // namespace toolboxd
