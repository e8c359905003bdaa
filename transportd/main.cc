// SPDX-License-Identifier: Apache-2.0

// transportd: the channels to the hypervisor, and the answers to what comes over them.

#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "base/log.h"
#include "base/steady_time.h"
#include "daemon/init.h"
#include "daemon/listen_fds.h"
#include "daemon/listener.h"
#include "daemon/peer.h"
#include "daemon/poll_strategy.h"
#include "daemon/sd_notify.h"
#include "daemon/server.h"
#include "transportd/backdoor/detect.h"
#include "transportd/backdoor/port.h"
#include "transportd/clock_client.h"
#include "transportd/deploy_client.h"
#include "transportd/guest_channel.h"
#include "transportd/guest_info/publisher.h"
#include "transportd/guest_info_watcher.h"
#include "transportd/guest_operation_flags.h"
#include "transportd/guest_operations/guest_operations.h"
#include "transportd/host_channels.h"
#include "transportd/host_time/once_per_boot.h"
#include "transportd/host_time/sample.h"
#include "transportd/host_time/time_sync.h"
#include "transportd/policy/login_check.h"
#include "transportd/policy/policy_store.h"
#include "transportd/power_client.h"
#include "transportd/quiesce_client.h"
#include "transportd/routes/customization.h"
#include "transportd/routes/extension_route.h"
#include "transportd/routes/host_notes.h"
#include "transportd/routes/options.h"
#include "transportd/routes/power.h"
#include "transportd/routes/registration.h"
#include "transportd/routes/snapshot.h"
#include "transportd/routes/support.h"
#include "transportd/routes/sync_driver.h"
#include "transportd/routes/time.h"
#include "transportd/rpc/rpci.h"
#include "transportd/rpc_socket.h"
#include "transportd/snapshot/event_sender.h"
#include "transportd/status_board.h"
#include "transportd/stop_signals.h"
#include "transportd/task_queue.h"
#include "transportd/trace/trace_hub.h"
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

// How long start-up waits for the host's first answer before the service reports that it is ready.
constexpr absl::Duration kStartPatience = absl::Seconds(1);
// A host requests the capabilities right after its reset, and only once. If its request was lost,
// they are sent after this time.
constexpr absl::Duration kRegistrationPatience = absl::Seconds(10);
// The longest a healthy channel thread stays in one round: above every call's deadline.
constexpr absl::Duration kRoundPatience = absl::Minutes(1);

// How often idle sessions, transfers and functions are looked for.
constexpr absl::Duration kMaintenanceInterval = absl::Seconds(10);

// How long the end of this process may wait for the thaw of a snapshot that runs.
constexpr absl::Duration kThawAtEnd = absl::Seconds(5);

absl::StatusOr<host_time::TimeSync::Mode> TimeSyncMode() {
  const std::string mode = absl::GetFlag(FLAGS_time_sync);
  if (mode == "host") return v1::TimeStatus::HOST;
  if (mode == "once") return v1::TimeStatus::ONCE;
  if (mode == "off") return v1::TimeStatus::OFF;
  return absl::InvalidArgumentError(
      absl::StrCat("--time_sync: '", mode, "' is not host, once or off"));
}

