// SPDX-License-Identifier: Apache-2.0

// Parses a command line into Abseil flags, in the way of this project's programs.
//
// Abseil's own absl::ParseCommandLine knows one program per binary, ends with status 1 and
// prints pages. Here a program sees only its own flags even when all programs are linked
// into one file, and a wrong command line is one clear message.

#ifndef TOOLBOXD_DAEMON_COMMAND_LINE_H_
#define TOOLBOXD_DAEMON_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace toolboxd {

// What a program is, for its command line.
struct Program {
  // As in "powerd"; also the folder whose flags belong to it.
  std::string name;
  // What it does, in a few lines; the first is its summary.
  std::string usage;
  // Further folders or files whose flags belong to it.
  std::vector<std::string> flag_sources;
  // Whether it takes arguments that are not flags.
  bool takes_arguments = false;
};

struct CommandLine {
  bool help = false;
  bool version = false;
  // The names of the flags that were given, without dashes, in order.
  std::vector<std::string> flags;
  // Arguments that are not flags, and all after "--".
  std::vector<std::string> arguments;
};

// Sets the flags named by args (without the program's name): --name=value, --name value,
// --name and --noname for a bool; one dash does as well. InvalidArgument, with flags before
// the wrong one set, for a flag that is unknown or another program's, a value that does not
// parse, or an argument where none is taken.
absl::StatusOr<CommandLine> ReadCommandLine(const Program& program,
                                            const std::vector<std::string>& args);

// The text of --help.
std::string HelpText(const Program& program);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_COMMAND_LINE_H_
