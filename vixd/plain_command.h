// SPDX-License-Identifier: Apache-2.0

// PlainCommand: a command line that can be executed without a shell.

#ifndef TOOLBOXD_VIXD_PLAIN_COMMAND_H_
#define TOOLBOXD_VIXD_PLAIN_COMMAND_H_

#include <optional>
#include <string>
#include <vector>

namespace toolboxd::vixd {

struct PlainCommand {
  // argv; the first is the program's path.
  std::vector<std::string> arguments;
  // What bash adds to the environment of a program that it executes: "NAME=VALUE" each.
  std::vector<std::string> variables;
};

// The command that `bash -c '"PROGRAM" ARGUMENTS'`, started in `directory` with `environment`,
// would execute in its own place, if that is certain: ARGUMENTS are words without characters that
// mean something to a shell, and no variable changes what bash does or is changed by it. Nothing if
// only bash can decide. Executing the program directly saves the start of bash, one to two
// milliseconds.
std::optional<PlainCommand> AsPlainCommand(const std::string& program, const std::string& arguments,
                                           const std::string& directory,
                                           const std::vector<std::string>& environment);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_PLAIN_COMMAND_H_