// Everything that the channel's thread runs, and the threads that post to it.
class Transport {
 public:
  Transport(const Ways& ways, const std::string& runtime_dir, host_time::TimeSync::Mode time_sync)
      : host_channels_(ways),
        channel_(host_channels_.rpci(), host_channels_.tclo(), &router_, &queue_, &board_, &trace_),
        publisher_(RepeatLost(channel_.rpci())),
        notes_(channel_.rpci()),
        power_client_(absl::StrCat(runtime_dir, "/powerd.sock"), &queue_, &board_),
        power_(RepeatLost(channel_.rpci()),
               [this](PowerState state, bool hooks, HooksFinished finished) {
                 return power_client_.Begin(state, hooks, std::move(finished));
               }),
        guest_operations_(SocketOpener(absl::StrCat(runtime_dir, "/hgfsd.sock"),
                                       absl::StrCat(runtime_dir, "/vixd.sock")),
                          GuestOperationsFromFlags(&queue_)),
        quiesce_client_(absl::StrCat(runtime_dir, "/snapshotd.sock"), &queue_, &board_,
                        [this](QuiesceClient::Standstill standstill) { StandStill(standstill); }),
        snapshot_events_(
            channel_.rpci(),
            [this](absl::Time time, std::function<void()> task) {
              keep_alive_queue_.PostAt(time, std::move(task));
            },
            [this] { queue_.Post([this] { snapshots_.OnKeepAliveRefused(); }); }),
        snapshots_(&quiesce_client_, &snapshot_events_),
        sync_driver_(&quiesce_client_,
                     [this](absl::Time time, std::function<void()> task) {
                       queue_.PostAt(time, std::move(task));
                     }),
        deploy_client_(absl::StrCat(runtime_dir, "/deployd.sock"), &queue_, &board_),
        customization_(channel_.rpci(), &deploy_client_,
                       [this] { return guest_operations_.standstill(); }),
        clock_client_(absl::StrCat(runtime_dir, "/clockd.sock"), &queue_, &board_),
        time_startup_(absl::StrCat(runtime_dir, "/transport/tools-startup")),
        time_sync_(time_sync, TimeSyncWith(ways.port)),
        support_(absl::GetFlag(FLAGS_support_request),
                 {.send = channel_.rpci(), .now = SteadyNow, .at = Later()}),
        service_(&board_, &guest_operations_.statistics(), &queue_, channel_.rpci(), Views()),
        guest_info_socket_(absl::StrCat(runtime_dir, "/guestinfod.sock")) {
    AddRegistrationRoutes(router_, RepeatLost(channel_.rpci()),
                          {.on_reset = [this] { OnReset(); },
                           .on_registered = [this](bool accepted) { OnRegistered(accepted); }});
    AddOptionRoutes(
        router_,
        {.broadcast_ip = [this](bool on) { return publisher_.BroadcastIp(on); },
         .tool_scripts = [this](absl::string_view option,
                                bool on) { return power_.SetToolScripts(option, on); },
         .time = [this](absl::string_view option,
                        absl::string_view value) { time_sync_.SetOption(option, value); }});
    power_.AddTo(router_);
    AddGuestOperationRoutes(router_, guest_operations_);
    snapshots_.AddTo(router_);
    sync_driver_.AddTo(router_);
    customization_.AddTo(router_);
    AddTimeRoutes(router_, &time_sync_);
    support_.AddTo(router_);
    guest_operations_.SetOnUse([this] { MaintainLater(); });
    guest_operations_.SetInbox([this] { return deploy_client_.inbox(); });
    deploy_client_.set_on_inbox_closed([this] { guest_operations_.CloseInboxFiles(); });
    AddExtensionRoute(router_, &guest_operations_.extensions(),
                      [this] { return guest_operations_.standstill(); });
    channel_.set_on_broken([this] { OnHostLost(); });
    host_channels_.set_on_change([this] { channel_.OnTransportChanged(); });
    host_channels_.set_may_change([this] { return !guest_operations_.standstill(); });
    // Called by any thread.
    board_.set_on_fault([this](const std::string& text) {
      queue_.Post([this, text] { notes_.Say(text, SteadyNow()); });
    });
    ShowHost(*ways.port);
    ShowConfiguration();
  }

  host_time::TimeSyncParts TimeSyncWith(backdoor::Port* port) {
    return {.sample = [port] { return host_time::TakeSample(*port); },
            .stop_catch_up = [port] { host_time::StopCatchUp(*port); },
            .setter = &clock_client_,
            .startup = &time_startup_,
            .now = SteadyNow,
            .at = Later(),
            .standstill = [this] { return guest_operations_.standstill(); }};
  }

  std::function<void(absl::Time time, std::function<void()> task)> Later() {
    return [this](absl::Time time, std::function<void()> task) {
      queue_.PostAt(time, std::move(task));
    };
  }

