// SPDX-License-Identifier: Apache-2.0

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/init.h"
#include "daemon/server.h"
#include "guestinfod/collector.h"
#include "guestinfod/guestinfod.h"
#include "guestinfod/interfaces.h"
#include "guestinfod/resolved.h"
#include "guestinfod/service.h"
#include "guestinfod/snapshot_hub.h"

ABSL_FLAG(std::vector<std::string>, exclude_interfaces,
          toolboxd::guestinfod::DefaultNetworkOptions().excluded,
          "Patterns of network interfaces that are hidden from the host.");
ABSL_FLAG(std::vector<std::string>, last_interfaces,
          toolboxd::guestinfod::DefaultNetworkOptions().last,
          "Patterns of network interfaces that are reported after all others.");
ABSL_FLAG(std::vector<std::string>, preferred_interfaces, {},
          "Patterns of network interfaces that are reported first, in this order, and on which the "
          "primary address is looked for first.");
ABSL_FLAG(std::string, primary_address, "",
          "The address to report as the guest's own, instead of choosing one.");
ABSL_FLAG(absl::Duration, refresh_interval, absl::Seconds(30),
          "How often memory, uptime and free disk space are read; everything else is reported "
          "when it changes.");
ABSL_FLAG(std::string, statfs, "/run/toolboxd/statfs.sock",
          "Socket of toolboxd-statfs, which is asked about disks below folders that are closed to "
          "this user; empty: such disks are not reported.");

namespace toolboxd {
namespace {

// transportd needs one.
constexpr int kMaxWatchers = 8;
// A change is collected in milliseconds. Longer than that, systemd's watchdog takes over.
constexpr absl::Duration kStuck = absl::Seconds(20);
// Both calls of systemd-resolved together take a millisecond.
constexpr absl::Duration kResolvedTimeout = absl::Seconds(1);

guestinfod::LinkDns Resolved() {
  absl::StatusOr<guestinfod::LinkDns> links = guestinfod::ReadResolved(kResolvedTimeout);
  if (links.ok()) return *std::move(links);
  LogLimited("resolved", "name servers of interfaces are unknown: ", links.status().message());
  return guestinfod::LinkDns();
}

absl::StatusOr<guestinfod::CollectorOptions> CollectorOptionsFromFlags() {
  guestinfod::CollectorOptions options;
  options.network.excluded = absl::GetFlag(FLAGS_exclude_interfaces);
  options.network.last = absl::GetFlag(FLAGS_last_interfaces);
  options.network.preferred = absl::GetFlag(FLAGS_preferred_interfaces);
  options.network.primary_address = absl::GetFlag(FLAGS_primary_address);
  const std::string& address = options.network.primary_address;
  if (!address.empty() && !ParseIpAddress(address)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--primary_address: \"", address, "\" is not a valid IP address"));
  }
  options.read_resolved = Resolved;
  options.statfs_socket = absl::GetFlag(FLAGS_statfs);
  options.interval = absl::GetFlag(FLAGS_refresh_interval);
  if (options.interval < absl::Seconds(1)) {
    return absl::InvalidArgumentError("--refresh_interval: must be at least 1s");
  }
  return options;
}

absl::Status Serve() {
  absl::StatusOr<ServerOptions> options =
      ServerOptionsFromFlags({.socket = "/run/toolboxd/guestinfod.sock",
                              .listener_name = "guestinfod",
                              .allow = "toolboxd-transport"});
  if (!options.ok()) return options.status();
  absl::StatusOr<guestinfod::CollectorOptions> collecting = CollectorOptionsFromFlags();
  if (!collecting.ok()) return collecting.status();

  guestinfod::SnapshotHub hub(kMaxWatchers);
  guestinfod::GuestInfoService service(hub);
  options->services = {{v1::GuestInfo::service_full_name(), &service}};
  options->on_stop = [&hub] { hub.Close(); };
  options->on_connection_closed = [&hub] { hub.WakeWatchers(); };
  std::unique_ptr<guestinfod::Collector> running;
  options->alive = [&running] { return running == nullptr || !running->IsStuck(kStuck); };
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(*std::move(options));
  if (!server.ok()) return server.status();

  collecting->publish = [&hub](const v1::GuestInfoSnapshot& snapshot) { hub.Publish(snapshot); };
  // What was read in for a change is not needed until the next one.
  collecting->on_quiet = TrimStartupMemory;
  auto collector = guestinfod::Collector::Start(*std::move(collecting));
  if (!collector.ok()) return collector.status();
  running = *std::move(collector);
  return (*server)->Run();
}

}  // namespace

int GuestinfodMain(int argc, char** argv) {
  InitDaemon(argc, argv, "guestinfod",
             "reports to transportd what the host may know about this guest: its names, network, "
             "disks and memory.");
  return ExitStatus(Serve());
}

}  // namespace toolboxd
