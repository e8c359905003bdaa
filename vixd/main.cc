// SPDX-License-Identifier: Apache-2.0

// vixd: programs and functions, as the user that it runs as.

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/inherited_connection.h"
#include "daemon/init.h"
#include "daemon/poll_strategy.h"
#include "vixd/function_service.h"
#include "vixd/launcher.h"
#include "vixd/processes_service.h"
#include "vixd/program_table.h"
#include "vixd/streams_service.h"
#include "vixd/terminator.h"
#include "vixd/vixd.h"

ABSL_FLAG(std::string, shim, "", "Path of toolboxd-shim; beside this program by default.");
ABSL_FLAG(int64_t, output_limit, int64_t{256} << 20,
          "Bytes kept of each output stream of a program with I/O.");
ABSL_FLAG(int64_t, input_limit, int64_t{256} << 20,
          "Bytes of input that may wait until a program with I/O reads them.");
ABSL_FLAG(int64_t, spool_limit, int64_t{512} << 20,
          "Bytes that the streams of all programs of the user may take, and no more than a quarter "
          "of the file system that the runtime directory is on.");

extern char** environ;

namespace toolboxd {
namespace {

constexpr absl::string_view kRuntimeDirVariable = "TOOLBOXD_RUNTIME_DIR=";

constexpr char kUsage[] =
    "starts and lists programs and runs functions, as the user that it runs as.\n\n"
    "session starts it with the caller's connection at descriptor 3 and the user's runtime\n"
    "directory in TOOLBOXD_RUNTIME_DIR; it ends with that connection.";

// What programs inherit: everything but what is meant for this process.
std::vector<std::string> ProgramEnvironment() {
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!absl::StartsWith(*variable, kRuntimeDirVariable)) environment.push_back(*variable);
  }
  return environment;
}

// Beside this program when installed; in a folder of its own where Bazel built it.
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
    return absl::InvalidArgumentError("TOOLBOXD_RUNTIME_DIR is not set: session starts vixd");
  }
  options.shim = FindShim();
  options.output_limit = absl::GetFlag(FLAGS_output_limit);
  options.spool_limit = absl::GetFlag(FLAGS_spool_limit);
  const vixd::InputLimits input{absl::GetFlag(FLAGS_input_limit), options.spool_limit};
  if (options.output_limit <= 0 || options.spool_limit <= 0 || input.waiting <= 0) {
    return absl::InvalidArgumentError("a limit is too small");
  }
  absl::StatusOr<std::unique_ptr<vixd::ProgramTable>> programs =
      vixd::ProgramTable::Open(absl::StrCat(runtime_dir, "/programs"));
  if (!programs.ok()) return programs.status();
  options.records = (*programs)->path();
  // Nobody waits for shims: they end without a trace.
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
  // A running function takes a thread.
  connection.limits.max_threads = 64;
  return ServeInheritedConnection(connection);
}

}  // namespace

int VixdMain(int argc, char** argv) {
  vixd::LauncherOptions options;
  // Before anything here changes it.
  options.environment = ProgramEnvironment();
  UsePollStrategy();
  InitDaemon(argc, argv, "vixd", kUsage);
  return ExitStatus(Serve(std::move(options)));
}

}  // namespace toolboxd
