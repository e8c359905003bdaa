// SPDX-License-Identifier: Apache-2.0

// toolboxctl: the administrator's command line.

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/steady_waits.h"
#include "base/strict_modes.h"
#include "base/utf8.h"
#include "base/version.h"
#include "daemon/command_line.h"
#include "daemon/grpc_log.h"
#include "daemon/quiet_engine.h"
#include "daemon/stop_signal.h"
#include "toolboxctl/activity.h"
#include "toolboxctl/audit.h"
#include "toolboxctl/connect.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/customization.h"
#include "toolboxctl/customize_scripts.h"
#include "toolboxctl/guest_variables.h"
#include "toolboxctl/host_messages.h"
#include "toolboxctl/host_statistics.h"
#include "toolboxctl/openmetrics.h"
#include "toolboxctl/output.h"
#include "toolboxctl/policy.h"
#include "toolboxctl/power_scripts.h"
#include "toolboxctl/reported.h"
#include "toolboxctl/self_test.h"
#include "toolboxctl/show.h"
#include "toolboxctl/snapshot.h"
#include "toolboxctl/snapshot_scripts.h"
#include "toolboxctl/status_text.h"
#include "toolboxctl/support_bundle.h"
#include "toolboxctl/time_flag.h"
#include "toolboxctl/time_status.h"
#include "toolboxctl/toolboxctl.h"
#include "toolboxctl/trace.h"
#include "toolboxctl/transport_client.h"
#include "toolboxctl/verb_flags.h"
#include "toolboxctl/wait.h"

ABSL_FLAG(std::string, user, "",
          "The user whose session 'connect' opens, for root only (default: the caller), or whose "
          "operations 'audit' shows (default: all users').");
ABSL_FLAG(std::string, since, "24h ago",
          "From when on 'audit' shows operations, as journalctl takes it.");
ABSL_FLAG(std::string, session_socket, "",
          "Socket of session that 'connect' uses; default: SERVICE-login.sock beside --control.");
ABSL_FLAG(std::string, snapshot_socket, "",
          "snapshotd's socket, which 'snapshot' uses; default: snapshotd.sock beside --control.");
ABSL_FLAG(toolboxd::TimeFlag, hold, absl::ZeroDuration(),
          "How long 'snapshot test' keeps the file systems frozen, at most 10s.");
ABSL_FLAG(std::string, deploy_socket, "",
          "deployd's socket, which 'customization' uses; default: deployd.sock beside --control.");
ABSL_FLAG(std::optional<std::string>, if_value, std::nullopt,
          "'namespace set' changes the value only if it is this one.");
ABSL_FLAG(bool, scripts, false, "Whether 'snapshot test' also runs the administrator's scripts.");

