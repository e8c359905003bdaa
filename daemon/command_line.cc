// SPDX-License-Identifier: Apache-2.0

#include "daemon/command_line.h"

#include <algorithm>
#include <map>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace toolboxd {
namespace {

// By the file that defines it: all programs' flags are in one registry.
bool Belongs(const Program& program, const absl::CommandLineFlag& flag) {
  const std::string file = flag.Filename();
  if (absl::StartsWith(file, absl::StrCat(program.name, "/"))) return true;
  return std::any_of(program.flag_sources.begin(), program.flag_sources.end(),
                     [&file](const std::string& source) { return absl::StartsWith(file, source); });
}

absl::CommandLineFlag* Find(const Program& program, absl::string_view name) {
  absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
  return flag != nullptr && Belongs(program, *flag) ? flag : nullptr;
}

// Sets one flag; takes the next argument as its value where it needs one. Returns its name.
absl::StatusOr<std::string> SetFlag(const Program& program, absl::string_view text,
                                    const std::vector<std::string>& args, size_t* next) {
  const size_t equals = text.find('=');
  const absl::string_view name = text.substr(0, equals);
  std::string value;
  absl::CommandLineFlag* flag = Find(program, name);
  if (equals != absl::string_view::npos) {
    value = std::string(text.substr(equals + 1));
  } else if (flag != nullptr && flag->IsOfType<bool>()) {
    value = "true";
  } else if (flag != nullptr) {
    if (*next == args.size()) {
      return absl::InvalidArgumentError(absl::StrCat("flag --", name, " needs a value"));
    }
    value = args[(*next)++];
  } else if (absl::StartsWith(name, "no")) {
    flag = Find(program, name.substr(2));
    if (flag != nullptr && !flag->IsOfType<bool>()) flag = nullptr;
    value = "false";
  }
  if (flag == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("unknown flag --", name));
  }
  std::string error;
  if (!flag->ParseFrom(value, &error)) {
    // Abseil's own words, before the flag's "; WHAT TO DO" if it has one, say nothing more.
    const absl::string_view hint = absl::StripPrefix(
        error, absl::StrCat("Illegal value '", value, "' specified for flag '", flag->Name(), "'"));
    return absl::InvalidArgumentError(
        absl::StrCat("--", name, ": '", value, "' is not a valid value", hint));
  }
  return std::string(flag->Name());
}

}  // namespace

absl::StatusOr<CommandLine> ReadCommandLine(const Program& program,
                                            const std::vector<std::string>& args) {
  CommandLine result;
  bool flags_end = false;
  for (size_t next = 0; next < args.size();) {
    absl::string_view text = args[next++];
    if (!flags_end && text == "--") {
      flags_end = true;
      continue;
    }
    // A lone "-" is an argument: many programs take it for standard input.
    if (!flags_end && text.size() > 1 && absl::ConsumePrefix(&text, "-")) {
      absl::ConsumePrefix(&text, "-");
      if (text == "help" || text == "h") {
        result.help = true;
      } else if (text == "version") {
        result.version = true;
      } else {
        const absl::StatusOr<std::string> name = SetFlag(program, text, args, &next);
        if (!name.ok()) return name.status();
        result.flags.push_back(*name);
      }
      continue;
    }
    if (!program.takes_arguments) {
      return absl::InvalidArgumentError(absl::StrCat("unexpected argument '", text, "'"));
    }
    result.arguments.push_back(std::string(text));
  }
  return result;
}

std::string HelpText(const Program& program) {
  // Sorted; a program's own flags and shared ones together.
  std::map<absl::string_view, absl::CommandLineFlag*> flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (Belongs(program, *flag)) flags[name] = flag;
  }
  std::string text = absl::StrCat(program.name, ": ", program.usage, "\n\nFlags:\n");
  for (const auto& [name, flag] : flags) {
    absl::StrAppend(&text, "  --", name,
                    "  (default: ", flag->DefaultValue().empty() ? "none" : flag->DefaultValue(),
                    ")\n      ", flag->Help(), "\n");
  }
  absl::StrAppend(&text, "  --help\n      This text.\n  --version\n      The version.\n");
  return text;
}

}  // namespace toolboxd
