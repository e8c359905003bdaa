// SPDX-License-Identifier: Apache-2.0

#include "toolboxd/programs.h"

namespace toolboxd {
namespace {

std::string LastComponent(const std::string& path) { return path.substr(path.rfind('/') + 1); }

const LinkedProgram* Find(const std::vector<LinkedProgram>& programs, const std::string& name) {
  for (const LinkedProgram& program : programs) {
    if (name == program.name) return &program;
  }
  return nullptr;
}

}  // namespace

Selection SelectProgram(const std::vector<LinkedProgram>& programs, int argc,
                        const char* const* argv) {
  const std::string called = argc > 0 ? LastComponent(argv[0]) : "";
  Selection selection;
  selection.program = Find(programs, called);
  if (selection.program != nullptr) return selection;
  const std::string word = argc > 1 ? argv[1] : "";
  selection.program = Find(programs, word);
  if (selection.program != nullptr) {
    selection.skip = 1;
  } else if (argc < 2) {
    selection.problem = "the name of a program is missing";
  } else if (word != "--help") {
    selection.problem = "there is no program '" + word + "' in this file";
  }
  return selection;
}

std::string ListPrograms(const std::vector<LinkedProgram>& programs) {
  std::string text =
      "Usage: toolboxd PROGRAM [ARGUMENT]...\n"
      "   or: PROGRAM [ARGUMENT]...   through a link of that name\n\n"
      "All programs of toolboxd that speak gRPC, in one file:\n";
  for (const LinkedProgram& program : programs) {
    std::string name = program.name;
    name.resize(name.size() < 16 ? 16 : name.size() + 1, ' ');
    text += "  " + name + program.summary + "\n";
  }
  return text + "\n'toolboxd PROGRAM --help' shows the flags of a program.\n";
}

}  // namespace toolboxd
