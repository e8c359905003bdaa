// SPDX-License-Identifier: Apache-2.0

// Sends the host what it may know about the guest, and remembers what it has accepted.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_PUBLISHER_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_PUBLISHER_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "toolboxd/v1/guest_info.pb.h"
#include "toolboxd/v1/transport.pb.h"
#include "transportd/guest_info/memory_info.h"
#include "transportd/guest_info/messages.h"
#include "transportd/rpc/rpci.h"

namespace toolboxd::guest_info {

// Seven items are sent, each by itself: NICs, DNS name, operating system, guestinfo.ip,
// uptime, disks, memory (docs/protocol/guest-info.md 3.2 to 3.7). For some there are several
// methods, newest first; the one that the host took is used from then on. An item that the host
// refuses does not keep others from being sent. What was refused is not sent again until
// it changes, and after three refusals in a row not before Forget().
//
// A returned error is always the sender's: the channel is gone, and what was not sent
// yet is still to be sent.
//
// Not thread-safe: belongs to the thread that owns the channel.
class Publisher {
 public:
  explicit Publisher(RpciSend send);

  // Takes a complete snapshot and sends what differs from what the host has.
  absl::Status Update(const v1::GuestInfoSnapshot& snapshot);

  // Sends what the host does not have yet; nothing before the first Update.
  absl::Status Publish();

  // The host, or the channel to it, starts again: it has nothing, and every method must be
  // tried again. Sends nothing. The last snapshot is kept.
  void Forget();

  // Sends the interfaces whether or not the host has them: before the answer to "reset".
  absl::Status PushNics();

  // The guest's address, if the host has the interfaces of the last snapshot; otherwise empty.
  std::string ReportedAddress() const;

  // The last snapshot, and what the host has of it.
  v1::ReportedInfo Describe() const;

  // Set_Option broadcastIP. On: sends `info-set guestinfo.ip ADDRESS` and the interfaces
  // now, and the address again when it changes. A guest without an address sends none and
  // succeeds. FailedPrecondition if the host refuses the address.
  absl::Status BroadcastIp(bool on);

 private:
  // In the order in which they are sent.
  enum Item : size_t { kNics, kDnsName, kOs, kIp, kUptime, kDisks, kMemory, kItemCount };

  struct State {
    // Values as of Fingerprint().
    std::optional<std::string> accepted;
    std::optional<std::string> refused;
    // When the last accepted value was accepted; infinitely past before.
    absl::Time accepted_time = absl::InfinitePast();
    // In a row.
    int refusals = 0;
    // Position in the item's list of methods.
    size_t method = 0;
  };

  // What is compared to know that an item changed; nothing if there is nothing to send.
  std::optional<std::string> Fingerprint(Item item) const;

  // The messages for an item of the snapshot, which there is; newest method first.
  std::vector<Method> Methods(Item item) const;
  MemorySample Memory() const;

  // Sends unless the host has the value or keeps refusing it.
  absl::Status PublishItem(Item item);

  // Sends in any case. Whether the host took it is in the item's state.
  absl::Status SendItem(Item item, const std::string& fingerprint);

  // Whether the host took every message.
  absl::StatusOr<bool> SendMethod(Item item, const Method& method);

  RpciSend send_;
  std::optional<v1::GuestInfoSnapshot> snapshot_;
  // The memory of the last accepted message, for rates.
  std::optional<MemorySample> previous_memory_;
  bool broadcast_ip_ = false;
  std::array<State, kItemCount> states_;
};

}  // namespace toolboxd::guest_info

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_PUBLISHER_H_
