// SPDX-License-Identifier: Apache-2.0

// Guest operations: one after another, many at a time, and large ones.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/guessers.h"
#include "tests/bench/measurements.h"
#include "tests/bench/rows.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd::bench {
namespace {

struct Percentiles {
  double p50, p99;
};

double Milliseconds(const std::function<void()>& operation) {
  const absl::Time start = absl::Now();
  operation();
  return absl::ToDoubleMilliseconds(absl::Now() - start);
}

Percentiles Of(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[times.size() * 99 / 100]};
}

Percentiles Time(int count, const std::function<void()>& operation) {
  std::vector<double> times;
  times.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) times.push_back(Milliseconds(operation));
  return Of(std::move(times));
}

void RequireOk(const absl::StatusOr<vmxsim::GuestReply>& reply, absl::string_view what) {
  Require(reply.status(), what);
  if (reply->error != 0) Require(absl::UnknownError(vmxsim::VixErrorName(reply->error)), what);
}

void ReadEnvironment(vmxsim::GuestClient& client) {
  vix::ReadEnvironmentRequest request;
  request.names = {"HOME"};
  RequireOk(client.Call(vix::kReadEnvironmentVariables, vix::Encode(request)), "getenv");
}

int64_t Start(vmxsim::GuestClient& client, absl::string_view program, absl::string_view arguments) {
  vix::StartProgramRequest request;
  request.program = program;
  request.arguments = arguments;
  const absl::StatusOr<int64_t> pid = client.StartProgram(request);
  Require(pid.status(), "start");
  return *pid;
}

// The two ways of starting a program: words alone are executed as they are, anything else is
// for a shell to understand.
struct CommandLine {
  const char* program;
  const char* arguments;
};
constexpr CommandLine kPlain = {"/bin/true", ""}, kForShell = {"/bin/sh", "-c 'exit 0'"};

void StartAndList(vmxsim::GuestClient& client, const CommandLine& command) {
  const int64_t pid = Start(client, command.program, command.arguments);
  Require(client.ListProcesses({static_cast<uint64_t>(pid)}).status(), "ps");
}

// Where CPUID cannot be made to fault, vmxsim disassembles each program and library the first time
// that it is executed in a guest. A real machine does not, so it is not measured.
void WarmUp(Pair& pair) {
  for (vmxsim::GuestClient* client : {&pair.toolboxd.operations(), &pair.vmtoolsd.operations()}) {
    for (const CommandLine& command : {kPlain, kForShell, CommandLine{"/bin/sleep", "0"}})
      StartAndList(*client, command);
  }
}

// Programs a second, one request after another.
double StartRate(vmxsim::GuestClient& client, const CommandLine& command, int count) {
  const absl::Time start = absl::Now();
  for (int i = 0; i < count; ++i) Start(client, command.program, command.arguments);
  return count / absl::ToDoubleSeconds(absl::Now() - start);
}

// Milliseconds until 100 sleeping programs are started and all listed.
double Hundred(vmxsim::GuestClient& client) {
  const absl::Time start = absl::Now();
  std::vector<uint64_t> pids;
  pids.reserve(100);
  for (int i = 0; i < 100; ++i)
    pids.push_back(static_cast<uint64_t>(Start(client, "/bin/sleep", "5")));
  const auto list = client.ListProcesses(pids);
  Require(list.status(), "ps");
  if (list->size() != pids.size()) {
    Require(absl::UnknownError(absl::StrCat(list->size(), " of 100 programs listed")), "ps");
  }
  return absl::ToDoubleMilliseconds(absl::Now() - start);
}

double ListAll(vmxsim::GuestClient& client, const std::string& folder, size_t count) {
  const absl::Time start = absl::Now();
  const auto files = client.ListFiles(folder, "", 1000000);
  Require(files.status(), "ls");
  if (files->size() != count + 2) {
    Require(absl::UnknownError(absl::StrCat(files->size(), " entries listed")), "ls");
  }
  return absl::ToDoubleMilliseconds(absl::Now() - start);
}

// The operations of a logged-in user, one after another, for longer than refusals are counted
// together.
Percentiles BesideGuessers(Guest& guest) {
  ReadEnvironment(guest.operations());
  Guessers guessers(guest, 8);
  std::vector<double> times;
  for (const absl::Time end = absl::Now() + absl::Seconds(25); absl::Now() < end;) {
    times.push_back(Milliseconds([&] { ReadEnvironment(guest.operations()); }));
  }
  return Of(std::move(times));
}

