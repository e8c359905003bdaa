// SPDX-License-Identifier: Apache-2.0

// RpciRecorder: the host's side of RPCI, for tests of routes.

#ifndef TOOLBOXD_TRANSPORTD_RPC_TESTING_RPCI_RECORDER_H_
#define TOOLBOXD_TRANSPORTD_RPC_TESTING_RPCI_RECORDER_H_

#include <set>
#include <string>
#include <vector>

#include "transportd/rpc/rpci.h"

namespace toolboxd {

struct RpciRecorder {
  // In order, byte for byte.
  std::vector<std::string> requests;
  // Requests that the host answers with "0 refused".
  std::set<std::string> refused;
  // The same for every request.
  bool refuses_all = false;
  // Whether there is no channel.
  bool down = false;

  // The recorder must outlive the function.
  RpciSend Send() {
    return [this](absl::string_view request) -> absl::StatusOr<RpciReply> {
      if (down) return absl::UnavailableError("no channel");
      requests.emplace_back(request);
      if (refuses_all || refused.count(requests.back()) > 0) return RpciReply{false, "refused"};
      return RpciReply{true, ""};
    };
  }
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_TESTING_RPCI_RECORDER_H_
