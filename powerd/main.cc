// SPDX-License-Identifier: Apache-2.0

#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "daemon/init.h"
#include "daemon/server.h"
#include "powerd/direct_backend.h"
#include "powerd/power_service.h"
#include "powerd/powerd.h"
#include "powerd/systemd_backend.h"

ABSL_FLAG(
    std::string, power_backend, "auto",
    "systemd: logind and hook units, over D-Bus; direct: run the hooks and the shutdown command "
    "itself, which needs root; auto: direct for root where systemd does not run, else systemd.");
ABSL_FLAG(std::string, hook_dir, "/etc/toolboxd/power.d",
          "The folder with one folder of hooks for each event; used by the direct back end.");
ABSL_FLAG(absl::Duration, hook_timeout, absl::Seconds(60),
          "How long all hooks of one event may take together.");
ABSL_FLAG(std::string, shutdown_command, "/sbin/shutdown",
          "Called with '-h now' or '-r now' by the direct back end.");

namespace toolboxd {
namespace {

// As sd_booted(3).
bool SystemdRuns() {
  struct stat info;
  return lstat("/run/systemd/system", &info) == 0 && S_ISDIR(info.st_mode);
}

absl::StatusOr<std::unique_ptr<PowerBackend>> MakeBackend() {
  const std::string name = absl::GetFlag(FLAGS_power_backend);
  const absl::Duration hook_timeout = absl::GetFlag(FLAGS_hook_timeout);
  if (hook_timeout <= absl::ZeroDuration() || hook_timeout > absl::Hours(24)) {
    return absl::InvalidArgumentError("--hook_timeout must be more than 0 and at most 24h");
  }
  if (name == "direct" || (name == "auto" && !SystemdRuns() && geteuid() == 0)) {
    DirectOptions options;
    options.hook_dir = absl::GetFlag(FLAGS_hook_dir);
    options.hook_timeout = hook_timeout;
    options.shutdown_command = absl::GetFlag(FLAGS_shutdown_command);
    LogInfo("hooks in ", options.hook_dir, " and ", options.shutdown_command, " are run directly");
    return std::make_unique<DirectBackend>(options);
  }
  if (name != "systemd" && name != "auto") {
    return absl::InvalidArgumentError(
        absl::StrCat("--power_backend: '", name, "' is not auto, systemd or direct"));
  }
  SystemdOptions options;
  // The unit's own limit comes first: its error says more.
  options.hook_timeout = hook_timeout + absl::Seconds(5);
  return std::make_unique<SystemdBackend>(options);
}

}  // namespace

int PowerdMain(int argc, char** argv) {
  InitDaemon(
      argc, argv, "powerd",
      "halts and reboots this machine for transportd, and runs the administrator's hooks for "
      "power events.\nServes toolboxd.v1.Power on a Unix socket.");
  absl::StatusOr<ServerOptions> options =
      ServerOptionsFromFlags({.socket = "/run/toolboxd/powerd.sock",
                              .listener_name = "powerd",
                              .allow = "toolboxd-transport",
                              .idle_exit = absl::Seconds(30)});
  if (!options.ok()) return UsageError(options.status());
  absl::StatusOr<std::unique_ptr<PowerBackend>> backend = MakeBackend();
  if (!backend.ok()) return UsageError(backend.status());

  PowerService service(backend->get());
  options->services = {{v1::Power::service_full_name(), &service}};
  options->busy = [&service] { return service.busy(); };
  options->on_stop = [&service] { service.Stop(); };
  // After SIGTERM a hook has two seconds before SIGKILL.
  options->shutdown_grace = absl::Seconds(3);
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(*std::move(options));
  if (!server.ok()) return ExitStatus(server.status());
  return ExitStatus((*server)->Run());
}

}  // namespace toolboxd