std::string Fill(const std::string& folder, size_t count) {
  const std::string path = absl::StrCat(folder, "/entries", count);
  if (std::system(absl::StrCat("mkdir ", path, " && chmod 755 ", path).c_str()) != 0) std::exit(1);
  for (size_t i = 0; i < count; ++i) std::ofstream(absl::StrCat(path, "/entry", i));
  return path;
}

}  // namespace

void MeasureSmallOperations(Pair& pair) {
  MeasureLogins(pair);
  PrintHeading("guest operations, one after another");
  vmxsim::GuestClient& ours = pair.toolboxd.operations();
  vmxsim::GuestClient& theirs = pair.vmtoolsd.operations();
  const Percentiles our_env = Time(500, [&] { ReadEnvironment(ours); });
  const Percentiles their_env = Time(100, [&] { ReadEnvironment(theirs); });
  const std::string env_aim = pair.vsock ? "ratio <= 1" : "ratio <= 1/40";
  const std::string env =
      "ReadEnvironmentVariables of one variable, from the host's request to "
      "its reply, one after another: ";
  PrintRow({"operations.read_environment.p50", "ReadEnvironment, p50", "ms", Better::kLower,
            env + "the median.", env_aim},
           {our_env.p50, their_env.p50});
  PrintRow({"operations.read_environment.p99", "ReadEnvironment, p99", "ms", Better::kLower,
            env + "the 99th percentile."},
           {our_env.p99, their_env.p99});
}

void MeasureOperations(Pair& pair) {
  MeasureSmallOperations(pair);
  vmxsim::GuestClient& ours = pair.toolboxd.operations();
  vmxsim::GuestClient& theirs = pair.vmtoolsd.operations();
  WarmUp(pair);
  const auto measure = [&](const std::string& key, const std::string& name,
                           const CommandLine& command, const std::string& what) {
    const Percentiles our_start = Time(400, [&] { StartAndList(ours, command); });
    const Percentiles their_start = Time(30, [&] { StartAndList(theirs, command); });
    PrintRow({key + ".p50", name + " + ListProcesses, p50", "ms", Better::kLower,
              what + " is started and then listed: the median of both operations together.",
              "ratio <= 1/40"},
             {our_start.p50, their_start.p50});
    PrintRow({key + ".p99", name + " + ListProcesses, p99", "ms", Better::kLower,
              what + " is started and then listed: the 99th percentile."},
             {our_start.p99, their_start.p99});
  };
  measure("operations.start", "StartProgram", kPlain, "/bin/true without a shell");
  measure("operations.start_shell", "by a shell", kForShell, "A command line for a shell");
  // Last: afterwards first logins are refused for a while. vmtoolsd takes seconds for each guess.
  PrintRow(
      {"operations.beside_guessers.p99", "beside 8 password guessers, p99", "ms", Better::kLower,
       "ReadEnvironmentVariables of a logged-in user while eight clients try passwords with "
       "names that are new each time, for 25 seconds: the 99th percentile.",
       "< 20 ms"},
      {BesideGuessers(pair.toolboxd).p99, std::nullopt});
}

void MeasurePrograms(Pair& pair) {
  PrintHeading("programs");
  vmxsim::GuestClient& ours = pair.toolboxd.operations();
  vmxsim::GuestClient& theirs = pair.vmtoolsd.operations();
  WarmUp(pair);
  PrintRow(
      {"programs.start", "StartProgram", "/s", Better::kHigher,
       "/bin/true without a shell is started, a request right after the last reply.", ">= 300"},
      {StartRate(ours, kPlain, 600), StartRate(theirs, kPlain, 60)});
  PrintRow({"programs.start_shell", "StartProgram by a shell", "/s", Better::kHigher,
            "The same with a command line for a shell."},
           {StartRate(ours, kForShell, 300), StartRate(theirs, kForShell, 30)});
  PrintRow({"programs.hundred", "100 at once, started and listed", "ms", Better::kLower,
            "100 programs that sleep are started and then listed in one request."},
           {Hundred(ours), Hundred(theirs)});
}

void MeasureListings(Pair& pair) {
  PrintHeading("listings, all pages");
  for (const size_t count : {size_t{5000}, size_t{100000}}) {
    const std::string path = Fill(pair.folder, count);
    PrintRow({absl::StrCat("listings.", count), absl::StrCat(count, " entries"), "ms",
              Better::kLower, "ListFiles of a directory of empty files, until the last page."},
             {ListAll(pair.toolboxd.operations(), path, count),
              ListAll(pair.vmtoolsd.operations(), path, count)});
  }
}

}  // namespace toolboxd::bench
