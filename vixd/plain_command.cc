// SPDX-License-Identifier: Apache-2.0

#include "vixd/plain_command.h"

#include <limits.h>
#include <stdlib.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace toolboxd::vixd {
namespace {

// Characters without a meaning to bash in a word after the program's.
bool IsPlain(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-_./,:=+@%", c);
}

bool IsIdentifier(absl::string_view name) {
  return !name.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
         });
}

// Variables that bash reads when it starts, or passes on with another value.
bool ConcernsBash(absl::string_view name) {
  static constexpr absl::string_view kNames[] = {"PWD", "OLDPWD",    "SHLVL",
                                                 "_",   "SHELLOPTS", "POSIXLY_CORRECT"};
  return absl::StartsWith(name, "BASH") ||
         std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

// Whether bash would pass on all variables unchanged.
bool IsLeftAlone(const std::vector<std::string>& environment) {
  std::set<absl::string_view> names;
  for (const absl::string_view variable : environment) {
    const absl::string_view name = variable.substr(0, variable.find('='));
    if (!IsIdentifier(name) || ConcernsBash(name) || !names.insert(name).second) return false;
  }
  return true;
}

}  // namespace

std::optional<PlainCommand> AsPlainCommand(const std::string& program, const std::string& arguments,
                                           const std::string& directory,
                                           const std::vector<std::string>& environment) {
  const bool plain = std::all_of(arguments.begin(), arguments.end(),
                                 [](char c) { return c == ' ' || c == '\t' || IsPlain(c); });
  // bash searches for a name without a slash, among its own commands first.
  if (!plain || !absl::StrContains(program, '/') || !IsLeftAlone(environment)) {
    return std::nullopt;
  }
  char path[PATH_MAX];
  if (realpath(directory.c_str(), path) == nullptr) return std::nullopt;

  PlainCommand command;
  command.arguments = absl::StrSplit(arguments, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  command.arguments.insert(command.arguments.begin(), program);
  command.variables = {absl::StrCat("PWD=", path), "SHLVL=0", absl::StrCat("_=", program)};
  return command;
}

}  // namespace toolboxd::vixd
