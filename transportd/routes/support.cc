// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/support.h"

#include <unistd.h>

#include <utility>

#include "base/log.h"
#include "base/replace_file.h"

namespace toolboxd {
namespace {

constexpr char kNotStarted[] = "Error starting vm-support script";
constexpr char kStatusError[] = "tools.vmsupport.status 10";

}  // namespace

void SupportRoutes::AddTo(Router& router) {
  router.Add("vmsupport.start", [this](absl::string_view) { return Start(); });
}

TcloReply SupportRoutes::Start() {
  if (request_.empty() || parts_.now() < pause_until_) return TcloReply::Error(kNotStarted);
  const absl::Status written = ReplaceFile(request_, "", 0600);
  if (!written.ok()) {
    LogLimited("support bundle", "the host gets no support bundle: ", written.message());
    return TcloReply::Error(kNotStarted);
  }
  LogNotice("the host asked for a support bundle");
  pause_until_ = parts_.now() + kPause;
  parts_.at(parts_.now() + kStartTime, [this] { CheckStart(); });
  return TcloReply::Ok();
}

void SupportRoutes::CheckStart() {
  // The unit removes the request when it starts.
  if (unlink(request_.c_str()) != 0) return;
  LogWarning(
      "the host gets no support bundle: toolboxd-support-bundle.path does not run; "
      "'systemctl start toolboxd-support-bundle.path'");
  (void)parts_.send(kStatusError);
}

}  // namespace toolboxd
