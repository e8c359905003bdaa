// SPDX-License-Identifier: Apache-2.0

// Which flags belong to which of toolboxctl's commands.

#ifndef TOOLBOXD_TOOLBOXCTL_VERB_FLAGS_H_
#define TOOLBOXD_TOOLBOXCTL_VERB_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace toolboxd {

// Checks the flags of a command line, by their names without dashes, whose command is `words`, such
// as {"snapshot", "plan"}. INVALID_ARGUMENT for the first flag that the command would ignore; the
// message names the commands that take it. --control belongs to all. Pure and thread-safe.
absl::Status CheckVerbFlags(const std::vector<std::string>& words,
                            const std::vector<std::string>& flags);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_VERB_FLAGS_H_
