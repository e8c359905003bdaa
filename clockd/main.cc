// SPDX-License-Identifier: Apache-2.0

#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "clockd/clock_service.h"
#include "clockd/clockd.h"
#include "clockd/discipline.h"
#include "clockd/kernel_clock.h"
#include "daemon/init.h"
#include "daemon/server.h"

ABSL_FLAG(std::string, clock_dir, "",
          "Folder, on a file system in memory, for the mark that the clock has a corrected rate, "
          "so that the next clockd gives it its own one back; empty: no mark.");

namespace toolboxd {

int ClockdMain(int argc, char** argv) {
  InitDaemon(argc, argv, "clockd",
             "sets this machine's clock to the host's, for transportd.\n"
             "Serves toolboxd.v1.Clock on a Unix socket.");
  absl::StatusOr<ServerOptions> options =
      ServerOptionsFromFlags({.socket = "/run/toolboxd/clockd.sock",
                              .listener_name = "clockd",
                              .allow = "toolboxd-transport",
                              .idle_exit = absl::Seconds(10)});
  if (!options.ok()) return UsageError(options.status());
  const std::string folder = absl::GetFlag(FLAGS_clock_dir);
  clockd::SystemClock kernel;
  clockd::Discipline discipline(&kernel, folder.empty() ? "" : absl::StrCat(folder, "/slewing"));
  discipline.Recover();

  clockd::ClockService service(&discipline);
  options->services = {{v1::Clock::service_full_name(), &service}};
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(*std::move(options));
  if (!server.ok()) return ExitStatus(server.status());
  return ExitStatus((*server)->Run());
}

}  // namespace toolboxd
