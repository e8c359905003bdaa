// SPDX-License-Identifier: Apache-2.0

// The host's end of guest RPC over vsock: connections to its two ports, each a channel of the Vmx
// (docs/protocol/transport.md 1.6).

#ifndef TOOLBOXD_VMXSIM_VSOCK_HOST_H_
#define TOOLBOXD_VMXSIM_VSOCK_HOST_H_

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "vmxsim/model.h"
#include "vmxsim/vsock_packet.h"
#include "vmxsim/vsock_settings.h"

namespace toolboxd::vmxsim {

// A connection as the guest asks for it.
struct VsockConnect {
  // The host's end of a stream.
  UniqueFd socket;
  uint32_t guest_port = 0;
  uint32_t host_port = 0;
  // When the calling program was started.
  absl::Time exec;
  // Until then the guest waits: it cannot write, because `filler` bytes fill the stream.
  absl::Time due = absl::InfinitePast();
  size_t filler = 0;
  // What it waits for is ECONNRESET.
  bool refused = false;
};

struct VsockCounters {
  std::atomic<uint64_t> connects = 0;
  std::atomic<uint64_t> refused = 0;
  std::atomic<uint64_t> packets_from_guest = 0;
  std::atomic<uint64_t> packets_to_guest = 0;
  std::atomic<uint64_t> pings = 0;
  std::atomic<uint64_t> violations = 0;
};

// Thread-safe. Its lock is never held while the Vmx is called, which calls back with its own.
class VsockHost : public VsockOutlet {
 public:
  // `vmx` must outlive it, and is attached to it.
  VsockHost(Vmx* vmx, const VsockSettings& settings);
  ~VsockHost() override;

  // --- for the guest's calls ---

  // Whether a connect to that address is answered well: 0, or the error number; counted and logged.
  int Admit(uint32_t cid, uint32_t port);
  void Connect(VsockConnect connect);
  // Whether the socket bound to that port waits for its connection.
  bool Connecting(uint32_t guest_port);
  VsockSettings settings();

  // --- for the host's user ---

  // Changes the offer; connections to a port that is no longer offered end.
  absl::Status Offer(absl::string_view mode);
  absl::Status Set(absl::string_view name, absl::string_view value);
  // Ends all connections.
  void Reset();
  // The settings and the connections, a line each.
  std::string Text();
  // Open connections to a port of the host.
  int Connections(uint32_t host_port);
  // Looks for heartbeats that are overdue; call several times a second.
  void Tick();
  const VsockCounters& counters() const { return counters_; }

  // --- of the Vmx ---
  bool Send(int channel, const std::string& message) override;
  void End(int channel) override;

 private:
  struct Outgoing {
    std::string bytes;
    absl::Time due;
    // A message of the Vmx ends with it.
    bool ends_message = true;
  };
  struct Connection : VsockConnect {
    // The Vmx knows it.
    bool open = false;
    std::string incoming;
    std::deque<Outgoing> outgoing;
    absl::Time next_read = absl::InfinitePast();
    absl::Time last_packet = absl::InfiniteFuture();
    // The next message is the last; and: it has been said.
    bool fast_close = false;
    bool ending = false;
  };
  using Shared = std::shared_ptr<Connection>;

  void Run();
  std::vector<pollfd> Waiting(absl::Time* next);
  std::vector<Shared> All();
  void Serve(const Shared& connection);
  // False: it is not, or no longer, one that can be served.
  bool Open(const Shared& connection);
  void Write(const Shared& connection);
  void Read(const Shared& connection);
  void Close(const Shared& connection, bool by_guest);
  void Deliver(const Shared& connection, const VsockPacket& packet);
  // Reads what there is; false at the end of the stream.
  bool Receive(Connection& connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes the next packet of what has been read; NOT_FOUND: it is not complete.
  absl::StatusOr<VsockPacket> Take(Connection& connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Sends what is due; how many messages that ended.
  int Flush(Connection& connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Enqueue(Connection& connection, const std::string& message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsCurrent(const Shared& connection) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Violation(int channel, absl::string_view what);
  void Wake() const;

  Vmx& vmx_;
  const UniqueFd wake_;
  VsockCounters counters_;
  std::atomic<bool> stopping_ = false;
  absl::Mutex mutex_;
  VsockSettings settings_ ABSL_GUARDED_BY(mutex_);
  // By the guest's port.
  std::map<uint32_t, Shared> connections_ ABSL_GUARDED_BY(mutex_);
  // Connections whose port the guest has used again: served to their end first.
  std::deque<Shared> replaced_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_VSOCK_HOST_H_
