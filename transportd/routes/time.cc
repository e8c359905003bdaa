// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/time.h"

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace toolboxd {
namespace {

TcloReply Synchronize(host_time::TimeSync& sync, absl::string_view arguments) {
  absl::ConsumeSuffix(&arguments, absl::string_view("\0", 1));
  // As vmtoolsd: only 1 permits going back.
  const auto direction =
      arguments == "1" ? host_time::Direction::kEither : host_time::Direction::kForward;
  if (sync.Synchronize(direction, v1::HOST_REQUEST).ok()) return TcloReply::Ok();
  return TcloReply::Error("Unable to sync time");
}

}  // namespace

void AddTimeRoutes(Router& router, host_time::TimeSync* sync) {
  router.Add("Time_Synchronize",
             [sync](absl::string_view arguments) { return Synchronize(*sync, arguments); });
  // Of a feature that vmtoolsd has off by default.
  router.Add("TimeInfo_Update",
             [](absl::string_view) { return TcloReply::Error("TimeInfo not enabled"); });
}

}  // namespace toolboxd
