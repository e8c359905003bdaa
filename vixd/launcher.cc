#include "vixd/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/status.h"
#include "daemon/unique_fd.h"
#include "vixd/shim/command.h"

namespace toolboxd::vix {
namespace {

// A shim answers in a millisecond; one that does not is given up.
constexpr int kReportTimeoutMs = 5000;

bool HasNul(const std::string& text) { return text.find('\0') != std::string::npos; }

absl::Status CheckRequest(const Launch& launch) {
  if (launch.program.empty()) return MakeError(v1::INVALID_ARGUMENT, "no program is named");
  if (HasNul(launch.program) || HasNul(launch.arguments) || HasNul(launch.working_directory)) {
    return MakeError(v1::INVALID_ARGUMENT, "a NUL in the program, its arguments or directory");
  }
  for (const std::string& variable : launch.environment) {
    if (HasNul(variable) || variable.find('=') == std::string::npos) {
      return MakeError(v1::INVALID_ARGUMENT, "an environment variable is not NAME=VALUE");
    }
  }
  return absl::OkStatus();
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// How a shim begins: no descriptor but /dev/null and the report's, no ignored or blocked
// signal, a session of its own.
class SpawnSettings {
 public:
  SpawnSettings(int report, const std::string& directory) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions_, 0, 1);
    posix_spawn_file_actions_adddup2(&actions_, 0, 2);
    posix_spawn_file_actions_adddup2(&actions_, report, kShimDescriptor);
    posix_spawn_file_actions_addclosefrom_np(&actions_, kShimDescriptor + 1);
    posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str());
    posix_spawnattr_init(&attributes_);
    sigset_t set;
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes_, &set);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes_, &set);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

absl::StatusOr<pid_t> ReadReport(int fd) {
  pollfd item{fd, POLLIN, 0};
  StartReport report;
  if (poll(&item, 1, kReportTimeoutMs) != 1 || read(fd, &report, sizeof report) != sizeof report) {
    return MakeError(v1::PROGRAM_NOT_STARTED, "the shim gave no report");
  }
  if (report.pid > 0) return report.pid;
  return MakeError(v1::PROGRAM_NOT_STARTED, strerror(report.error), report.error);
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
      shell_(access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh") {}

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
    // vmtoolsd cannot tell a path that it may not search from one that is not there.
    return MakeError(v1::NOT_FOUND, absl::StrCat(program, ": ", strerror(errno)), errno);
  }
  if (access(program.c_str(), X_OK) != 0) {
    return MakeError(v1::PERMISSION_DENIED, absl::StrCat(program, " is not executable"), errno);
  }
  return program;
}

absl::StatusOr<std::string> Launcher::FindDirectory(const Launch& launch) const {
  if (!launch.working_directory.empty()) {
    struct stat info;
    if (stat(launch.working_directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
      return MakeError(v1::NOT_A_DIRECTORY,
                       absl::StrCat(launch.working_directory, " is not a directory"));
    }
    return launch.working_directory;
  }
  const std::string home = FindVariable(options_.environment, "HOME");
  // A user without a home can still start programs.
  return !home.empty() && access(home.c_str(), X_OK) == 0 ? home : std::string("/");
}

absl::StatusOr<pid_t> Launcher::Start(const Launch& launch,
                                      absl::FunctionRef<bool()> cancelled) const {
  if (absl::Status checked = CheckRequest(launch); !checked.ok()) return checked;
  absl::StatusOr<std::string> program = FindProgram(launch);
  if (!program.ok()) return program.status();
  const absl::StatusOr<std::string> directory = FindDirectory(launch);
  if (!directory.ok()) return directory.status();

  const std::string space = launch.arguments.empty() ? "" : " ";
  const std::vector<std::string> arguments = {
      "toolboxd-shim",
      kRunCommand,
      options_.records,
      launch.with_io ? std::to_string(options_.output_limit) : "-",
      program->substr(program->rfind('/') + 1),
      absl::StrCat("\"", *program, "\"", space, launch.arguments),
      shell_,
      absl::StrCat(ShellQuote(*program), space, launch.arguments),
  };
  // The commit point: nothing has been done so far.
  if (cancelled()) return absl::CancelledError("given up before the start");
  return SpawnShim(arguments,
                   launch.environment.empty() ? options_.environment : launch.environment,
                   *directory);
}

absl::StatusOr<pid_t> Launcher::SpawnShim(const std::vector<std::string>& arguments,
                                          const std::vector<std::string>& environment,
                                          const std::string& directory) const {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return MakeError(v1::PROGRAM_NOT_STARTED, "pipe", errno);
  }
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const SpawnSettings settings(writer.get(), directory);
  pid_t shim;
  const int error =
      posix_spawn(&shim, options_.shim.c_str(), settings.actions(), settings.attributes(),
                  Pointers(arguments).data(), Pointers(environment).data());
  writer.reset();
  if (error != 0) {
    return MakeError(v1::PROGRAM_NOT_STARTED, absl::StrCat(options_.shim, ": ", strerror(error)),
                     error);
  }
  return ReadReport(reader.get());
}

}  // namespace toolboxd::vix