  // Starts the threads. Returns when the first attempt to reach the host is over.
  void Start() {
    absl::Notification started;
    channel_.set_on_started([&started] { started.Notify(); });
    channel_thread_ = std::thread([this] { channel_.Run(); });
    keep_alive_thread_ =
        std::thread([this] { keep_alive_queue_.RunUntil(absl::InfiniteFuture()); });
    watcher_ = std::make_unique<GuestInfoWatcher>(
        guest_info_socket_, &queue_, &board_, [this](const v1::GuestInfoSnapshot& snapshot) {
          guest_operations_.SetOperatingSystem(snapshot.operating_system());
          Report(publisher_.Update(snapshot));
          board_.SetReportedAddress(publisher_.ReportedAddress());
          channel_.TrimMemoryLater();
        });
    started.WaitForNotificationWithTimeout(kStartPatience);
  }

  // Ends the channel's thread first: no other thread then waits for it.
  void Stop() {
    queue_.Stop();
    channel_thread_.join();
    // From now on this thread is the channel's.
    notes_.Say("toolboxd stops", SteadyNow());
    snapshots_.Stop(kThawAtEnd);
    keep_alive_queue_.Stop();
    keep_alive_thread_.join();
    watcher_.reset();
  }

  // Reads the policy and routes.d again. Thread-safe.
  void Reload() {
    queue_.Post([this] {
      guest_operations_.Reload();
      ShowConfiguration();
      channel_.TrimMemoryLater();
    });
  }

  // For the watchdog. The host hears of a change from a thread that does not hang.
  bool Alive() {
    const bool alive = channel_.Alive(kRoundPatience);
    if (alive != healthy_.exchange(alive)) {
      keep_alive_queue_.Post([send = channel_.rpci(), alive] {
        (void)send(alive ? "update.tools.health normal" : "update.tools.health hung");
      });
    }
    return alive;
  }
  TransportService* service() { return &service_; }
  TransportReaders* readers() { return &readers_; }
  // Ends the calls that trace. Thread-safe.
  void EndTraces() { trace_.Close(); }
  RpciSend rpci() { return channel_.rpci(); }

 private:
  ChannelViews Views() {
    return {.reported = [this] { return publisher_.Describe(); },
            .sessions = [this] { return guest_operations_.DescribeSessions(); },
            .programs = [this] { return guest_operations_.DescribePrograms(); },
            .transfers = [this] { return guest_operations_.DescribeTransfers(); },
            .policy = [this] { return guest_operations_.policy(); },
            .numbers = [this] { return guest_operations_.CountLive(); },
            .time = [this] { return time_sync_.Status(); },
            .clock = [this] { return clock_client_.GetStatus(); },
            .standstill = {.begin = [this] { StandStill(QuiesceClient::Standstill::kBegins); },
                           .end = [this] { StandStill(QuiesceClient::Standstill::kEnds); }},
            .trace = &trace_};
  }

  void ShowHost(backdoor::Port& port) {
    const backdoor::HostDescription host = backdoor::DescribeHost(port);
    v1::Host shown;
    shown.set_product(host.product);
    shown.set_hardware_version(host.hardware_version);
    board_.SetHost(std::move(shown));
  }

  void ShowConfiguration() {
    board_.SetConfiguration(guest_operations_.policy_state(), guest_operations_.routes_state());
    board_.SetExtensions(guest_operations_.DescribeExtensions());
  }

  void OnReset() {
    channel_.OnHostReset();
    OnHostLost();
    snapshot_events_.Resume();
    board_.Count("resets");
    board_.SetRegistered(false);
    publisher_.Forget();
    notes_.OnReset();
    // Before the answer, so that the host shows the addresses at once.
    Report(publisher_.PushNics());
    board_.SetReportedAddress(publisher_.ReportedAddress());
    ++reset_;
    registration_seen_ = false;
    queue_.PostAt(SteadyNow() + kRegistrationPatience, [this, reset = reset_] {
      if (reset == reset_ && !registration_seen_) router_.Dispatch("Capabilities_Register");
    });
  }

  void OnRegistered(bool accepted) {
    registration_seen_ = true;
    Report(publisher_.Publish());
    board_.SetReportedAddress(publisher_.ReportedAddress());
    // Whoever waits for the state finds it in the log.
    if (accepted) LogTextLimited(LogLevel::kNotice, "registered", "registered with the host");
    board_.SetRegistered(accepted);
    SdNotify(accepted ? "STATUS=Registered with the host" : "STATUS=The host refuses the guest");
    notes_.OnRegistered(SteadyNow());
  }

