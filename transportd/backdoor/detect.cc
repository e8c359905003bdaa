// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/detect.h"

namespace toolboxd::backdoor {

absl::Status ProbeBackdoor(Port& port) {
  switch (Probe(port)) {
    case ProbeResult::kAnswered:
      return absl::OkStatus();
    case ProbeResult::kFaulted:
      return absl::NotFoundError("the backdoor port cannot be used: the access faulted");
    case ProbeResult::kSilent:
      break;
  }
  return absl::NotFoundError("no hypervisor answers at the backdoor port");
}

}  // namespace toolboxd::backdoor
