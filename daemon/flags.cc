// SPDX-License-Identifier: Apache-2.0

#include "daemon/flags.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/version.h"

ABSL_FLAG(std::string, socket, "",
          "Path of the Unix socket to serve; ignored where systemd passes one. Empty: the "
          "daemon's place in /run/toolboxd.");
ABSL_FLAG(std::string, socket_mode, "0660", "Permissions of that socket, octal.");
ABSL_FLAG(std::string, socket_group, "", "Group of that socket. Empty: the process's own.");
ABSL_FLAG(std::string, allow, "",
          "Who may call, besides root: user names or numbers and @groups, separated by commas. "
          "Empty: the daemon's usual callers; 'root': root only.");
ABSL_FLAG(std::string, idle_exit, "",
          "Exit after this time without a connection, such as 30s; 0: never. Empty: the daemon's "
          "own time.");
ABSL_FLAG(std::string, log_level, "info", "debug, info, notice, warning or error.");

namespace toolboxd {
namespace {

[[noreturn]] void ExitWithUsageError(const std::string& program, absl::string_view message) {
  LogText(LogLevel::kError, absl::StrCat(message, "; try ", program, " --help"));
  exit(kExitUsage);
}

[[noreturn]] void PrintAndExit(const std::string& text) {
  const bool written = fwrite(text.data(), 1, text.size(), stdout) == text.size();
  exit(written && fflush(stdout) == 0 ? 0 : 1);
}

}  // namespace

absl::StatusOr<SharedFlags> GetSharedFlags() {
  SharedFlags flags;
  flags.socket = absl::GetFlag(FLAGS_socket);
  flags.socket_group = absl::GetFlag(FLAGS_socket_group);

  const std::string allow = absl::GetFlag(FLAGS_allow);
  flags.has_allowed = !allow.empty();
  absl::StatusOr<AllowedCallers> allowed = AllowedCallers::Parse(allow);
  if (!allowed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--allow: ", allowed.status().message()));
  }
  flags.allowed = *std::move(allowed);

  // strtoul alone would take "-1" and blanks.
  const std::string mode = absl::GetFlag(FLAGS_socket_mode);
  char* end = nullptr;
  const unsigned long bits = strtoul(mode.c_str(), &end, 8);
  if (mode.empty() || !absl::ascii_isdigit(mode[0]) || *end != '\0' || bits > 0777) {
    return absl::InvalidArgumentError(
        absl::StrCat("--socket_mode: '", mode, "' is not an octal number from 0 to 0777"));
  }
  flags.socket_mode = static_cast<mode_t>(bits);

  const std::string idle = absl::GetFlag(FLAGS_idle_exit);
  flags.has_idle_exit = !idle.empty();
  if (flags.has_idle_exit &&
      (!absl::ParseDuration(idle, &flags.idle_exit) || flags.idle_exit < absl::ZeroDuration() ||
       flags.idle_exit > absl::Hours(24 * 365))) {
    return absl::InvalidArgumentError(
        absl::StrCat("--idle_exit: '", idle, "' is not a time such as 30s or 5m, or 0"));
  }
  return flags;
}

std::vector<std::string> ParseCommandLine(int argc, char** argv, Program program) {
  program.flag_sources.emplace_back("daemon/flags.cc");
  InitLog(program.name, LogLevel::kInfo);
  absl::StatusOr<CommandLine> line =
      ReadCommandLine(program, std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  if (!line.ok()) ExitWithUsageError(program.name, line.status().message());
  if (line->help) PrintAndExit(HelpText(program));
  if (line->version) PrintAndExit(absl::StrCat(program.name, " (toolboxd) ", kVersion, "\n"));

  const std::optional<LogLevel> level = ParseLogLevel(absl::GetFlag(FLAGS_log_level));
  if (!level) {
    ExitWithUsageError(program.name,
                       absl::StrCat("--log_level: '", absl::GetFlag(FLAGS_log_level),
                                    "' is not debug, info, notice, warning or error"));
  }
  absl::StatusOr<SharedFlags> shared = GetSharedFlags();
  if (!shared.ok()) ExitWithUsageError(program.name, shared.status().message());
  SetLogLevel(*level);
  return line->arguments;
}

void ParseCommandLine(int argc, char** argv, const std::string& name, const std::string& usage) {
  ParseCommandLine(argc, argv, Program{name, usage, {}, false});
}

}  // namespace toolboxd
