// SPDX-License-Identifier: Apache-2.0

#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/init.h"
#include "daemon/server.h"
#include "deployd/customization_service.h"
#include "deployd/deployd.h"
#include "deployd/inbox_service.h"
#include "deployd/own_folder.h"
#include "deployd/settings.h"

ABSL_FLAG(std::string, deploy_settings, toolboxd::deployd::kSettingsFile,
          "The administrator's settings for customization; read again for each package.");
ABSL_FLAG(std::string, deploy_dir, "/run/toolboxd/deploy",
          "Folder, on a file system in memory, of inboxes and unpacked packages. Other files in it "
          "are removed at the start.");
ABSL_FLAG(std::string, cloud_init_dir, "/run/vmware-imc",
          "Folder in which cloud-init looks for a customization.");
ABSL_FLAG(std::string, root_dir, "",
          "Before the paths of cloud-init's files and of the scripts, for tests.");

namespace toolboxd {
namespace {

deployd::DeployPlaces PlacesFromFlags() {
  deployd::DeployPlaces places;
  places.root = absl::GetFlag(FLAGS_root_dir);
  places.work = absl::GetFlag(FLAGS_deploy_dir);
  places.cloud_init = absl::GetFlag(FLAGS_cloud_init_dir);
  places.scripts.folder = places.root + deployd::kScriptFolder;
  places.scripts.request = places.work + "/customize-request";
  return places;
}

}  // namespace

int DeploydMain(int argc, char** argv) {
  InitDaemon(argc, argv, "deployd",
             "takes the package with which the host customizes a clone, and hands it to "
             "cloud-init.\nServes toolboxd.v1.Customization and FileHandler on a Unix socket.");
  absl::StatusOr<ServerOptions> options =
      ServerOptionsFromFlags({.socket = "/run/toolboxd/deployd.sock",
                              .listener_name = "deployd",
                              .allow = "toolboxd-transport",
                              .idle_exit = absl::Seconds(3)});
  if (!options.ok()) return UsageError(options.status());
  const deployd::DeployPlaces places = PlacesFromFlags();
  if (const absl::StatusOr<UniqueFd> folder = deployd::OpenOwnFolder(places.work); !folder.ok()) {
    return ExitStatus(folder.status());
  }

  deployd::CustomizationService customization(
      places, [] { return deployd::ReadSettings(absl::GetFlag(FLAGS_deploy_settings)); });
  deployd::InboxService files([&customization] { return customization.inbox(); });
  options->services = {{v1::Customization::service_full_name(), &customization},
                       {v1::FileHandler::service_full_name(), &files}};
  options->busy = [&customization] { return customization.busy(); };
  options->finished = [&customization] { return customization.finished(); };
  options->on_stop = [&customization] { customization.Stop(); };
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(*std::move(options));
  if (!server.ok()) return ExitStatus(server.status());
  return ExitStatus((*server)->Run());
}

}  // namespace toolboxd