namespace toolboxd {
namespace {

constexpr char kUsage[] =
    "shows the state of toolboxd and sends requests to the VMware host.\n\n"
    "  toolboxctl status        show the host, the channel, the services and the configuration\n"
    "  toolboxctl nics          show the interfaces and addresses that the host has been sent\n"
    "  toolboxctl disks         the same for disks\n"
    "  toolboxctl info          the same for names and system, and when the host took what\n"
    "  toolboxctl sessions      show the processes of guest users that transportd uses\n"
    "  toolboxctl programs      show the programs that the host has started\n"
    "  toolboxctl transfers     show the files that the host reads and writes, with rates\n"
    "  toolboxctl audit         show past guest operations, from the journal\n"
    "  toolboxctl metrics       print numbers for monitoring, as OpenMetrics\n"
    "  toolboxctl trace         print the requests between host and guest as they come; for root\n"
    "  toolboxctl stat          show what the host says of this machine's processor and memory\n"
    "  toolboxctl policy check USER OPERATION [TARGET [ARGUMENTS]]\n"
    "                           whether the policy permits it, and which line says so\n"
    "  toolboxctl self-test     try what can be tried without the host's help\n"
    "  toolboxctl support-bundle   gather what a person who helps needs, without secrets\n"
    "  toolboxctl host-support-bundle   gather one because the host asked, for its unit\n"
    "  toolboxctl log TEXT      write a line to the log that the host keeps of this machine\n"
    "  toolboxctl app-monitor enable | alive | disable | ok | need-reset | status\n"
    "                           what vSphere HA hears of the application in this machine\n"
    "  toolboxctl rpc TEXT      send TEXT to the host, such as 'info-get guestinfo.ip'\n"
    "  toolboxctl guestinfo get NAME | set NAME [VALUE] | delete NAME | list-known\n"
    "                           the variables that the host keeps; without VALUE, standard input\n"
    "  toolboxctl namespace get NAMESPACE KEY | set NAMESPACE KEY [VALUE]\n"
    "                           the same in a namespace of the host\n"
    "  toolboxctl wait          return when the host has accepted the guest, or what --for says\n"
    "  toolboxctl connect SERVICE   offer your own hgfsd or vixd on a private socket, for grpcurl\n"
    "  toolboxctl modes PATH    check that only root can change PATH and the files in it\n"
    "  toolboxctl power-scripts EVENT   run the scripts of a power event, for its unit\n"
    "  toolboxctl snapshot plan   show what a quiesced snapshot freezes, and what not and why\n"
    "  toolboxctl snapshot test   freeze it for a moment, and show how long that took\n"
    "  toolboxctl snapshot-scripts EVENT   run the scripts of a snapshot: freeze, thaw, "
    "freezeFail\n"
    "  toolboxctl time status   show how far the clock is from the host's, and what is done about "
    "it\n"
    "  toolboxctl customization status   show who would customize a clone, and the last time\n"
    "  toolboxctl customization-scripts   run the scripts of a customization, for its unit\n"
    "  toolboxctl help          this text; 'toolboxctl version' prints the version";

using Arguments = std::vector<std::string>;

TransportClient Client() { return TransportClient(absl::GetFlag(FLAGS_control)); }

int Status(const Arguments&) {
  TransportClient client = Client();
  return Show<v1::TransportStatus>(
      ShowOptionsFromFlags(), {.fetch = [&client] { return client.GetStatus(); },
                               .text =
                                   [](const v1::TransportStatus& status, const Terminal& terminal) {
                                     return StatusText(status, absl::LocalTimeZone(), terminal);
                                   }});
}

// The output is vmware-rpctool's, so that scripts can use either.
int Rpc(const Arguments& arguments) {
  const absl::StatusOr<v1::SendRpciReply> reply = Client().SendRpci(arguments[0]);
  if (!reply.ok()) return Fail(reply.status().message());
  if (!reply->success()) return Fail(reply->data());
  const std::string data =
      isatty(STDOUT_FILENO) ? PrintableLines(reply->data()) : std::string(reply->data());
  return Print(absl::StrCat(data, "\n"));
}

SendToHost ToHost() {
  return [](const std::string& request) { return Client().SendRpci(request); };
}

int GuestInfoVerb(const Arguments& arguments) { return GuestInfoMain(arguments, ToHost()); }

int SelfTest(const Arguments&) { return SelfTestMain(); }
int SupportBundle(const Arguments&) { return SupportBundleMain(); }
// For toolboxd-support-bundle.service.
int HostSupportBundle(const Arguments&) { return HostSupportBundleMain(ToHost()); }

int Log(const Arguments& arguments) { return LogMain(arguments[0], ToHost()); }
int AppMonitor(const Arguments& arguments) { return AppMonitorMain(arguments, ToHost()); }

int NamespaceVerb(const Arguments& arguments) {
  return NamespaceMain(arguments, absl::GetFlag(FLAGS_if_value), ToHost());
}

int Wait(const Arguments&) { return WaitMain(); }

int Nics(const Arguments&) { return ReportedMain("nics"); }
int Disks(const Arguments&) { return ReportedMain("disks"); }
int Info(const Arguments&) { return ReportedMain("info"); }

int Sessions(const Arguments&) { return SessionsMain(); }
int Programs(const Arguments&) { return ProgramsMain(); }
int Transfers(const Arguments&) { return TransfersMain(); }

int Trace(const Arguments&) { return TraceMain(); }
int Stat(const Arguments&) { return StatMain(); }
int Metrics(const Arguments&) { return MetricsMain(); }

int Audit(const Arguments&) {
  return AuditMain({.since = absl::GetFlag(FLAGS_since),
                    .user = absl::GetFlag(FLAGS_user),
                    .json = ShowOptionsFromFlags().json});
}

// Where transportd's control socket is, with the slash: that of deploy/run, or the package's.
std::string ControlFolder() {
  const std::string control = absl::GetFlag(FLAGS_control);
  return control.substr(0, control.rfind('/') + 1);
}

int ConnectVerb(const Arguments& arguments) {
  ConnectOptions options = {arguments[0], absl::GetFlag(FLAGS_user),
                            absl::GetFlag(FLAGS_session_socket)};
  const std::string folder = ControlFolder();
  if (options.session_socket.empty() && folder != "/run/toolboxd/") {
    options.session_socket = absl::StrCat(folder, arguments[0], "-login.sock");
  }
  return ConnectMain(options);
}

// A socket's flag, or where it is by default.
std::string SocketOf(const std::string& flag, absl::string_view name) {
  return flag.empty() ? absl::StrCat(ControlFolder(), name) : flag;
}

int SnapshotVerb(const Arguments& arguments) {
  return SnapshotMain(
      {arguments[0], SocketOf(absl::GetFlag(FLAGS_snapshot_socket), "snapshotd.sock"),
       absl::GetFlag(FLAGS_control), absl::GetFlag(FLAGS_hold).time, absl::GetFlag(FLAGS_scripts)});
}

// Without a connection: the unit toolboxd-power-hook@.service runs it before its scripts.
int Modes(const Arguments& arguments) {
  const absl::Status status = CheckStrictModesOfAll(arguments[0]);
  return status.ok() ? 0 : Fail(status.message());
}

int CustomizationVerb(const Arguments& arguments) {
  return CustomizationMain(
      {arguments[0], SocketOf(absl::GetFlag(FLAGS_deploy_socket), "deployd.sock")});
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

// For toolboxd-power-hook@.service.
int PowerScripts(const Arguments& arguments) {
  const absl::Status status = RunPowerScripts({}, arguments[0], StopOnTerm());
  return status.ok() ? 0 : Fail(status.message());
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
    {"nics", 0, Nics},
    {"disks", 0, Disks},
    {"info", 0, Info},
    {"sessions", 0, Sessions},
    {"programs", 0, Programs},
    {"transfers", 0, Transfers},
    {"audit", 0, Audit},
    {"metrics", 0, Metrics},
    {"trace", 0, Trace},
    {"stat", 0, Stat},
    {"policy", kAny, PolicyMain},
    {"self-test", 0, SelfTest},
    {"support-bundle", 0, SupportBundle},
    {"host-support-bundle", 0, HostSupportBundle},
    {"log", 1, Log},
    {"app-monitor", kAny, AppMonitor},
    {"rpc", 1, Rpc},
    {"guestinfo", kAny, GuestInfoVerb},
    {"namespace", kAny, NamespaceVerb},
    {"wait", 0, Wait},
    {"connect", 1, ConnectVerb},
    {"modes", 1, Modes},
    {"power-scripts", 1, PowerScripts},
    {"snapshot", 1, SnapshotVerb},
    {"snapshot-scripts", 1, SnapshotScripts},
    {"time", 1, TimeVerb},
    {"customization", 1, CustomizationVerb},
    {"customization-scripts", 0, CustomizeScripts},
};

int PrintVersion(const Program& program) {
  return Print(absl::StrCat(program.name, " (toolboxd) ", kVersion, "\n"));
}

int RunVerb(const Program& program, const CommandLine& line) {
  const Arguments& words = line.arguments;
  if (words.empty()) return Usage("no command");
  if (words[0] == "help") return Print(HelpText(program));
  if (words[0] == "version") return PrintVersion(program);
  const Arguments arguments(words.begin() + 1, words.end());
  for (const Verb& verb : kVerbs) {
    if (words[0] != verb.name) continue;
    const absl::Status flags = CheckVerbFlags(words, line.flags);
    if (!flags.ok()) return Usage(flags.message());
    if (verb.arguments == kAny || arguments.size() == verb.arguments) return verb.run(arguments);
    return Usage(absl::StrCat(
        "'", words[0], "' takes ", verb.arguments == 0 ? "no" : absl::StrCat(verb.arguments),
        verb.arguments == 1 ? " argument" : " arguments", ", not ", arguments.size()));
  }
  return Usage(absl::StrCat("unknown command '", words[0], "'"));
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
  if (!line.ok()) return Usage(line.status().message());
  if (line->help) return Print(HelpText(program));
  if (line->version) return PrintVersion(program);
  UseSteadyWaits();
  RouteGrpcLog();
  InstallQuietEngine();
  return RunVerb(program, *line);
}

}  // namespace toolboxd
