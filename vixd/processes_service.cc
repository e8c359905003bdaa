// SPDX-License-Identifier: Apache-2.0

#include "vixd/processes_service.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "daemon/grpc_status.h"
#include "vixd/proc.h"

namespace toolboxd::vixd {
namespace {

// transportd refuses messages of more than 128 KiB (transportd/sessions/session_channel.h), so one
// ends with what takes it to this size.
constexpr size_t kMaxReplyBytes = 64 << 10;
// What a field of a message takes besides its text, at most.
constexpr size_t kFieldBytes = 4;
// The length of a program's name and command line, whose record its user can write.
constexpr size_t kMaxText = 8 << 10;

void Fill(const Record& program, const std::string& owner, v1::Process* out) {
  out->set_pid(program.pid);
  out->set_name(program.name.substr(0, kMaxText));
  out->set_command_line(program.command_line.substr(0, kMaxText));
  out->set_owner(owner);
  out->set_start_time(program.start_time);
  if (!program.ended()) return;
  out->set_end_time(program.end_time);
  out->set_exit_code(program.exit_code);
}

void Fill(const ProcessInfo& process, const std::string& owner, v1::Process* out) {
  out->set_pid(process.pid);
  out->set_name(process.name);
  out->set_command_line(process.command_line);
  out->set_owner(owner);
  out->set_start_time(process.start_time);
}

// Collects processes into replies of a bounded size.
class ListWriter {
 public:
  ListWriter(grpc::ServerWriter<v1::ListProcessesReply>* writer, const IdNames* names)
      : writer_(*writer), names_(names) {
    // Before those of others take the time.
    names_.Get(getuid());
  }

  template <typename Source>
  void Add(const Source& source, uid_t owner) {
    v1::Process* process = reply_.add_processes();
    Fill(source, names_.Get(owner).value_or(std::to_string(owner)), process);
    bytes_ += process->ByteSizeLong();
    if (bytes_ >= kMaxReplyBytes) Flush();
  }
  void Flush() {
    if (reply_.processes_size() > 0) writer_.Write(reply_);
    reply_.Clear();
    bytes_ = 0;
  }

 private:
  grpc::ServerWriter<v1::ListProcessesReply>& writer_;
  v1::ListProcessesReply reply_;
  size_t bytes_ = 0;
  IdNames::Asker names_;
};

}  // namespace

grpc::Status ProcessesService::Start(grpc::ServerContext* context,
                                     const v1::StartProgramRequest* request,
                                     v1::StartProgramReply* reply) {
  const Launch launch{request->program(),
                      request->arguments(),
                      request->working_directory(),
                      {request->environment().begin(), request->environment().end()},
                      request->with_io()};
  const absl::StatusOr<pid_t> pid =
      launcher_.Start(launch, [context] { return context->IsCancelled(); });
  if (!pid.ok()) return ToGrpc(pid.status());
  reply->set_pid(*pid);
  return grpc::Status::OK;
}

grpc::Status ProcessesService::List(grpc::ServerContext* context,
                                    const v1::ListProcessesRequest* request,
                                    grpc::ServerWriter<v1::ListProcessesReply>* writer) {
  ListWriter list(writer, &names_);
  const bool all = request->pids().empty();
  std::map<pid_t, Record> started;
  std::set<pid_t> pids;
  if (all) {
    for (Record& program : programs_.All()) started.emplace(program.pid, std::move(program));
    for (const pid_t pid : ListProcessIds()) pids.insert(pid);
  }
  for (const int64_t number : request->pids()) {
    const pid_t pid = static_cast<pid_t>(number);
    if (pid != number || pid <= 0) continue;
    if (std::optional<Record> program = programs_.Find(pid)) started.emplace(pid, *program);
    pids.insert(pid);
  }
  // A started program's record has more than /proc, and exists after the program's end.
  for (const auto& [pid, program] : started) list.Add(program, getuid());
  std::vector<pid_t> others;
  for (const pid_t pid : pids) {
    if (started.count(pid) == 0) others.push_back(pid);
  }
  while (!others.empty()) {
    if (context->IsCancelled()) return grpc::Status::CANCELLED;
    const ProcessReader::Part part = reader_.Read(others);
    for (const ProcessInfo& process : part.processes) list.Add(process, process.owner);
    others.erase(others.begin(), others.begin() + part.done);
  }
  list.Flush();
  return grpc::Status::OK;
}

grpc::Status ProcessesService::Terminate(grpc::ServerContext* context,
                                         const v1::TerminateRequest* request,
                                         v1::TerminateReply* /*reply*/) {
  const int64_t pid = request->pid();
  if (context->IsCancelled()) return grpc::Status::CANCELLED;
  if (pid != static_cast<pid_t>(pid)) {
    return ToGrpc(
        MakeError(v1::NO_SUCH_PROCESS, absl::StrCat("there is no process with the id ", pid)));
  }
  return ToGrpc(terminator_.Terminate(static_cast<pid_t>(pid)));
}

grpc::Status ProcessesService::ReadEnvironment(grpc::ServerContext* /*context*/,
                                               const v1::ReadEnvironmentRequest* request,
                                               v1::ReadEnvironmentReply* reply) {
  size_t bytes = 0;
  for (const std::string& variable : launcher_.environment()) {
    bool wanted = request->names().empty();
    for (const std::string& name : request->names()) {
      wanted = wanted || (variable.size() > name.size() && variable[name.size()] == '=' &&
                          variable.compare(0, name.size(), name) == 0);
    }
    if (!wanted || bytes + variable.size() + kFieldBytes > kMaxReplyBytes) continue;
    bytes += variable.size() + kFieldBytes;
    reply->add_variables(variable);
  }
  return grpc::Status::OK;
}

}  // namespace toolboxd::vixd
