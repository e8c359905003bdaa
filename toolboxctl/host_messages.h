// SPDX-License-Identifier: Apache-2.0

// toolboxctl log and app-monitor: messages to the host that need no more than its answer
// (docs/protocol/rpc.md 2.7).

#ifndef TOOLBOXD_TOOLBOXCTL_HOST_MESSAGES_H_
#define TOOLBOXD_TOOLBOXCTL_HOST_MESSAGES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxctl/guest_variables.h"

namespace toolboxd {

// "log TEXT". InvalidArgument for an empty text, one with control characters, or one of more than
// 400 bytes.
absl::StatusOr<std::string> LogRequest(absl::string_view text);

// The request of "enable", "alive", "disable", "need-reset" or "ok"; InvalidArgument for another
// word.
absl::StatusOr<std::string> AppMonitorRequest(absl::string_view word);

// Why the host did not do it: the meaning of a code of GuestAppMonitor. Empty for 0, success.
std::string AppMonitorFault(absl::string_view code);

// The exit statuses.
int LogMain(const std::string& text, const SendToHost& send);
int AppMonitorMain(const std::vector<std::string>& words, const SendToHost& send);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_HOST_MESSAGES_H_
