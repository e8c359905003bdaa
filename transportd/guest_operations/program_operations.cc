// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/program_operations.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/processes.grpc.pb.h"
#include "transportd/extensions/extensions.h"
#include "transportd/files/connection_failure.h"
#include "transportd/files/message_allowance.h"
#include "transportd/functions/function_table.h"
#include "transportd/guest_operations/process_list_cache.h"
#include "transportd/guest_operations/started_programs.h"
#include "transportd/policy/policy_store.h"
#include "transportd/sessions/session_pool.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/results.h"

namespace toolboxd {
namespace {

using vix::Error;

// The function that vixd serves.
constexpr absl::string_view kRoundTrip = "http.RoundTrip";
// The result for a program that did not start, as vmtoolsd sends it.
constexpr char kNoPid[] = "-1";

// Bounds a list of processes: users choose how many there are and what their arguments are.
class ListLimiter {
 public:
  // Shortens the name and the command line if they or the list are long. False if the process does
  // not fit.
  bool Fit(v1::Process& process) {
    if (process.name().size() > kMaxName) process.mutable_name()->resize(kMaxName);
    std::string& command_line = *process.mutable_command_line();
    const size_t limit = used_ < kMaxSize / 2 ? kMaxCommandLine : 0;
    if (command_line.size() > limit) command_line.resize(limit);
    used_ +=
        kFixedSize + 3 * (process.name().size() + command_line.size() + process.owner().size());
    return used_ < kMaxSize;
  }

 private:
  // Bytes of the text, in which a byte takes up to three; command lines end at half of it.
  static constexpr size_t kMaxSize = ProcessListCache::kMaxListBytes;
  static constexpr size_t kFixedSize = 160;
  // Longer than any name of a file, which a process may call itself all the same.
  static constexpr size_t kMaxName = 255;
  // vixd's limit for processes that it did not start.
  static constexpr size_t kMaxCommandLine = 8 << 10;

  size_t used_ = 0;
};

// vixd's Processes on the caller's session.
class Programs {
 public:
  Programs(const GuestServices& services, std::shared_ptr<UserSession> session)
      : services_(services),
        session_(std::move(session)),
        stub_(v1::Processes::NewStub(session_->channel)) {}

  template <typename Method, typename Request, typename Reply>
  absl::Status Call(Method method, const Request& request, Reply& reply) {
    grpc::ClientContext context;
    SetTimeout(services_.timeout, &context);
    return DropIfBroken(FromGrpc(((*stub_).*method)(&context, request, &reply)));
  }

  absl::StatusOr<std::vector<v1::Process>> List(const v1::ListProcessesRequest& request) {
    grpc::ClientContext context;
    SetTimeout(services_.timeout, &context);
    auto reader = stub_->List(&context, request);
    std::vector<v1::Process> processes;
    ListLimiter limiter;
    files::MessageAllowance allowance;
    absl::Status misbehaves;
    bool fits = true;
    v1::ListProcessesReply reply;
    while (fits && misbehaves.ok() && reader->Read(&reply)) {
      misbehaves = allowance.Take(reply.ByteSizeLong());
      for (v1::Process& process : *reply.mutable_processes()) {
        fits = fits && limiter.Fit(process);
        if (fits) processes.push_back(std::move(process));
      }
    }
    if (!fits || !misbehaves.ok()) context.TryCancel();
    const absl::Status status = FromGrpc(reader->Finish());
    if (!misbehaves.ok()) return DropIfBroken(misbehaves);
    if (!fits) {
      LogLimited("process list", "the process list for the host ends after ", processes.size(),
                 " processes: its text has reached the limit of 4 MiB");
    } else if (!status.ok()) {
      return DropIfBroken(status);
    }
    return processes;
  }

 private:
  // Forgets a session whose connection failed, so that the next operation makes a new one.
  absl::Status DropIfBroken(absl::Status status) {
    if (files::IsConnectionFailure(status)) services_.sessions->Drop(session_, status);
    return status;
  }

