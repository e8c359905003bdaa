// SPDX-License-Identifier: Apache-2.0

// transportd: the channels to the hypervisor, and the answers to what comes over them.

#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "daemon/init.h"
#include "daemon/listen_fds.h"
#include "daemon/listener.h"
#include "daemon/peer.h"
#include "daemon/poll_strategy.h"
#include "daemon/sd_notify.h"
#include "daemon/server.h"
#include "transportd/backdoor/port.h"
#include "transportd/guest_operation_flags.h"
#include "transportd/host_channels.h"
#include "transportd/host_time/time_sync.h"
#include "transportd/policy/login_check.h"
#include "transportd/policy/policy_store.h"
#include "transportd/rpc_socket.h"
#include "transportd/sessions/session_opener.h"
#include "transportd/stop_signals.h"
#include "transportd/transport.h"
#include "transportd/transport_readers.h"
#include "transportd/transport_service.h"
#include "transportd/transportd.h"
#include "transportd/vsock/linux_system.h"

ABSL_FLAG(
    std::string, runtime_dir, "/run/toolboxd",
    "Folder of the services' sockets: guestinfod.sock, powerd.sock, hgfsd.sock, vixd.sock, "
    "snapshotd.sock, deployd.sock, clockd.sock, and transportd.sock, which is served here unless "
    "--socket names another.");
ABSL_FLAG(bool, skip_cpuid_check, false,
          "Try the backdoor even if the processor does not show VMware's name, as under "
          "simulators that cannot change CPUID.");

ABSL_FLAG(
    std::string, transport, "auto",
    "How guest RPC reaches the host: auto: over vsock where the host offers it, else over the "
    "backdoor; vsock or backdoor: that one only.");

ABSL_FLAG(std::string, time_sync, "host",
          "What the host may do about the clock: host: what it asks for; once: steps, and no "
          "periodic synchronization; off: nothing.");

ABSL_FLAG(
    std::string, support_request, "",
    "File that asks a unit for a support bundle when the host wants one; empty: the host gets "
    "an error.");

ABSL_FLAG(std::string, permits_login, "",
          "Only say whether the policy lets this user have a service by 'toolboxctl connect', and "
          "end: 0 if so. session asks that.");

namespace toolboxd {
namespace {

constexpr char kUsage[] =
    "the channels to the VMware hypervisor.\n\n"
    "Registers the guest, answers the host's requests with the help of toolboxd's other\n"
    "services, and passes guest information on. Ends with status 0 where there is no VMware\n"
    "hypervisor.";

absl::StatusOr<host_time::TimeSync::Mode> TimeSyncMode() {
  const std::string mode = absl::GetFlag(FLAGS_time_sync);
  if (mode == "host") return v1::TimeStatus::HOST;
  if (mode == "once") return v1::TimeStatus::ONCE;
  if (mode == "off") return v1::TimeStatus::OFF;
  return absl::InvalidArgumentError(
      absl::StrCat("--time_sync: '", mode, "' is not host, once or off"));
}

absl::Status Serve(const Ways& ways, host_time::TimeSync::Mode time_sync) {
  const std::string runtime_dir = absl::GetFlag(FLAGS_runtime_dir);
  absl::StatusOr<ServerOptions> options =
      ServerOptionsFromFlags({.socket = absl::StrCat(runtime_dir, "/transportd.sock"),
                              .listener_name = "transportd",
                              .allow = "@toolboxd"});
  if (!options.ok()) return options.status();
  // Before any thread starts: all of them inherit the blocked signals.
  StopSignals signals;
  Transport transport(ways, {.runtime_dir = runtime_dir,
                             .sessions = SocketOpener(absl::StrCat(runtime_dir, "/hgfsd.sock"),
                                                      absl::StrCat(runtime_dir, "/vixd.sock")),
                             .time_sync = time_sync,
                             .support_request = absl::GetFlag(FLAGS_support_request)});
  TransportService service(&transport.board(), &transport.statistics(), &transport.queue(),
                           transport.rpci(), transport.Views());
  TransportReaders readers(&service);
  options->services = {{v1::Transport::service_full_name(), &service}};
  options->limited.emplace();
  options->limited->services = {{v1::Transport::service_full_name(), &readers}};
  options->limited->full.AllowUser(geteuid());
  options->on_stop = [&transport] { transport.EndTraces(); };
  options->alive = [&transport] { return transport.Alive(); };
  options->handle_signals = false;
  absl::StatusOr<std::vector<InheritedSocket>> inherited = TakeListenFds();
  if (!inherited.ok()) return inherited.status();
  absl::StatusOr<Listener> rpc_listener = RpcSocket::OpenListener(options->listener, *inherited);
  options->inherited = *std::move(inherited);
  const RpcCallers callers = {options->allowed, options->limited->full};
  // The socket first: it keeps a second transportd from using the channels.
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(*std::move(options));
  if (absl::IsAlreadyExists(server.status())) {
    return absl::AlreadyExistsError(
        absl::StrCat("another transportd is running: ", server.status().message()));
  }
  if (!server.ok()) return server.status();
  transport.Start();
  std::optional<RpcSocket> rpc_socket;
  if (rpc_listener.ok()) {
    rpc_socket.emplace(*std::move(rpc_listener), callers, transport.rpci());
  } else {
    LogWarning("vmware-rpctool has no socket and uses channels of its own: ",
               rpc_listener.status().message());
  }
  signals.OnStop([&server] { (*server)->Stop(); }, [&transport] { transport.Reload(); });
  const absl::Status outcome = (*server)->Run();
  rpc_socket.reset();
  transport.Stop();
  return outcome;
}

}  // namespace

int TransportdMain(int argc, char** argv) {
  UsePollStrategy();
  InitDaemon(argc, argv, "transportd", kUsage);
  if (const std::string user = absl::GetFlag(FLAGS_permits_login); !user.empty()) {
    PolicyStore policy(absl::GetFlag(FLAGS_policy));
    return ExitStatus(CheckLogin(policy, user));
  }
  const absl::StatusOr<host_time::TimeSync::Mode> time_sync = TimeSyncMode();
  if (!time_sync.ok()) return UsageError(time_sync.status());
  const absl::StatusOr<TransportChoice> choice =
      ParseTransportChoice(absl::GetFlag(FLAGS_transport));
  if (!choice.ok()) return UsageError(choice.status());
  backdoor::CpuPort port;
  vsock::LinuxSystem system;
  Ways ways = {&port, &system, *choice};
  const CpuCheck check =
      absl::GetFlag(FLAGS_skip_cpuid_check) ? CpuCheck::kSkipped : CpuCheck::kMade;
  if (const absl::Status vmware = CheckForVmware(check, ways); !vmware.ok()) {
    LogNotice("not a VMware guest, nothing to do: ", vmware.message());
    // systemd takes a unit of type notify for failed if it ends before it is ready.
    SdNotify("READY=1\nSTATUS=Not a VMware guest");
    return 0;
  }
  return ExitStatus(Serve(ways, *time_sync));
}

}  // namespace toolboxd
