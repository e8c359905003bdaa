// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/program_operations.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/processes.grpc.pb.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/results.h"

namespace toolboxd {
namespace {

using vix::Error;

// The function that vixd serves.
constexpr absl::string_view kRoundTrip = "http.RoundTrip";
// What vmtoolsd's result says of a program that did not start.
constexpr char kNoPid[] = "-1";

// Keeps a list of processes small, though a user chooses how many there are and what their
// arguments are.
class ListLimiter {
 public:
  // Cuts the command line where it is long, or where the list is. False for one too many.
  bool Fit(v1::Process& process) {
    std::string& command_line = *process.mutable_command_line();
    const size_t room = used_ < kMaxSize / 2 ? kMaxCommandLine : 0;
    if (command_line.size() > room) command_line.resize(room);
    used_ += kFixedSize + 3 * (process.name().size() + command_line.size());
    return used_ < kMaxSize;
  }

 private:
  // Of the text, which has up to three characters for a byte; with command lines up to a half.
  static constexpr size_t kMaxSize = 8 << 20;
  static constexpr size_t kFixedSize = 160;
  // As vixd cuts those of processes that it did not start.
  static constexpr size_t kMaxCommandLine = 8 << 10;

  size_t used_ = 0;
};

// vixd's Processes on the caller's session.
class Programs {
 public:
  Programs(const UserFilesDeps& deps, std::shared_ptr<UserSession> session)
      : deps_(deps),
        session_(std::move(session)),
        stub_(v1::Processes::NewStub(session_->channel)) {}

  template <typename Method, typename Request, typename Reply>
  absl::Status Call(Method method, const Request& request, Reply& reply) {
    grpc::ClientContext context;
    SetTimeout(deps_.timeout, &context);
    return Note(FromGrpc(((*stub_).*method)(&context, request, &reply)));
  }

  absl::StatusOr<std::vector<v1::Process>> List(const v1::ListProcessesRequest& request) {
    grpc::ClientContext context;
    SetTimeout(deps_.timeout, &context);
    auto reader = stub_->List(&context, request);
    std::vector<v1::Process> processes;
    ListLimiter limiter;
    bool fits = true;
    v1::ListProcessesReply reply;
    while (reader->Read(&reply)) {
      for (v1::Process& process : *reply.mutable_processes()) {
        fits = fits && limiter.Fit(process);
        if (fits) processes.push_back(std::move(process));
      }
      if (!fits) context.TryCancel();
    }
    const absl::Status status = FromGrpc(reader->Finish());
    if (!fits) {
      LogLimited("process list", "only ", processes.size(), " processes are listed");
    } else if (!status.ok()) {
      return Note(status);
    }
    return processes;
  }

 private:
  absl::Status Note(absl::Status status) {
    const bool broken = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
    if (broken && ReasonOf(status) == v1::REASON_UNSPECIFIED) {
      LogWarning("vixd of ", session_->user, " does not answer: ", status.message());
      deps_.sessions->Drop(session_);
    }
    return status;
  }

