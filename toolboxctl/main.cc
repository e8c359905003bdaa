// SPDX-License-Identifier: Apache-2.0

// toolboxctl: the administrator's command line.

#include <pthread.h>
#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/strict_modes.h"
#include "base/version.h"
#include "daemon/command_line.h"
#include "daemon/grpc_log.h"
#include "daemon/quiet_engine.h"
#include "daemon/stop_signal.h"
#include "toolboxctl/connect.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/customization.h"
#include "toolboxctl/customize_scripts.h"
#include "toolboxctl/guest_variables.h"
#include "toolboxctl/snapshot.h"
#include "toolboxctl/snapshot_scripts.h"
#include "toolboxctl/status_text.h"
#include "toolboxctl/time_status.h"
#include "toolboxctl/toolboxctl.h"
#include "toolboxctl/transport_client.h"

ABSL_FLAG(std::string, for, "registered", "What 'wait' waits for; only 'registered' is valid.");
ABSL_FLAG(std::string, user, "",
          "The user whose session 'connect' opens, for root only; default: the caller.");
ABSL_FLAG(std::string, session_socket, "",
          "Socket of session that 'connect' uses; default: /run/toolboxd/SERVICE-login.sock.");
ABSL_FLAG(absl::Duration, timeout, absl::InfiniteDuration(),
          "Maximum time that 'wait' waits, such as 30s.");
ABSL_FLAG(std::string, snapshot_socket, "/run/toolboxd/snapshotd.sock",
          "snapshotd's socket, which 'snapshot' uses.");
ABSL_FLAG(absl::Duration, hold, absl::ZeroDuration(),
          "How long 'snapshot test' keeps the file systems frozen, at most 10s.");
ABSL_FLAG(std::string, deploy_socket, "/run/toolboxd/deployd.sock",
          "deployd's socket, which 'customization' uses.");
ABSL_FLAG(std::optional<std::string>, if_value, std::nullopt,
          "'namespace set' changes the value only if it is this one.");
ABSL_FLAG(bool, scripts, false, "Whether 'snapshot test' also runs the administrator's scripts.");

