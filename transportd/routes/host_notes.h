// SPDX-License-Identifier: Apache-2.0

// HostNotes: what the host gets about toolboxd itself, for its log and for inventories
// (docs/protocol/rpc.md 2.7, docs/protocol/guest-info.md 3.1).

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_HOST_NOTES_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_HOST_NOTES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "transportd/rpc/rpci.h"

namespace toolboxd {

// What the host refuses is not repeated before it starts again. Not thread-safe: used on the
// channel's thread.
class HostNotes {
 public:
  // The first lines come at once, later ones at this pace; others are left out.
  static constexpr int kBurst = 5;
  static constexpr absl::Duration kPace = absl::Minutes(1);
  // Bytes of a line.
  static constexpr size_t kMaxLine = 400;

  explicit HostNotes(RpciSend send) : send_(std::move(send)) {}

  // The host has started again.
  void OnReset() { host_takes_lines_ = true; }

  // After a registration: the variables guestinfo.vmtools.*, and for the first one of this process
  // a line with the version.
  void OnRegistered(absl::Time now);

  // A line in the host's log: a start, a stop, a fault. `now` is the steady clock's.
  void Say(absl::string_view text, absl::Time now);

 private:
  // Whether the host took it.
  bool Send(const std::string& request);

  const RpciSend send_;
  bool introduced_ = false;
  bool host_takes_lines_ = true;
  // Lines that may be sent at once, as of a time.
  int allowance_ = kBurst;
  absl::Time counted_ = absl::InfinitePast();
};

// A major.minor.base as VMware's number of a version: major * 1024 + minor * 32 + base. 0 for other
// texts.
int VersionNumber(absl::string_view version);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_HOST_NOTES_H_
