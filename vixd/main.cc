// SPDX-License-Identifier: Apache-2.0

// vixd: programs and functions, as the user it runs as.

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/flags/flag.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "daemon/inherited_connection.h"
#include "daemon/init.h"
#include "daemon/lockdown.h"
#include "daemon/poll_strategy.h"
#include "vixd/function_service.h"
#include "vixd/launcher.h"
#include "vixd/processes_service.h"
#include "vixd/program_table.h"
#include "vixd/streams_service.h"
#include "vixd/terminator.h"
#include "vixd/vixd.h"

ABSL_FLAG(std::string, shim, "",
          "Path of toolboxd-shim; the default is the directory of this program.");
ABSL_FLAG(int64_t, output_limit, int64_t{256} << 20,
          "Bytes kept of each output stream of a program with I/O; the rest is discarded.");
ABSL_FLAG(int64_t, input_limit, int64_t{256} << 20,
          "Bytes of input that may wait until a program with I/O reads them; more is refused.");
ABSL_FLAG(int64_t, spool_limit, int64_t{512} << 20,
          "Bytes that the streams of all programs of the user may take; never more than a quarter "
          "of the runtime directory's file system.");

extern char** environ;

namespace toolboxd {
namespace {

// How variables begin that are for vixd only: the user's directory, and the name of vixd's log.
constexpr absl::string_view kOwnVariables[] = {"TOOLBOXD_RUNTIME_DIR=", "JOURNAL_STREAM="};

bool IsForVixdOnly(absl::string_view variable) {
  const auto begins = [variable](absl::string_view own) { return absl::StartsWith(variable, own); };
  // What session has set for memory, as a whole: an administrator's own may begin so.
  return variable == kMemoryVariable || absl::c_any_of(kOwnVariables, begins);
}

constexpr char kUsage[] =
    "starts and lists programs and runs functions, as the user it runs as.\n\n"
    "session starts it with the caller's connection at descriptor 3 and the user's runtime\n"
    "directory in TOOLBOXD_RUNTIME_DIR. It ends with that connection.";

// What programs inherit: every variable except those that are for vixd only.
std::vector<std::string> ProgramEnvironment() {
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!IsForVixdOnly(*variable)) environment.push_back(*variable);
  }
  return environment;
}

// In the directory of this program when installed, in shim/ below it as Bazel builds it.
std::string FindShim() {
  const std::string given = absl::GetFlag(FLAGS_shim);
  if (!given.empty()) return given;
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  const std::string program(path, size > 0 ? size : 0);
  const std::string folder = program.substr(0, program.rfind('/') + 1);
  const std::string built = folder + "shim/toolboxd-shim";
  return access(built.c_str(), X_OK) == 0 ? built : folder + "toolboxd-shim";
}

absl::Status Serve(vixd::LauncherOptions options) {
  const char* runtime_dir = getenv("TOOLBOXD_RUNTIME_DIR");
  if (runtime_dir == nullptr || *runtime_dir != '/') {
    return absl::InvalidArgumentError(
        "TOOLBOXD_RUNTIME_DIR is not an absolute path; vixd is started by session, which sets it");
  }
  options.shim = FindShim();
  options.output_limit = absl::GetFlag(FLAGS_output_limit);
  options.spool_limit = absl::GetFlag(FLAGS_spool_limit);
  const vixd::InputLimits input{absl::GetFlag(FLAGS_input_limit), options.spool_limit};
  if (options.output_limit <= 0 || options.spool_limit <= 0 || input.waiting <= 0) {
    return absl::InvalidArgumentError(
        "--output_limit, --input_limit and --spool_limit must be positive");
  }
  absl::StatusOr<std::unique_ptr<vixd::ProgramTable>> programs =
      vixd::ProgramTable::Open(absl::StrCat(runtime_dir, "/programs"));
  if (!programs.ok()) return programs.status();
  options.records = (*programs)->path();
  // Shims end without a zombie: this process does not wait for them.
  signal(SIGCHLD, SIG_IGN);

  const vixd::Terminator terminator(options.shim, programs->get());
  vixd::Launcher launcher(std::move(options));
  vixd::ProcessesService processes(&launcher, &terminator, programs->get());
  vixd::StreamsService streams(programs->get(), input);
  vixd::FunctionService functions;
  InheritedConnectionOptions connection;
  connection.services = {{v1::Processes::service_full_name(), &processes},
                         {v1::FileHandler::service_full_name(), &streams},
                         {v1::Function::service_full_name(), &functions}};
  // Each running function holds a thread.
  connection.limits.max_threads = 64;
  return ServeInheritedConnection(connection);
}

}  // namespace

// Without a filter of system calls: whatever executes a program here would pass it on to the user's
// programs, in which sudo would not work, and who controls vixd can start any program anyway.
int VixdMain(int argc, char** argv) {
  HideFromOwnUser();
  vixd::LauncherOptions options;
  // Before anything in this process changes it.
  options.environment = ProgramEnvironment();
  UsePollStrategy();
  InitDaemon(argc, argv, "vixd", kUsage);
  return ExitStatus(Serve(std::move(options)));
}

}  // namespace toolboxd