  // Nothing stays frozen for a host that does not know of it.
  void OnHostLost() {
    snapshots_.OnHostLost();
    sync_driver_.OnHostLost();
  }

  // While file systems may be frozen, nothing here may wait for one: not for the journal either.
  // The host's snapshot and an administrator's trial may overlap.
  void StandStill(QuiesceClient::Standstill standstill) {
    if (standstill == QuiesceClient::Standstill::kBegins) {
      if (standstills_++ > 0) return;
      guest_operations_.BeginStandstill();
      HoldLog();
    } else {
      if (--standstills_ > 0) return;
      ReleaseLog();
      guest_operations_.EndStandstill();
      time_sync_.EndStandstill();
    }
  }

  // Nothing wakes an idle guest for it.
  void MaintainLater() {
    if (std::exchange(maintaining_, true)) return;
    queue_.PostAt(SteadyNow() + kMaintenanceInterval, [this] {
      maintaining_ = false;
      guest_operations_.Maintain();
      if (guest_operations_.NeedsMaintenance()) MaintainLater();
    });
  }

  void Report(const absl::Status& status) {
    if (status.ok()) return;
    LogLimited("guest information",
               "guest information was not sent to the host: ", status.message());
  }

  StatusBoard board_;
  TaskQueue queue_;
  Router router_;
  trace::TraceHub trace_;
  HostChannels host_channels_;
  GuestChannel channel_;
  guest_info::Publisher publisher_;
  HostNotes notes_;
  PowerClient power_client_;
  PowerRoutes power_;
  GuestOperations guest_operations_;
  QuiesceClient quiesce_client_;
  // A thread for keepAlive alone: the channel's may be in a call to a service.
  TaskQueue keep_alive_queue_;
  snapshot::EventSender snapshot_events_;
  SnapshotRoutes snapshots_;
  SyncDriverRoutes sync_driver_;
  DeployClient deploy_client_;
  CustomizationRoutes customization_;
  ClockClient clock_client_;
  host_time::OncePerBoot time_startup_;
  host_time::TimeSync time_sync_;
  SupportRoutes support_;
  TransportService service_;
  TransportReaders readers_{&service_};
  const std::string guest_info_socket_;
  // The number of resets, and whether capabilities were sent since the last one.
  int reset_ = 0;
  bool registration_seen_ = false;
  // Begun and not ended.
  int standstills_ = 0;
  // A task of MaintainLater() waits.
  bool maintaining_ = false;
  std::atomic<bool> healthy_{true};
  std::thread channel_thread_;
  std::thread keep_alive_thread_;
  std::unique_ptr<GuestInfoWatcher> watcher_;
};

absl::Status Serve(const Ways& ways, host_time::TimeSync::Mode time_sync) {
  const std::string runtime_dir = absl::GetFlag(FLAGS_runtime_dir);
  absl::StatusOr<ServerOptions> options =
      ServerOptionsFromFlags({.socket = absl::StrCat(runtime_dir, "/transportd.sock"),
                              .listener_name = "transportd",
                              .allow = "@toolboxd"});
  if (!options.ok()) return options.status();
  // Before any thread starts: all of them inherit the blocked signals.
  StopSignals signals;
  Transport transport(ways, runtime_dir, time_sync);
  options->services = {{v1::Transport::service_full_name(), transport.service()}};
  options->limited.emplace();
  options->limited->services = {{v1::Transport::service_full_name(), transport.readers()}};
  options->limited->full.AllowUser(geteuid());
  options->on_stop = [&transport] { transport.EndTraces(); };
  options->alive = [&transport] { return transport.Alive(); };
  options->handle_signals = false;
  absl::StatusOr<std::vector<InheritedSocket>> inherited = TakeListenFds();
  if (!inherited.ok()) return inherited.status();
  absl::StatusOr<Listener> rpc_listener = RpcSocket::OpenListener(options->listener, *inherited);
  options->inherited = *std::move(inherited);
  const AllowedCallers callers = options->allowed;
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
