// SPDX-License-Identifier: Apache-2.0

// hgfsd: the guest's files for one user, on one connection.

#include <signal.h>
#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "daemon/flags.h"
#include "daemon/inherited_connection.h"
#include "daemon/init.h"
#include "daemon/lockdown.h"
#include "daemon/poll_strategy.h"
#include "daemon/server.h"
#include "hgfsd/file_handler_service.h"
#include "hgfsd/files_service.h"
#include "hgfsd/hgfsd.h"
#include "hgfsd/limits.h"

ABSL_FLAG(bool, sync_uploads, false,
          "Write an uploaded file to the disk before it replaces the target. Without this flag a "
          "power failure within seconds may lose the file.");

namespace toolboxd {
namespace {

constexpr char kUsage[] =
    "serves the guest's files as the user it runs as: the services Files and FileHandler "
    "(proto/toolboxd/v1).\n"
    "session starts it with the caller's connection at descriptor 3. It ends with that "
    "connection. Started by hand, --socket=PATH makes it listen there instead, for its own user "
    "and root.";

absl::Status Serve() {
  hgfsd::FilesService files;
  hgfsd::FileHandlerService file_handler({.sync_uploads = absl::GetFlag(FLAGS_sync_uploads)});
  const std::vector<NamedService> services = {
      {v1::Files::service_full_name(), &files},
      {v1::FileHandler::service_full_name(), &file_handler}};
  ServerLimits limits;
  limits.max_threads = hgfsd::kMaxCallThreads;
  limits.max_streams = hgfsd::kMaxCalls;

  absl::StatusOr<SharedFlags> flags = GetSharedFlags();
  if (!flags.ok()) return flags.status();
  if (flags->socket.empty()) {
    InheritedConnectionOptions options;
    options.services = services;
    options.limits = limits;
    return ServeInheritedConnection(options);
  }
  DaemonDefaults defaults;
  defaults.allow = absl::StrCat(geteuid());
  absl::StatusOr<ServerOptions> options = ServerOptionsFromFlags(defaults);
  if (!options.ok()) return options.status();
  options->services = services;
  options->limits = limits;
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(*std::move(options));
  if (!server.ok()) return server.status();
  return (*server)->Run();
}

}  // namespace

int HgfsdMain(int argc, char** argv) {
  HideFromOwnUser();
  const absl::Status forbidden = ForbidUnneededSystemCalls();
  UsePollStrategy();
  InitDaemon(argc, argv, "hgfsd", kUsage);
  if (!forbidden.ok()) return ExitStatus(forbidden);
  // A file beyond RLIMIT_FSIZE is an error of one upload, not the end of the process.
  signal(SIGXFSZ, SIG_IGN);
  return ExitStatus(Serve());
}

}  // namespace toolboxd
