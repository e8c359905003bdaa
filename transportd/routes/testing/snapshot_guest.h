// SPDX-License-Identifier: Apache-2.0

// SnapshotGuest: the guest's side of a snapshot in virtual time, without snapshotd.

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_TESTING_SNAPSHOT_GUEST_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_TESTING_SNAPSHOT_GUEST_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "transportd/routes/router.h"
#include "transportd/routes/snapshot.h"
#include "transportd/rpc/testing/rpci_recorder.h"
#include "transportd/snapshot/event_sender.h"
#include "transportd/snapshot/testing/fake_quiescer.h"
#include "transportd/snapshot/testing/virtual_timers.h"

namespace toolboxd {

// "NAME CODE TEXT" as the host gets it.
inline std::string SnapshotEvent(absl::string_view text) {
  return absl::StrCat("vmbackup.eventSet ", text, absl::string_view("\0", 1));
}

struct SnapshotGuest {
  using Lines = std::vector<std::string>;

  SnapshotGuest() { routes.AddTo(router); }

  // The reply to a command, after which its deferred work has run.
  std::string Send(const std::string& request) {
    const TcloReply reply = router.Dispatch(request);
    if (reply.after_reply) reply.after_reply();
    return reply.Encode();
  }
  // The events since the last call.
  Lines Events() { return std::exchange(host.requests, {}); }
  // The steps of snapshotd since the last call.
  Lines Steps() { return std::exchange(quiescer.steps, {}); }

  snapshot::VirtualTimers timers;
  RpciRecorder host;
  snapshot::FakeQuiescer quiescer;
  snapshot::EventSender events{
      host.Send(),
      [this](absl::Time time, std::function<void()> task) { timers.RunAt(time, std::move(task)); },
      [this] { timers.RunAt(timers.now(), [this] { routes.OnKeepAliveRefused(); }); },
      [this] { return timers.now(); }};
  SnapshotRoutes routes{&quiescer, &events};
  Router router;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_TESTING_SNAPSHOT_GUEST_H_
