// SPDX-License-Identifier: Apache-2.0

// Keeps the guest's snapshot up to date without polling.

#ifndef TOOLBOXD_GUESTINFOD_COLLECTOR_H_
#define TOOLBOXD_GUESTINFOD_COLLECTOR_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "guestinfod/file_watch.h"
#include "guestinfod/interfaces.h"
#include "guestinfod/netlink.h"
#include "guestinfod/resolved.h"
#include "guestinfod/statfs_client.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

struct CollectorOptions {
  // Prefix of all paths that are read; "" is the system's own. The host name, the network and
  // mount notices are always the system's own.
  std::string root;
  NetworkOptions network;
  // The socket of toolboxd-statfs; empty: disks below closed folders are left out.
  std::string statfs_socket;
  // What systemd-resolved knows of interfaces. Called where that is needed, when its resolv.conf or
  // the network has changed; empty: nothing. Should not block.
  std::function<LinkDns()> read_resolved;
  // How often memory, uptime and free space are read. Infinite: only once.
  absl::Duration interval = absl::Seconds(30);
  // How long changes are gathered before they are reported as one.
  absl::Duration settle = absl::Milliseconds(50);
  // Gets the first snapshot and then each that differs from the one before. Called on the
  // collector's thread (the first time on the starting thread); should not block.
  std::function<void(const v1::GuestInfoSnapshot&)> publish;
  // Called on the collector's thread after a change, when nothing has happened for `quiet_after`.
  // Empty: the thread does not wake for that.
  std::function<void()> on_quiet;
  absl::Duration quiet_after = absl::Seconds(1);
};

// A thread ("collector") that sleeps until the kernel reports a change of links,
// addresses, routes, mounts, the host name, or the files that the resolver and os-release(5)
// consist of, or until the interval has passed.
//
// While changes keep coming they are gathered for longer, up to a second.
class Collector {
 public:
  // Publishes the first snapshot before it returns. An error if the kernel refuses one of
  // the sources.
  static absl::StatusOr<std::unique_ptr<Collector>> Start(CollectorOptions options);

  // Ends the thread.
  ~Collector();

  // Whether the thread has worked on one change for at least `limit`, and so may never finish, as
  // on a file system that does not answer. From any thread.
  bool IsStuck(absl::Duration limit) const;

  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

 private:
  // What may have changed, as bits.
  enum Part : unsigned { kNetwork = 1, kNames = 2, kDisks = 4, kFigures = 8, kAll = 15 };

  explicit Collector(CollectorOptions options, Netlink netlink, FileWatch files);

  absl::Status Open();
  void Run();
  // Waits for something, at most until then; false at the end. Adds to the parts.
  bool Wait(std::optional<absl::Time> until, unsigned& parts);
  // Reads the parts and publishes the snapshot if it differs.
  void Collect(unsigned parts);
  void ReadNetwork();
  void ReadNames();
  void ReadLinkSettings();

  const CollectorOptions options_;
  Netlink netlink_;
  FileWatch files_;
  StatfsClient statfs_;
  UniqueFd host_name_;
  UniqueFd mounts_;
  UniqueFd timer_;
  UniqueFd stop_;

  v1::GuestInfoSnapshot snapshot_;
  // SteadyNow() when the thread began its present work, as Unix nanoseconds; 0 while it waits.
  std::atomic<int64_t> busy_since_ns_{0};
  // The last one published.
  std::string published_;
  std::thread thread_;
};

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_COLLECTOR_H_
