// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/started_programs.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "base/utf8.h"
#include "grpcpp/client_context.h"
#include "toolboxd/v1/processes.grpc.pb.h"
#include "transportd/files/message_allowance.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kAskTime = absl::Seconds(2);

std::string ShortText(absl::string_view text, size_t bytes) {
  return std::string(CutUtf8(PrintableUtf8(std::string(text)), bytes));
}

// The processes that vixd reports of those with the ids.
std::map<int64_t, v1::Process> Ask(const std::shared_ptr<grpc::Channel>& channel,
                                   const v1::ListProcessesRequest& request, absl::Time deadline,
                                   grpc::ClientContext& context) {
  context.set_deadline(absl::ToChronoTime(std::min(deadline, absl::Now() + kAskTime)));
  const auto stub = v1::Processes::NewStub(channel);
  const auto reader = stub->List(&context, request);
  std::map<int64_t, v1::Process> processes;
  files::MessageAllowance allowance;
  v1::ListProcessesReply reply;
  bool fits = true;
  while (fits && reader->Read(&reply)) {
    fits = allowance.Take(reply.ByteSizeLong()).ok() &&
           processes.size() <= static_cast<size_t>(request.pids_size());
    for (v1::Process& process : *reply.mutable_processes()) {
      if (fits) processes[process.pid()] = std::move(process);
    }
  }
  if (!fits) context.TryCancel();
  reader->Finish();
  return processes;
}

void SetState(const v1::Process& process, v1::StartedProgram& program) {
  if (!process.has_end_time()) {
    program.set_state(v1::StartedProgram::RUNNING);
    return;
  }
  program.set_state(v1::StartedProgram::ENDED);
  program.set_end_time(process.end_time());
  if (process.has_exit_code()) program.set_exit_code(process.exit_code());
}

}  // namespace

void StartedPrograms::Add(absl::string_view user, int64_t pid, absl::string_view program,
                          absl::Time time) {
  if (programs_.size() == kMaxPrograms) ForgetOne();
  v1::StartedProgram& added = programs_.emplace_back();
  added.set_user(ShortText(user, kMaxPath));
  added.set_pid(pid);
  added.set_program(ShortText(program, kMaxPath));
  added.set_start_time(absl::ToUnixSeconds(time));
}

void StartedPrograms::ForgetOne() {
  std::map<absl::string_view, size_t> counts;
  size_t most = 0;
  for (const v1::StartedProgram& program : programs_) {
    most = std::max(most, ++counts[program.user()]);
  }
  programs_.erase(std::find_if(
      programs_.begin(), programs_.end(),
      [&](const v1::StartedProgram& program) { return counts[program.user()] == most; }));
}

void StartedPrograms::AddTo(v1::ListProgramsReply& reply) const {
  for (auto program = programs_.rbegin(); program != programs_.rend(); ++program) {
    *reply.add_programs() = *program;
  }
}

v1::ListProgramsReply AskForStates(
    ProgramsView view, absl::Time deadline,
    const std::function<std::unique_ptr<grpc::ClientContext>()>& new_call) {
  for (const auto& [user, channel] : view.vixd) {
    v1::ListProcessesRequest request;
    for (const v1::StartedProgram& program : view.programs.programs()) {
      if (program.user() == user && !program.function()) request.add_pids(program.pid());
    }
    // Without ids it would be all processes of the machine.
    if (request.pids().empty()) continue;
    const std::map<int64_t, v1::Process> processes = Ask(channel, request, deadline, *new_call());
    for (v1::StartedProgram& program : *view.programs.mutable_programs()) {
      if (program.user() != user || program.function()) continue;
      const auto process = processes.find(program.pid());
      // Another process may have the number of one that ended long ago.
      if (process != processes.end() && process->second.start_time() <= program.start_time() + 1) {
        SetState(process->second, program);
      }
    }
  }
  return std::move(view.programs);
}

}  // namespace toolboxd