  const GuestServices& services_;
  const std::shared_ptr<UserSession> session_;
  const std::unique_ptr<v1::Processes::Stub> stub_;
};

absl::StatusOr<Programs> Vixd(GuestCall& call, const GuestServices& services) {
  auto session = call.LogIn(SessionService::kVixd);
  if (!session.ok()) return session.status();
  return absl::StatusOr<Programs>(absl::in_place, services, *std::move(session));
}

void Set(std::string* field, absl::string_view value) { field->assign(value.data(), value.size()); }

// Starts the function that the body's program names, on the service that has it.
absl::StatusOr<int64_t> StartFunction(GuestCall& call, const GuestServices& services,
                                      const vix::StartProgramRequest& body) {
  auto session = call.LogIn(SessionService::kVixd);
  if (!session.ok()) return session.status();
  v1::StartFunction start;
  Set(start.mutable_name(), body.program);
  Set(start.mutable_arguments(), body.arguments);
  for (const absl::string_view variable : body.environment) {
    Set(start.add_environment(), variable);
  }
  start.set_user(call.user());
  const ExtensionTarget* extension = services.extensions->FindFunction(body.program);
  if (extension != nullptr) {
    auto channel = extension->Connect();
    if (!channel.ok()) {
      LogLimited("extension", "the extension at ", extension->socket,
                 " was not called for the function ", start.name(), ": ",
                 channel.status().message());
      return channel.status();
    }
    return services.functions->Start(*channel, start, nullptr);
  }
  const absl::string_view destination = absl::StripAsciiWhitespace(body.arguments);
  const absl::Status allowed = services.policy->CheckHttpDestination(destination);
  if (!allowed.ok()) return allowed;
  // The destination itself, because vixd does not know "*".
  if (services.policy->IsHttpDestinationListed(destination)) {
    Set(start.add_allowed_destinations(), destination);
  }
  start.set_no_loopback(!services.policy->MayReachLoopback(destination));
  return services.functions->Start((*session)->channel, start, *session);
}

absl::StatusOr<int64_t> StartProcess(GuestCall& call, const GuestServices& services,
                                     const vix::StartProgramRequest& body) {
  absl::StatusOr<Programs> vixd = Vixd(call, services);
  if (!vixd.ok()) return vixd.status();
  v1::StartProgramRequest request;
  Set(request.mutable_program(), body.program);
  Set(request.mutable_arguments(), body.arguments);
  Set(request.mutable_working_directory(), body.working_directory);
  for (const absl::string_view variable : body.environment) {
    Set(request.add_environment(), variable);
  }
  request.set_with_io(body.program.find('/') == absl::string_view::npos);
  v1::StartProgramReply reply;
  const absl::Status status = vixd->Call(&v1::Processes::Stub::Start, request, reply);
  if (!status.ok()) return status;
  return reply.pid();
}

// The machine's processes and the functions: all of them, or those with the given ids.
absl::StatusOr<std::vector<v1::Process>> List(GuestCall& call, const GuestServices& services,
                                              const std::vector<uint64_t>& pids) {
  absl::StatusOr<Programs> vixd = Vixd(call, services);
  if (!vixd.ok()) return vixd.status();
  v1::ListProcessesRequest request;
  for (const uint64_t pid : pids) request.add_pids(static_cast<int64_t>(pid));
  absl::StatusOr<std::vector<v1::Process>> processes = vixd->List(request);
  if (!processes.ok()) return processes;
  for (v1::Process& function : services.functions->List()) {
    const auto wanted = static_cast<uint64_t>(function.pid());
    if (!pids.empty() && std::find(pids.begin(), pids.end(), wanted) == pids.end()) continue;
    processes->push_back(std::move(function));
  }
  return processes;
}

}  // namespace

Outcome StartProgram(GuestCall& call, const GuestServices& services) {
  vix::StartProgramRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return {error, kNoPid};
  call.set_target(body.program);
  const absl::StatusOr<std::string> directory = services.policy->CheckProgram(
      {body.program, body.arguments, body.working_directory, !body.environment.empty()});
  if (!directory.ok()) return {ErrorOf(directory.status()), kNoPid};
  body.working_directory = *directory;
  const bool function =
      body.program == kRoundTrip || services.extensions->FindFunction(body.program) != nullptr;
  const absl::StatusOr<int64_t> pid =
      function ? StartFunction(call, services, body) : StartProcess(call, services, body);
  if (!pid.ok()) return {ErrorOf(pid.status()), kNoPid};
  if (!function) services.programs->Add(call.user(), *pid, body.program, absl::Now());
  return absl::StrCat(*pid);
}

Outcome ListProcesses(GuestCall& call, const GuestServices& services) {
  vix::ListProcessesRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  if (body.key != 0) {
    auto session = call.LogIn(SessionService::kVixd);
    if (!session.ok()) return session.status();
    return services.process_lists->Next(call.user(), body.key, body.offset, SteadyNow());
  }
  absl::StatusOr<std::vector<v1::Process>> processes = List(call, services, body.pids);
  if (!processes.ok()) return processes.status();
  std::string list;
  for (const v1::Process& process : *processes) list += vix::FormatProcess(process);
  return services.process_lists->First(call.user(), std::move(list), SteadyNow());
}

Outcome LegacyListProcesses(GuestCall& call, const GuestServices& services) {
  absl::StatusOr<std::vector<v1::Process>> processes = List(call, services, {});
  if (!processes.ok()) return processes.status();
  std::string list;
  for (const v1::Process& process : *processes) {
    const std::string record = vix::FormatLegacyProcess(process);
    // This list has no pages.
    if (list.size() + record.size() > vix::kMaxResult) break;
    list += record;
  }
  return list;
}

Outcome TerminateProcess(GuestCall& call, const GuestServices& services) {
  vix::TerminateRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(absl::StrCat(body.pid));
  absl::StatusOr<Programs> vixd = Vixd(call, services);
  if (!vixd.ok()) return vixd.status();
  if (body.pid > static_cast<uint64_t>(std::numeric_limits<int32_t>::max())) {
    return Error::kNoSuchProcess;
  }
  const auto pid = static_cast<int64_t>(body.pid);
  // To the kernel, 0 is a whole process group.
  if (pid == 0) return Error::kGuestUserPermissions;
  if (services.functions->Has(pid)) return services.functions->Terminate(call.user(), pid);
  v1::TerminateRequest request;
  request.set_pid(pid);
  v1::TerminateReply reply;
  const absl::Status status = vixd->Call(&v1::Processes::Stub::Terminate, request, reply);
  // EPERM and EACCES are one answer to the host.
  if (ReasonOf(status) == v1::PERMISSION_DENIED) return Error::kGuestUserPermissions;
  return status;
}

Outcome ReadEnvironment(GuestCall& call, const GuestServices& services) {
  vix::ReadEnvironmentRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  absl::StatusOr<Programs> vixd = Vixd(call, services);
  if (!vixd.ok()) return vixd.status();
  v1::ReadEnvironmentRequest request;
  for (const absl::string_view name : body.names) Set(request.add_names(), name);
  v1::ReadEnvironmentReply reply;
  const absl::Status status = vixd->Call(&v1::Processes::Stub::ReadEnvironment, request, reply);
  if (!status.ok()) return status;
  std::string text;
  for (const std::string& variable : reply.variables()) {
    text += vix::FormatVariable(variable);
    // More does not fit a reply, whatever the service sent.
    if (text.size() > vix::kMaxReplySize) break;
  }
  return text;
}

}  // namespace toolboxd
