// SPDX-License-Identifier: Apache-2.0

#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/init.h"
#include "daemon/server.h"
#include "snapshotd/plan_message.h"
#include "snapshotd/quiesce_service.h"
#include "snapshotd/scripts.h"
#include "snapshotd/settings.h"
#include "snapshotd/snapshotd.h"
#include "snapshotd/system_backend.h"

ABSL_FLAG(std::string, settings, toolboxd::snapshotd::kSettingsFile,
          "The administrator's settings for snapshots; read again for each.");
ABSL_FLAG(std::string, freezer, "/run/toolboxd/freezer.sock", "The freezer's socket.");
ABSL_FLAG(std::string, snapshot_dir, "/run/toolboxd/snapshot",
          "Folder, on a file system in memory, of the manifest and of the scripts' argument.");

namespace toolboxd {
namespace {

using snapshotd::QuiesceService;
using snapshotd::SystemBackend;
using snapshotd::SystemOptions;

SystemOptions OptionsFromFlags() {
  const std::string folder = absl::GetFlag(FLAGS_snapshot_dir);
  SystemOptions options;
  options.freezer_socket = absl::GetFlag(FLAGS_freezer);
  options.manifest = folder + "/quiesce_manifest.xml";
  options.scripts.argument_file = folder + "/argument";
  return options;
}

snapshotd::QuiesceParts Parts(const SystemOptions& options) {
  return {
      .settings = [] { return snapshotd::ReadSettings(absl::GetFlag(FLAGS_settings)); },
      .backend =
          [options](const v1::SnapshotSettings& settings, const v1::QuiesceStart& start) {
            return std::make_unique<SystemBackend>(options, settings, start);
          },
      .plan = [options](const v1::SnapshotSettings& settings) -> absl::StatusOr<v1::QuiescePlan> {
        const absl::StatusOr<snapshotd::Plan> plan =
            snapshotd::PlanOfThisMachine(options, settings);
        if (!plan.ok()) return plan.status();
        return snapshotd::ToMessage(*plan, settings);
      },
  };
}

}  // namespace

int SnapshotdMain(int argc, char** argv) {
  InitDaemon(argc, argv, "snapshotd",
             "has file systems stand still while the host takes a snapshot, and runs the "
             "administrator's scripts around it.\nServes toolboxd.v1.Quiesce on a Unix socket.");
  absl::StatusOr<ServerOptions> options =
      ServerOptionsFromFlags({.socket = "/run/toolboxd/snapshotd.sock",
                              .listener_name = "snapshotd",
                              .allow = "toolboxd-transport",
                              .idle_exit = absl::Seconds(30)});
  if (!options.ok()) return UsageError(options.status());

  const SystemOptions system = OptionsFromFlags();
  // Before a new snapshot can begin.
  snapshotd::RecoverScripts(system.scripts, StopSignal());
  QuiesceService service(Parts(system));
  options->services = {{v1::Quiesce::service_full_name(), &service}};
  options->busy = [&service] { return service.busy(); };
  options->on_stop = [&service] { service.Stop(); };
  // For the thaw, and for the scripts that start services again.
  options->shutdown_grace = absl::Seconds(20);
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(*std::move(options));
  if (!server.ok()) return ExitStatus(server.status());
  return ExitStatus((*server)->Run());
}

}  // namespace toolboxd
