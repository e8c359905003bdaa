// Guest operations: one after another, in numbers, and large.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/measurements.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"

namespace toolboxd::bench {
namespace {

struct Percentiles {
  double p50, p99;
};

Percentiles Time(int count, const std::function<void()>& operation) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const absl::Time start = absl::Now();
    operation();
    times.push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[times.size() * 99 / 100]};
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

// Median milliseconds of the first operations of users who have not been used before.
double FirstOperation(Guest& guest, const Pair& pair) {
  std::vector<double> times;
  for (const std::string& user : pair.new_users) {
    vmxsim::GuestClient client = guest.As(user, pair.password);
    // Until there is another spare connection in place of the one that the last user has taken.
    absl::SleepFor(absl::Milliseconds(700));
    // At rest the wait for the guest's next poll, up to 0.1 s, would be most of what is measured.
    ReadEnvironment(guest.operations());
    times.push_back(Time(1, [&] { ReadEnvironment(client); }).p50);
  }
  if (times.empty()) Require(absl::InvalidArgumentError("needed"), "--new_users");
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

std::string Fill(const std::string& folder, size_t count) {
  const std::string path = absl::StrCat(folder, "/entries", count);
  if (std::system(absl::StrCat("mkdir ", path, " && chmod 755 ", path).c_str()) != 0) std::exit(1);
  for (size_t i = 0; i < count; ++i) std::ofstream(absl::StrCat(path, "/entry", i));
  return path;
}

}  // namespace

void MeasureOperations(Pair& pair) {
  PrintHeading("guest operations, one after another");
  // The first user's operation makes the spare connection that the next one finds.
  ReadEnvironment(pair.toolboxd.operations());
  PrintRow("first operation of a user, p50", FirstOperation(pair.toolboxd, pair),
           FirstOperation(pair.vmtoolsd, pair), "ms", "ratio <= 1");
  vmxsim::GuestClient& ours = pair.toolboxd.operations();
  vmxsim::GuestClient& theirs = pair.vmtoolsd.operations();
  const Percentiles our_env = Time(500, [&] { ReadEnvironment(ours); });
  const Percentiles their_env = Time(100, [&] { ReadEnvironment(theirs); });
  PrintRow("ReadEnvironment, p50", our_env.p50, their_env.p50, "ms", "ratio <= 1/40");
  PrintRow("ReadEnvironment, p99", our_env.p99, their_env.p99, "ms");
  WarmUp(pair);
  for (const auto& [name, command] :
       {std::pair("StartProgram", kPlain), std::pair("by a shell", kForShell)}) {
    const Percentiles our_start = Time(400, [&] { StartAndList(ours, command); });
    const Percentiles their_start = Time(30, [&] { StartAndList(theirs, command); });
    PrintRow(absl::StrCat(name, " + ListProcesses, p50"), our_start.p50, their_start.p50, "ms",
             "ratio <= 1/40");
    PrintRow(absl::StrCat(name, " + ListProcesses, p99"), our_start.p99, their_start.p99, "ms");
  }
}

void MeasurePrograms(Pair& pair) {
  PrintHeading("programs");
  vmxsim::GuestClient& ours = pair.toolboxd.operations();
  vmxsim::GuestClient& theirs = pair.vmtoolsd.operations();
  WarmUp(pair);
  PrintRow("StartProgram", StartRate(ours, kPlain, 600), StartRate(theirs, kPlain, 60), "/s",
           ">= 300");
  PrintRow("StartProgram by a shell", StartRate(ours, kForShell, 300),
           StartRate(theirs, kForShell, 30), "/s");
  PrintRow("100 at once, started and listed", Hundred(ours), Hundred(theirs), "ms");
}

void MeasureListings(Pair& pair) {
  PrintHeading("listings, all pages");
  for (const size_t count : {size_t{5000}, size_t{100000}}) {
    const std::string path = Fill(pair.folder, count);
    PrintRow(absl::StrCat(count, " entries"), ListAll(pair.toolboxd.operations(), path, count),
             ListAll(pair.vmtoolsd.operations(), path, count), "ms");
  }
}

}  // namespace toolboxd::bench
