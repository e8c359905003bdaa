// SPDX-License-Identifier: Apache-2.0

// Command lines that need no shell to be understood.

#ifndef TOOLBOXD_VIXD_PLAIN_COMMAND_H_
#define TOOLBOXD_VIXD_PLAIN_COMMAND_H_

#include <string>
#include <vector>

#include "absl/types/optional.h"

namespace toolboxd::vixd {

struct PlainCommand {
  // argv; the first is the program's path.
  std::vector<std::string> arguments;
  // What bash adds to the environment of a program that it executes: "NAME=VALUE" each.
  std::vector<std::string> variables;
};

// What `bash -c '"PROGRAM" ARGUMENTS'`, started in `directory` with `environment`, would
// execute in its own place, where that is certain: ARGUMENTS are words without a character
// that means anything to a shell, and no variable would change what bash does or be changed by
// it. Executing it directly saves the start of bash, a millisecond or two. Nothing where bash
// has to be asked.
absl::optional<PlainCommand> AsPlainCommand(const std::string& program,
                                            const std::string& arguments,
                                            const std::string& directory,
                                            const std::vector<std::string>& environment);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_PLAIN_COMMAND_H_
