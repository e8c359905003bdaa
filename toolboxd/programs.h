// SPDX-License-Identifier: Apache-2.0

// Selects one of the programs of this file.

#ifndef TOOLBOXD_TOOLBOXD_PROGRAMS_H_
#define TOOLBOXD_TOOLBOXD_PROGRAMS_H_

#include <string>
#include <vector>

namespace toolboxd {

struct LinkedProgram {
  const char* name;
  int (*main)(int argc, char** argv);
  // One line for the list of programs.
  const char* summary;
};

// What a command line asks for.
struct Selection {
  // Null: none, and `problem` is empty if the list was asked for.
  const LinkedProgram* program = nullptr;
  // How many words of argv come before the program's own argv[0].
  int skip = 0;
  std::string problem;
};

// The program that argv[0] names (its last path component), else the one that argv[1] names.
Selection SelectProgram(const std::vector<LinkedProgram>& programs, int argc,
                        const char* const* argv);

// The text of --help.
std::string ListPrograms(const std::vector<LinkedProgram>& programs);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXD_PROGRAMS_H_
