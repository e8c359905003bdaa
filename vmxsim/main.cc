// SPDX-License-Identifier: Apache-2.0

// vmxsim: a simulated VMware hypervisor for unmodified programs, and its client. See README.md.

#include <stdio.h>

#include <string>
#include <vector>

#include "vmxsim/guest/guest_verbs.h"
#include "vmxsim/recorder.h"
#include "vmxsim/run.h"
#include "vmxsim/verbs.h"

int main(int argc, char** argv) {
  using namespace toolboxd::vmxsim;
  const std::vector<std::string> words(argv, argv + argc);
  if (!words.empty() && IsRecordedName(words[0])) return Record(words);
  if (words.size() < 2 || words[1] == "--help" || words[1] == "-h" || words[1] == "help") {
    fputs(VerbHelp().c_str(), words.size() < 2 ? stderr : stdout);
    return words.size() < 2 ? 2 : 0;
  }
  const std::vector<std::string> rest(words.begin() + 2, words.end());
  if (words[1] == "run") return RunVerb(rest);
  if (words[1] == "guest") return GuestMain(rest);
  return ClientVerb(words[1], rest);
}
