// SPDX-License-Identifier: Apache-2.0

#include "vixd/launcher.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "vixd/plain_command.h"
#include "vixd/shim/job.h"

namespace toolboxd::vixd {
namespace {

constexpr char kBash[] = "/bin/bash";

bool HasNul(const std::string& text) { return text.find('\0') != std::string::npos; }

absl::Status CheckRequest(const Launch& launch) {
  if (launch.program.empty())
    return MakeError(v1::INVALID_ARGUMENT, "the request names no program");
  if (HasNul(launch.program) || HasNul(launch.arguments) || HasNul(launch.working_directory)) {
    return MakeError(v1::INVALID_ARGUMENT,
                     "the program, its arguments or its directory contain a NUL byte");
  }
  for (size_t i = 0; i < launch.environment.size(); ++i) {
    const std::string& variable = launch.environment[i];
    if (!HasNul(variable) && variable.find('=') != std::string::npos) continue;
    // Its position and not its text, which may be a secret.
    return MakeError(v1::INVALID_ARGUMENT,
                     absl::StrCat("environment variable ", i + 1, " is not NAME=VALUE"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> EnterableDirectory(const std::string& path) {
  struct stat info;
  const bool found = stat(path.c_str(), &info) == 0;
  if (found ? S_ISDIR(info.st_mode) && access(path.c_str(), X_OK) != 0 : errno == EACCES) {
    return MakeError(v1::ACCESS_DENIED,
                     absl::StrCat("the working directory ", path, " may not be entered"), EACCES);
  }
  if (found && S_ISDIR(info.st_mode)) return path;
  return MakeError(v1::NOT_A_DIRECTORY, absl::StrCat(path, " is not a directory"));
}

}  // namespace

std::string ShellQuote(const std::string& program) {
  std::string quoted = "\"";
  for (const char c : program) {
    if (c == '"' || c == '\\' || c == '$' || c == '`') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string FindVariable(const std::vector<std::string>& environment, const std::string& name) {
  for (const std::string& variable : environment) {
    if (variable.size() > name.size() && variable[name.size()] == '=' &&
        variable.compare(0, name.size(), name) == 0) {
      return variable.substr(name.size() + 1);
    }
  }
  return "";
}

Launcher::Launcher(LauncherOptions options)
    : options_(std::move(options)),
      shell_(access(kBash, X_OK) == 0 ? kBash : "/bin/sh"),
      shim_(options_.shim, options_.records) {}

absl::StatusOr<std::string> Launcher::FindProgram(const Launch& launch) const {
  std::string program = launch.program;
  // The host may quote a path with spaces.
  if (program.size() > 2 && program.front() == '"' && program.back() == '"') {
    program = program.substr(1, program.size() - 2);
  }
  if (launch.with_io && program.find('/') == std::string::npos) {
    const std::string path = FindVariable(options_.environment, "PATH");
    for (const absl::string_view folder : absl::StrSplit(path, ':', absl::SkipEmpty())) {
      const std::string candidate = absl::StrCat(folder, "/", program);
      if (access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return MakeError(v1::NOT_FOUND, absl::StrCat(program, " is not in PATH"));
  }
  if (access(program.c_str(), F_OK) != 0) {
    // NOT_FOUND for EACCES too: vmtoolsd does not distinguish a path that it may not search.
    const int error = errno;
    return MakeError(v1::NOT_FOUND, ErrnoError(error, program).message(), error);
  }
  if (access(program.c_str(), X_OK) != 0) {
    return MakeError(v1::PERMISSION_DENIED, absl::StrCat(program, " is not executable"), errno);
  }
  return program;
}

absl::StatusOr<std::string> Launcher::FindDirectory(const Launch& launch) const {
  if (!launch.working_directory.empty()) {
    return EnterableDirectory(launch.working_directory);
  }
  const std::string home = FindVariable(options_.environment, "HOME");
  // A user without a home can still start programs.
  return !home.empty() && access(home.c_str(), X_OK) == 0 ? home : std::string("/");
}

absl::StatusOr<pid_t> Launcher::Start(const Launch& launch, absl::FunctionRef<bool()> cancelled) {
  if (absl::Status checked = CheckRequest(launch); !checked.ok()) return checked;
  absl::StatusOr<std::string> program = FindProgram(launch);
  if (!program.ok()) return program.status();
  const absl::StatusOr<std::string> directory = FindDirectory(launch);
  if (!directory.ok()) return directory.status();

  const std::string space = launch.arguments.empty() ? "" : " ";
  ShimJob job;
  job.with_io = launch.with_io;
  job.output_limit = options_.output_limit;
  job.spool_limit = options_.spool_limit;
  job.name = program->substr(program->rfind('/') + 1);
  job.command_line = absl::StrCat("\"", *program, "\"", space, launch.arguments);
  job.directory = *directory;
  job.shell = shell_;
  job.script = absl::StrCat(ShellQuote(*program), space, launch.arguments);
  job.environment = launch.environment.empty() ? options_.environment : launch.environment;
  if (shell_ == kBash) {
    if (std::optional<PlainCommand> plain =
            AsPlainCommand(*program, launch.arguments, *directory, job.environment)) {
      job.direct = std::move(plain->arguments);
      job.direct_environment = std::move(plain->variables);
    }
  }
  return shim_.Start(job, cancelled);
}

}  // namespace toolboxd::vixd
