// SPDX-License-Identifier: Apache-2.0

// One row of the conformance table.

#ifndef TOOLBOXD_TESTS_CONFORMANCE_SCENARIO_H_
#define TOOLBOXD_TESTS_CONFORMANCE_SCENARIO_H_

#include <string>
#include <vector>

#include "tests/conformance/target.h"

namespace toolboxd::conformance {

struct Scenario {
  const char* name;
  // Acts on an empty folder and tells what happened.
  std::string (*run)(Target& target);
  // Why toolboxd deliberately answers differently from vmtoolsd, and what it answers;
  // null where they must agree. docs/protocol/differences.md lists these.
  const char* difference = nullptr;
  const char* expected = nullptr;
  // vmtoolsd does not survive it, so it is not asked.
  bool toolboxd_only = false;
};

const std::vector<Scenario>& DirectoryScenarios();
const std::vector<Scenario>& FileScenarios();
const std::vector<Scenario>& ListingScenarios();
const std::vector<Scenario>& ProcessScenarios();
const std::vector<Scenario>& LoginScenarios();
const std::vector<Scenario>& MessageScenarios();
const std::vector<Scenario>& TransferScenarios();

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
