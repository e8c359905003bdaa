// SPDX-License-Identifier: Apache-2.0

// vmsupport.start: the host asks for a support bundle (docs/protocol/rpc.md 2.7).

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_SUPPORT_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_SUPPORT_H_

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "transportd/routes/router.h"
#include "transportd/rpc/rpci.h"
#include "transportd/rpc/tclo_reply.h"

namespace toolboxd {

struct SupportParts {
  RpciSend send;
  // The steady clock.
  std::function<absl::Time()> now;
  // Runs a task on the channel's thread at a time of that clock.
  std::function<void(absl::Time time, std::function<void()> task)> at;
};

// Has the unit toolboxd-support-bundle.service gather the bundle, and report to the host: this
// process runs no program. The request is an empty file, for which a path unit waits. Not
// thread-safe: used on the channel's thread.
class SupportRoutes {
 public:
  // How long the unit may take to start.
  static constexpr absl::Duration kStartTime = absl::Seconds(30);
  // Between two bundles; a host that asks again before gets an error.
  static constexpr absl::Duration kPause = absl::Minutes(1);

  // `request` is the file; empty: there is no unit, and the host gets an error.
  SupportRoutes(std::string request, SupportParts parts)
      : request_(std::move(request)), parts_(std::move(parts)) {}

  // Must outlive the router.
  void AddTo(Router& router);

 private:
  TcloReply Start();
  void CheckStart();

  const std::string request_;
  const SupportParts parts_;
  absl::Time pause_until_ = absl::InfinitePast();
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_SUPPORT_H_
