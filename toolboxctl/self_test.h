// SPDX-License-Identifier: Apache-2.0

// toolboxctl self-test: a round of what can be tried without the host's help.

#ifndef TOOLBOXD_TOOLBOXCTL_SELF_TEST_H_
#define TOOLBOXD_TOOLBOXCTL_SELF_TEST_H_

#include <string>
#include <vector>

#include "toolboxctl/output.h"
#include "toolboxctl/transport_client.h"

namespace toolboxd {

struct SelfTestResult {
  // What should hold, such as "the guest is registered with the host".
  std::string name;
  // Empty if it holds; otherwise why not, and what to do.
  std::string fault;
};

// What a status says: channel, registration, address, services, policy, routes.
std::vector<SelfTestResult> CheckStatus(const v1::TransportStatus& status);

// What the host has been sent: a snapshot, and nothing that it refuses.
std::vector<SelfTestResult> CheckReported(const v1::ReportedInfo& info);

// A line each, "ok" or "FAIL".
std::string SelfTestText(const std::vector<SelfTestResult>& results, const Terminal& terminal);

// All of the above and a request to the host and back, which changes nothing. The exit status:
// kExitFailed if anything does not hold.
int SelfTestMain();

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_SELF_TEST_H_
