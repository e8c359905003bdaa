// SPDX-License-Identifier: Apache-2.0

// Verbs of GuestProcessManager.

#include <cstdio>

#include "absl/strings/str_join.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"
#include "vmxsim/guest/verb.h"

namespace toolboxd::vmxsim {
namespace {

absl::Status WrongUse() { return absl::InvalidArgumentError(""); }

absl::Status Start(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().empty()) return WrongUse();
  const std::string directory = arguments.Value("--cwd");
  const std::vector<std::string> environment = arguments.Values("--env");
  const std::string joined =
      absl::StrJoin(arguments.rest().begin() + 1, arguments.rest().end(), " ");
  vix::StartProgramRequest request;
  request.program = arguments.rest()[0];
  request.arguments = joined;
  request.working_directory = directory;
  request.environment.assign(environment.begin(), environment.end());
  const absl::StatusOr<int64_t> pid = client.StartProgram(request);
  if (!pid.ok()) return pid.status();
  std::printf("%lld\n", static_cast<long long>(*pid));
  return absl::OkStatus();
}

absl::Status List(GuestClient& client, const Arguments& arguments) {
  std::vector<uint64_t> pids;
  for (const std::string& word : arguments.rest()) {
    const absl::StatusOr<int64_t> pid = ParseNumber(word);
    if (!pid.ok()) return pid.status();
    pids.push_back(static_cast<uint64_t>(*pid));
  }
  const auto processes = client.ListProcesses(pids);
  if (!processes.ok()) return processes.status();
  std::printf("%8s %-12s %10s %10s %5s %s\n", "PID", "USER", "START", "END", "EXIT", "COMMAND");
  for (Record process : *processes) {
    std::printf("%8s %-12s %10s %10s %5s %s\n", process["pid"].c_str(), process["user"].c_str(),
                process["start"].c_str(), process["eTime"].c_str(), process["eCode"].c_str(),
                process["name"].c_str());
  }
  return absl::OkStatus();
}

absl::Status Kill(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().size() != 1) return WrongUse();
  const absl::StatusOr<int64_t> pid = ParseNumber(arguments.rest()[0]);
  if (!pid.ok()) return pid.status();
  vix::TerminateRequest request;
  request.pid = static_cast<uint64_t>(*pid);
  return Outcome(client.Call(vix::kTerminateProcess, vix::Encode(request)));
}

absl::Status GetEnvironment(GuestClient& client, const Arguments& arguments) {
  vix::ReadEnvironmentRequest request;
  request.names.assign(arguments.rest().begin(), arguments.rest().end());
  const auto reply = client.Call(vix::kReadEnvironmentVariables, vix::Encode(request));
  if (const absl::Status status = Outcome(reply); !status.ok()) return status;
  absl::string_view text = reply->result;
  while (true) {
    const size_t begin = text.find("<ev>"), end = text.find("</ev>");
    if (begin == absl::string_view::npos || end == absl::string_view::npos) break;
    std::printf("%s\n", vix::Unescape(text.substr(begin + 4, end - begin - 4)).c_str());
    text.remove_prefix(end + 5);
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<Verb>& ProcessVerbs() {
  static const auto& verbs = *new std::vector<Verb>{
      {"start", "start [--cwd=DIR] [--env=NAME=VALUE]… PROGRAM [ARGUMENT…]",
       "start a program and print its process id", Start},
      {"ps", "ps [PID…]", "list processes, those that have ended included", List},
      {"kill", "kill PID", "terminate a process", Kill},
      {"getenv", "getenv [NAME…]", "print the user's environment variables", GetEnvironment},
  };
  return verbs;
}

}  // namespace toolboxd::vmxsim
