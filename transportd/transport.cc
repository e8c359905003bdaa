// SPDX-License-Identifier: Apache-2.0

#include "transportd/transport.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "base/log.h"
#include "base/steady_time.h"
#include "daemon/sd_notify.h"
#include "transportd/backdoor/detect.h"
#include "transportd/guest_operation_flags.h"
#include "transportd/host_time/sample.h"
#include "transportd/routes/extension_route.h"
#include "transportd/routes/options.h"
#include "transportd/routes/registration.h"
#include "transportd/routes/time.h"

namespace toolboxd {
namespace {

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

}  // namespace

Transport::Transport(const Ways& ways, TransportOptions options)
    : host_channels_(ways),
      channel_(host_channels_.rpci(), host_channels_.tclo(), &router_, &queue_, &board_, &trace_),
      publisher_(RepeatLost(channel_.rpci())),
      notes_(channel_.rpci()),
      power_client_(absl::StrCat(options.runtime_dir, "/powerd.sock"), &queue_, &board_),
      power_(RepeatLost(channel_.rpci()),
             [this](PowerState state, bool hooks, HooksFinished finished) {
               return power_client_.Begin(state, hooks, std::move(finished));
             }),
      guest_operations_(std::move(options.sessions), GuestOperationsFromFlags(&queue_)),
      quiesce_client_(absl::StrCat(options.runtime_dir, "/snapshotd.sock"), &queue_, &board_,
                      [this](QuiesceClient::Standstill standstill) { StandStill(standstill); }),
      snapshot_events_(
          channel_.rpci(),
          [this](absl::Time time, std::function<void()> task) {
            keep_alive_queue_.PostAt(time, std::move(task));
          },
          [this] { queue_.Post([this] { snapshots_.OnKeepAliveRefused(); }); }),
      snapshots_(&quiesce_client_, &snapshot_events_),
      sync_driver_(&quiesce_client_, Later()),
      deploy_client_(absl::StrCat(options.runtime_dir, "/deployd.sock"), &queue_, &board_),
      customization_(channel_.rpci(), &deploy_client_,
                     [this] { return guest_operations_.standstill(); }),
      clock_client_(absl::StrCat(options.runtime_dir, "/clockd.sock"), &queue_, &board_),
      time_startup_(absl::StrCat(options.runtime_dir, "/transport/tools-startup")),
      time_sync_(options.time_sync, TimeSyncWith(ways.port)),
      support_(std::move(options.support_request),
               {.send = channel_.rpci(), .now = SteadyNow, .at = Later()}),
      guest_info_socket_(absl::StrCat(options.runtime_dir, "/guestinfod.sock")) {
  AddRoutes();
  Connect();
  ShowHost(*ways.port);
  ShowConfiguration();
}

void Transport::AddRoutes() {
  AddRegistrationRoutes(router_, RepeatLost(channel_.rpci()),
                        {.on_reset = [this] { OnReset(); },
                         .on_registered = [this](bool accepted) { OnRegistered(accepted); }});
  AddOptionRoutes(
      router_, {.broadcast_ip = [this](bool on) { return publisher_.BroadcastIp(on); },
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
  AddExtensionRoute(router_, &guest_operations_.extensions(),
                    [this] { return guest_operations_.standstill(); });
}

// The parts with each other.
void Transport::Connect() {
  guest_operations_.SetOnUse([this] { MaintainLater(); });
  guest_operations_.SetInbox([this] { return deploy_client_.inbox(); });
  deploy_client_.set_on_inbox_closed([this] { guest_operations_.CloseInboxFiles(); });
  channel_.set_on_broken([this] { OnHostLost(); });
  host_channels_.set_on_change([this] { channel_.OnTransportChanged(); });
  host_channels_.set_may_change([this] { return !guest_operations_.standstill(); });
  // Called by any thread.
  board_.set_on_fault([this](const std::string& text) {
    queue_.Post([this, text] { notes_.Say(text, SteadyNow()); });
  });
}

host_time::TimeSyncParts Transport::TimeSyncWith(backdoor::Port* port) {
  return {.sample = [port] { return host_time::TakeSample(*port); },
          .stop_catch_up = [port] { host_time::StopCatchUp(*port); },
          .setter = &clock_client_,
          .startup = &time_startup_,
          .now = SteadyNow,
          .at = Later(),
          .standstill = [this] { return guest_operations_.standstill(); }};
}

std::function<void(absl::Time time, std::function<void()> task)> Transport::Later() {
  return
      [this](absl::Time time, std::function<void()> task) { queue_.PostAt(time, std::move(task)); };
}

void Transport::Start() {
  // Shared: the attempt may end after this function.
  const auto started = std::make_shared<absl::Notification>();
  channel_.set_on_started([started] { started->Notify(); });
  channel_thread_ = std::thread([this] { channel_.Run(); });
  keep_alive_thread_ = std::thread([this] { keep_alive_queue_.RunUntil(absl::InfiniteFuture()); });
  watcher_ = std::make_unique<GuestInfoWatcher>(
      guest_info_socket_, &queue_, &board_, [this](const v1::GuestInfoSnapshot& snapshot) {
        guest_operations_.SetOperatingSystem(snapshot.operating_system());
        Report(publisher_.Update(snapshot));
        board_.SetReportedAddress(publisher_.ReportedAddress());
        channel_.TrimMemoryLater();
      });
  started->WaitForNotificationWithTimeout(kStartPatience);
}

void Transport::Stop() {
  queue_.Stop();
  channel_thread_.join();
  // From now on this thread is the channel's.
  notes_.Say("toolboxd stops", SteadyNow());
  snapshots_.Stop(kThawAtEnd);
  keep_alive_queue_.Stop();
  keep_alive_thread_.join();
  watcher_.reset();
}

void Transport::Reload() {
  queue_.Post([this] {
    guest_operations_.Reload();
    ShowConfiguration();
    channel_.TrimMemoryLater();
  });
}

bool Transport::Alive() {
  const bool alive = channel_.Alive(kRoundPatience);
  if (alive != healthy_.exchange(alive)) {
    keep_alive_queue_.Post([send = channel_.rpci(), alive] {
      (void)send(alive ? "update.tools.health normal" : "update.tools.health hung");
    });
  }
  return alive;
}

ChannelViews Transport::Views() {
  return {
      .reported = [this] { return publisher_.Describe(); },
      .sessions = [this] { return guest_operations_.DescribeSessions(); },
      .programs = [this] { return guest_operations_.DescribePrograms(); },
      .transfers = [this] { return guest_operations_.DescribeTransfers(); },
      .policy = [this] { return guest_operations_.policy(); },
      .numbers = [this] { return guest_operations_.CountLive(); },
      .time = [this] { return time_sync_.Status(); },
      .clock = [this](grpc::ClientContext& context) { return clock_client_.GetStatus(context); },
      .standstill = {.begin = [this] { StandStill(QuiesceClient::Standstill::kBegins); },
                     .end = [this] { StandStill(QuiesceClient::Standstill::kEnds); }},
      .trace = &trace_};
}

void Transport::ShowHost(backdoor::Port& port) {
  const backdoor::HostDescription host = backdoor::DescribeHost(port);
  v1::Host shown;
  shown.set_product(host.product);
  shown.set_hardware_version(host.hardware_version);
  board_.SetHost(std::move(shown));
}

void Transport::ShowConfiguration() {
  board_.SetConfiguration(guest_operations_.policy_state(), guest_operations_.routes_state());
  board_.SetExtensions(guest_operations_.DescribeExtensions());
}

void Transport::OnReset() {
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

void Transport::OnRegistered(bool accepted) {
  registration_seen_ = true;
  Report(publisher_.Publish());
  board_.SetReportedAddress(publisher_.ReportedAddress());
  // Whoever waits for the state finds it in the log.
  if (accepted) LogTextLimited(LogLevel::kNotice, "registered", "registered with the host");
  board_.SetRegistered(accepted);
  SdNotify(accepted ? "STATUS=Registered with the host" : "STATUS=The host refuses the guest");
  notes_.OnRegistered(SteadyNow());
}

void Transport::OnHostLost() {
  snapshots_.OnHostLost();
  sync_driver_.OnHostLost();
}

void Transport::StandStill(QuiesceClient::Standstill standstill) {
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

void Transport::MaintainLater() {
  if (std::exchange(maintaining_, true)) return;
  queue_.PostAt(SteadyNow() + kMaintenanceInterval, [this] {
    maintaining_ = false;
    guest_operations_.Maintain();
    if (guest_operations_.NeedsMaintenance()) MaintainLater();
  });
}

void Transport::Report(const absl::Status& status) {
  if (status.ok()) return;
  LogLimited("guest information", "guest information was not sent to the host: ", status.message());
}

}  // namespace toolboxd
