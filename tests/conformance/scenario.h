// SPDX-License-Identifier: Apache-2.0

// One row of the conformance table.

#ifndef TOOLBOXD_TESTS_CONFORMANCE_SCENARIO_H_
#define TOOLBOXD_TESTS_CONFORMANCE_SCENARIO_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "tests/conformance/target.h"

namespace toolboxd::conformance {

struct Scenario {
  const char* name;
  // Acts on an empty folder and returns what happened.
  std::string (*run)(Target& target);
  // Why toolboxd deliberately answers differently from vmtoolsd, and what it answers;
  // null where they must agree. docs/protocol/differences.md lists these.
  const char* difference = nullptr;
  const char* expected = nullptr;
  // vmtoolsd does not survive it, so it is not asked.
  bool toolboxd_only = false;
  // vmtoolsd reads what an earlier message left in its memory. Over vsock, where each message has
  // memory of its own, it is not asked: it may answer anything, or end.
  bool reads_stale = false;
};

// Whether each row that gives a reason for a difference also gives the expected outcome.
constexpr bool DifferencesAreStated(absl::Span<const Scenario> scenarios) {
  for (const Scenario& scenario : scenarios) {
    if ((scenario.difference == nullptr) != (scenario.expected == nullptr)) return false;
  }
  return true;
}

absl::Span<const Scenario> DirectoryScenarios();
absl::Span<const Scenario> FileScenarios();
absl::Span<const Scenario> ListingScenarios();
absl::Span<const Scenario> ProcessScenarios();
absl::Span<const Scenario> LoginScenarios();
absl::Span<const Scenario> MessageScenarios();
absl::Span<const Scenario> TimeScenarios();
absl::Span<const Scenario> TransferScenarios();

// What scenarios do to the folder from outside the guest. What they make belongs to the
// owner of the folder it is made in. A failure ends the program: the table is wrong then.
void Write(const std::string& path, const std::string& content = "content\n");
void MakeFolder(const std::string& path, unsigned mode = 0755);
void Link(const std::string& target, const std::string& path);
void ChangeMode(const std::string& path, unsigned mode);

// Steps of one scenario, in order.
std::string Steps(const std::vector<std::string>& outcomes);

}  // namespace toolboxd::conformance

#endif  // TOOLBOXD_TESTS_CONFORMANCE_SCENARIO_H_