  const UserFilesDeps& deps_;
  const std::shared_ptr<UserSession> session_;
  const std::unique_ptr<v1::Processes::Stub> stub_;
};

absl::StatusOr<Programs> Vixd(GuestCall& call, const UserFilesDeps& deps) {
  auto session = call.LogIn(SessionService::kVixd);
  if (!session.ok()) return session.status();
  return absl::StatusOr<Programs>(absl::in_place, deps, *std::move(session));
}

void Set(std::string* field, absl::string_view value) { field->assign(value.data(), value.size()); }

// Runs the body's program as a function, on the service that has it.
absl::StatusOr<int64_t> StartFunction(GuestCall& call, const UserFilesDeps& deps,
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
  const ExtensionTarget* extension = deps.extensions->FindFunction(body.program);
  if (extension != nullptr) return deps.functions->Start(extension->Connect(), start, nullptr);
  const absl::string_view destination = absl::StripAsciiWhitespace(body.arguments);
  const absl::Status allowed = deps.policy->CheckHttpDestination(destination);
  if (!allowed.ok()) return allowed;
  // This one, since vixd knows nothing of "*".
  if (deps.policy->IsHttpDestinationListed(destination)) {
    Set(start.add_allowed_destinations(), destination);
  }
  return deps.functions->Start((*session)->channel, start, *session);
}

absl::StatusOr<int64_t> StartProcess(GuestCall& call, const UserFilesDeps& deps,
                                     const vix::StartProgramRequest& body) {
  absl::StatusOr<Programs> vixd = Vixd(call, deps);
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

// The machine's processes and the functions, or those of them that are asked for.
absl::StatusOr<std::vector<v1::Process>> List(GuestCall& call, const UserFilesDeps& deps,
                                              const std::vector<uint64_t>& pids) {
  absl::StatusOr<Programs> vixd = Vixd(call, deps);
  if (!vixd.ok()) return vixd.status();
  v1::ListProcessesRequest request;
  for (const uint64_t pid : pids) request.add_pids(static_cast<int64_t>(pid));
  absl::StatusOr<std::vector<v1::Process>> processes = vixd->List(request);
  if (!processes.ok()) return processes;
  for (v1::Process& function : deps.functions->List()) {
    const auto wanted = static_cast<uint64_t>(function.pid());
    if (!pids.empty() && std::find(pids.begin(), pids.end(), wanted) == pids.end()) continue;
    processes->push_back(std::move(function));
  }
  return processes;
}

}  // namespace

std::string ProcessListCache::First(const std::string& user, std::string list, absl::Time now) {
  for (auto entry = lists_.begin(); entry != lists_.end();) {
    entry = now - entry->second.made >= kKept ? lists_.erase(entry) : std::next(entry);
  }
  if (list.size() <= page_size_) return list;
  size_t held = list.size();
  for (const auto& [key, entry] : lists_) held += entry.text.size();
  // The oldest has the smallest key.
  while (lists_.size() >= kMaxLists || (held > kMaxBytes && !lists_.empty())) {
    held -= lists_.begin()->second.text.size();
    lists_.erase(lists_.begin());
  }
  const uint32_t key = next_key_++;
  if (next_key_ == 0) next_key_ = 1;
  std::string page =
      absl::StrCat("<key>", key, "</key><totalSize>", list.size(), "</totalSize><leftToSend>",
                   list.size() - page_size_, "</leftToSend>", list.substr(0, page_size_));
  lists_[key] = {user, std::move(list), now};
  return page;
}

Outcome ProcessListCache::Next(const std::string& user, uint32_t key, uint32_t offset,
                               absl::Time now) {
  const auto found = lists_.find(key);
  if (found == lists_.end() || found->second.user != user || now - found->second.made >= kKept ||
      offset > found->second.text.size()) {
    return Error::kInvalidArgument;
  }
  const std::string page = found->second.text.substr(offset, page_size_);
  const size_t left = found->second.text.size() - offset - page.size();
  if (left == 0) lists_.erase(found);
  return absl::StrCat("<leftToSend>", left, "</leftToSend>", page);
}

Outcome StartProgram(GuestCall& call, const UserFilesDeps& deps) {
  vix::StartProgramRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return {error, kNoPid};
  call.set_target(body.program);
  const absl::Status allowed =
      deps.policy->CheckProgram(body.program, body.arguments, !body.environment.empty());
  if (!allowed.ok()) return {ErrorOf(allowed), kNoPid};
  const bool function =
      body.program == kRoundTrip || deps.extensions->FindFunction(body.program) != nullptr;
  const absl::StatusOr<int64_t> pid =
      function ? StartFunction(call, deps, body) : StartProcess(call, deps, body);
  if (!pid.ok()) return {ErrorOf(pid.status()), kNoPid};
  return absl::StrCat(*pid);
}

Outcome ListProcesses(GuestCall& call, const UserFilesDeps& deps, ProcessListCache& cache) {
  vix::ListProcessesRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  if (body.key != 0) {
    auto session = call.LogIn(SessionService::kVixd);
    if (!session.ok()) return session.status();
    return cache.Next(call.user(), body.key, body.offset, SteadyNow());
  }
  absl::StatusOr<std::vector<v1::Process>> processes = List(call, deps, body.pids);
  if (!processes.ok()) return processes.status();
  std::string list;
  for (const v1::Process& process : *processes) list += vix::FormatProcess(process);
  return cache.First(call.user(), std::move(list), SteadyNow());
}

Outcome LegacyListProcesses(GuestCall& call, const UserFilesDeps& deps) {
  absl::StatusOr<std::vector<v1::Process>> processes = List(call, deps, {});
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

Outcome TerminateProcess(GuestCall& call, const UserFilesDeps& deps) {
  vix::TerminateRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(absl::StrCat(body.pid));
  absl::StatusOr<Programs> vixd = Vixd(call, deps);
  if (!vixd.ok()) return vixd.status();
  if (body.pid > static_cast<uint64_t>(std::numeric_limits<int32_t>::max())) {
    return Error::kNoSuchProcess;
  }
  const auto pid = static_cast<int64_t>(body.pid);
  // To the kernel it would be a whole process group.
  if (pid == 0) return Error::kGuestUserPermissions;
  if (deps.functions->Has(pid)) return deps.functions->Terminate(call.user(), pid);
  v1::TerminateRequest request;
  request.set_pid(pid);
  v1::TerminateReply reply;
  const absl::Status status = vixd->Call(&v1::Processes::Stub::Terminate, request, reply);
  // A process that may not be signalled, whatever the kernel's word for it.
  if (ReasonOf(status) == v1::PERMISSION_DENIED) return Error::kGuestUserPermissions;
  return status;
}

Outcome ReadEnvironment(GuestCall& call, const UserFilesDeps& deps) {
  vix::ReadEnvironmentRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  absl::StatusOr<Programs> vixd = Vixd(call, deps);
  if (!vixd.ok()) return vixd.status();
  v1::ReadEnvironmentRequest request;
  for (const absl::string_view name : body.names) Set(request.add_names(), name);
  v1::ReadEnvironmentReply reply;
  const absl::Status status = vixd->Call(&v1::Processes::Stub::ReadEnvironment, request, reply);
  if (!status.ok()) return status;
  std::string text;
  for (const std::string& variable : reply.variables()) text += vix::FormatVariable(variable);
  return text;
}

}  // namespace toolboxd