namespace toolboxd {
namespace {

constexpr int kExitUsage = 2;

constexpr char kUsage[] =
    "shows the state of toolboxd and sends requests to the VMware host.\n\n"
    "  toolboxctl status        show the state of the channels and the services\n"
    "  toolboxctl rpc TEXT      send TEXT to the host, such as 'info-get guestinfo.ip'\n"
    "  toolboxctl guestinfo get NAME | set NAME [VALUE] | delete NAME | list-known\n"
    "                           the variables that the host keeps; without VALUE, standard input\n"
    "  toolboxctl namespace get NAMESPACE KEY | set NAMESPACE KEY [VALUE]\n"
    "                           the same in a namespace of the host\n"
    "  toolboxctl wait          return when the host has accepted the guest\n"
    "  toolboxctl connect SERVICE   offer your own hgfsd or vixd on a private socket, for grpcurl\n"
    "  toolboxctl modes PATH    check that only root can change PATH and the files in it\n"
    "  toolboxctl snapshot plan   show what a quiesced snapshot freezes, and what not and why\n"
    "  toolboxctl snapshot test   freeze it for a moment, and show how long that took\n"
    "  toolboxctl snapshot-scripts EVENT   run the scripts of a snapshot: freeze, thaw, "
    "freezeFail\n"
    "  toolboxctl time status   show how far the clock is from the host's, and what is done about "
    "it\n"
    "  toolboxctl customization status   show who would customize a clone, and the last time\n"
    "  toolboxctl customization-scripts   run the scripts of a customization, for its unit";

using Arguments = std::vector<std::string>;

int Fail(absl::string_view message) {
  fprintf(stderr, "%s\n", std::string(message).c_str());
  return 1;
}

int Print(absl::string_view text) {
  const bool written = fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return written && fflush(stdout) == 0 ? 0 : Fail("cannot write to standard output");
}

TransportClient Client() { return TransportClient(absl::GetFlag(FLAGS_control)); }

int Status(const Arguments&) {
  const absl::StatusOr<v1::TransportStatus> status = Client().GetStatus();
  if (!status.ok()) return Fail(status.status().message());
  return Print(StatusText(*status, absl::LocalTimeZone()));
}

// The output is vmware-rpctool's, so that scripts can use either.
int Rpc(const Arguments& arguments) {
  const absl::StatusOr<v1::SendRpciReply> reply = Client().SendRpci(arguments[0]);
  if (!reply.ok()) return Fail(reply.status().message());
  if (!reply->success()) return Fail(reply->data());
  return Print(absl::StrCat(reply->data(), "\n"));
}

SendToHost ToHost() {
  return [](const std::string& request) { return Client().SendRpci(request); };
}

int GuestInfoVerb(const Arguments& arguments) { return GuestInfoMain(arguments, ToHost()); }

int NamespaceVerb(const Arguments& arguments) {
  return NamespaceMain(arguments, absl::GetFlag(FLAGS_if_value), ToHost());
}

int Wait(const Arguments&) {
  if (absl::GetFlag(FLAGS_for) != "registered") {
    Fail("--for: only 'registered' is valid");
    return kExitUsage;
  }
  const absl::Status status =
      Client().WaitUntilRegistered(absl::Now() + absl::GetFlag(FLAGS_timeout));
  if (!status.ok()) return Fail(status.message());
  return Print("registered\n");
}

int ConnectVerb(const Arguments& arguments) {
  return ConnectMain(
      {arguments[0], absl::GetFlag(FLAGS_user), absl::GetFlag(FLAGS_session_socket)});
}

int SnapshotVerb(const Arguments& arguments) {
  return SnapshotMain({arguments[0], absl::GetFlag(FLAGS_snapshot_socket),
                       absl::GetFlag(FLAGS_control), absl::GetFlag(FLAGS_hold),
                       absl::GetFlag(FLAGS_scripts)});
}

// Without a connection: the unit toolboxd-power-hook@.service runs it before its scripts.
int Modes(const Arguments& arguments) {
  const absl::Status status = CheckStrictModesOfAll(arguments[0]);
  return status.ok() ? 0 : Fail(status.message());
}

int CustomizationVerb(const Arguments& arguments) {
  return CustomizationMain({arguments[0], absl::GetFlag(FLAGS_deploy_socket)});
}

int TimeVerb(const Arguments& arguments) {
  return TimeMain(arguments[0], [] { return Client().GetTimeStatus(); });
}

// Set by SIGTERM, which ends the script that runs.
const StopSignal& StopOnTerm() {
  // Before the thread starts, which inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  static StopSignal& stop = *new StopSignal();
  std::thread([signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    stop.Set();
  }).detach();
  return stop;
}

// For toolboxd-snapshot-hook@.service.
int SnapshotScripts(const Arguments& arguments) {
  const absl::Status status = RunSnapshotScripts({}, arguments[0], StopOnTerm());
  return status.ok() ? 0 : Fail(status.message());
}

// For toolboxd-customize-hook.service.
int CustomizeScripts(const Arguments&) {
  const absl::Status status = RunCustomizeScripts({}, StopOnTerm());
  return status.ok() ? 0 : Fail(status.message());
}

constexpr size_t kAny = SIZE_MAX;

struct Verb {
  const char* name;
  // kAny: the verb checks them itself.
  size_t arguments;
  int (*run)(const Arguments& arguments);
};

constexpr Verb kVerbs[] = {
    {"status", 0, Status},
    {"rpc", 1, Rpc},
    {"guestinfo", kAny, GuestInfoVerb},
    {"namespace", kAny, NamespaceVerb},
    {"wait", 0, Wait},
    {"connect", 1, ConnectVerb},
    {"modes", 1, Modes},
    {"snapshot", 1, SnapshotVerb},
    {"snapshot-scripts", 1, SnapshotScripts},
    {"time", 1, TimeVerb},
    {"customization", 1, CustomizationVerb},
    {"customization-scripts", 0, CustomizeScripts},
};

int RunVerb(const Program& program, const Arguments& words) {
  const std::string hint = absl::StrCat("; try ", program.name, " --help");
  if (words.empty()) {
    Fail(absl::StrCat("no command", hint));
    return kExitUsage;
  }
  const Arguments arguments(words.begin() + 1, words.end());
  for (const Verb& verb : kVerbs) {
    if (words[0] != verb.name) continue;
    if (verb.arguments == kAny || arguments.size() == verb.arguments) return verb.run(arguments);
    Fail(absl::StrCat("'", words[0], "' takes ", verb.arguments,
                      verb.arguments == 1 ? " argument, not " : " arguments, not ",
                      arguments.size(), hint));
    return kExitUsage;
  }
  Fail(absl::StrCat("unknown command '", words[0], "'", hint));
  return kExitUsage;
}

}  // namespace

int ToolboxctlMain(int argc, char** argv) {
  const Program program = {.name = "toolboxctl",
                           .usage = kUsage,
                           .flag_sources = {"toolboxctl/"},
                           .takes_arguments = true};
  InitLog(program.name, LogLevel::kWarning);
  const absl::StatusOr<CommandLine> line =
      ReadCommandLine(program, Arguments(argv + (argc > 0 ? 1 : 0), argv + argc));
  if (!line.ok()) {
    Fail(absl::StrCat(line.status().message(), "; try ", program.name, " --help"));
    return kExitUsage;
  }
  if (line->help) return Print(HelpText(program));
  if (line->version) return Print(absl::StrCat(program.name, " (toolboxd) ", kVersion, "\n"));
  RouteGrpcLog();
  InstallQuietEngine();
  return RunVerb(program, line->arguments);
}

}  // namespace toolboxd
