// SPDX-License-Identifier: Apache-2.0

// Transport: everything that the channel's thread runs, and the threads that post to it.

#ifndef TOOLBOXD_TRANSPORTD_TRANSPORT_H_
#define TOOLBOXD_TRANSPORTD_TRANSPORT_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "transportd/backdoor/port.h"
#include "transportd/channel_views.h"
#include "transportd/clock_client.h"
#include "transportd/deploy_client.h"
#include "transportd/guest_channel.h"
#include "transportd/guest_info/publisher.h"
#include "transportd/guest_info_watcher.h"
#include "transportd/guest_operations/guest_operations.h"
#include "transportd/host_channels.h"
#include "transportd/host_time/once_per_boot.h"
#include "transportd/host_time/time_sync.h"
#include "transportd/power_client.h"
#include "transportd/quiesce_client.h"
#include "transportd/routes/customization.h"
#include "transportd/routes/host_notes.h"
#include "transportd/routes/power.h"
#include "transportd/routes/router.h"
#include "transportd/routes/snapshot.h"
#include "transportd/routes/support.h"
#include "transportd/routes/sync_driver.h"
#include "transportd/rpc/rpci.h"
#include "transportd/sessions/session_opener.h"
#include "transportd/snapshot/event_sender.h"
#include "transportd/statistics/operation_statistics.h"
#include "transportd/status_board.h"
#include "transportd/task_queue.h"
#include "transportd/trace/trace_hub.h"

namespace toolboxd {

struct TransportOptions {
  // Folder of the services' sockets.
  std::string runtime_dir;
  // How users' processes are reached.
  SessionOpener sessions;
  host_time::TimeSync::Mode time_sync;
  // File that asks a unit for a support bundle; empty: the host gets an error.
  std::string support_request;
};

// What serves the host, from its channels to the clients of the services. Guest operations are
// configured by flags (guest_operation_flags.h). Used by the thread that made it, unless noted.
class Transport {
 public:
  // The pointers of `ways` must outlive the object.
  Transport(const Ways& ways, TransportOptions options);

  // Starts the threads. Returns when the first attempt to reach the host is over.
  void Start();
  // Ends the channel's thread first: no other thread waits for it then. Call it once, after
  // Start().
  void Stop();

  // Reads the policy and routes.d again. Thread-safe.
  void Reload();
  // Whether the threads make progress, for systemd's watchdog. A thread that does not hang reports
  // a change to the host.
  bool Alive();
  // Ends the calls that trace. Thread-safe.
  void EndTraces() { trace_.Close(); }

  // What the control socket shows. All are valid as long as this object.
  ChannelViews Views();
  const StatusBoard& board() const { return board_; }
  const OperationStatistics& statistics() const { return guest_operations_.statistics(); }
  TaskQueue& queue() { return queue_; }
  RpciSend rpci() { return channel_.rpci(); }

 private:
  void AddRoutes();
  void Connect();
  host_time::TimeSyncParts TimeSyncWith(backdoor::Port* port);
  std::function<void(absl::Time time, std::function<void()> task)> Later();

  void ShowHost(backdoor::Port& port);
  void ShowConfiguration();

  void OnReset();
  void OnRegistered(bool accepted);
  // Thaws everything: nothing may stay frozen for a host that does not know of it.
  void OnHostLost();
  // While file systems may be frozen, nothing here may wait for one: not for the journal either.
  // The host's snapshot and an administrator's trial may overlap.
  void StandStill(QuiesceClient::Standstill standstill);
  // Maintains guest operations while they are used; an idle guest is not woken for it.
  void MaintainLater();
  void Report(const absl::Status& status);

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
  const std::string guest_info_socket_;
  // The number of resets, and whether capabilities were sent since the last one.
  int reset_ = 0;
  bool registration_seen_ = false;
  // How many standstills have begun and not ended.
  int standstills_ = 0;
  // Whether a task of MaintainLater() waits.
  bool maintaining_ = false;
  std::atomic<bool> healthy_{true};
  std::thread channel_thread_;
  std::thread keep_alive_thread_;
  std::unique_ptr<GuestInfoWatcher> watcher_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_TRANSPORT_H_
