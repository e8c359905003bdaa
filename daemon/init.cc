// SPDX-License-Identifier: Apache-2.0

#include "daemon/init.h"

#include <signal.h>
#include <sysexits.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/steady_waits.h"
#include "daemon/flags.h"
#include "daemon/grpc_log.h"
#include "daemon/quiet_engine.h"
#include "daemon/quiet_timers.h"

namespace toolboxd {
namespace {

// Development machines have none of the package's users; root is admitted there too.
absl::StatusOr<AllowedCallers> UsualCallers(absl::string_view list) {
  std::vector<absl::string_view> known;
  for (absl::string_view entry : absl::StrSplit(list, ',', absl::SkipEmpty())) {
    if (AllowedCallers::Parse(entry).ok()) {
      known.push_back(entry);
    } else {
      LogInfo("--allow: this machine has no user or group \"", entry,
              "\"; the entry has no effect");
    }
  }
  return AllowedCallers::Parse(absl::StrJoin(known, ","));
}

}  // namespace

void InitDaemon(int argc, char** argv, const std::string& name, const std::string& usage) {
  ConfigureAllocator();
  UseSteadyWaits();
  // After a peer has left, write returns an error, in all libraries.
  signal(SIGPIPE, SIG_IGN);
  ParseCommandLine(argc, argv, name, usage);
#ifdef NDEBUG
  // Debian's Abseil is built with the checks of a debug build: a graph of all mutexes, which each
  // lock is looked up in.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  RouteGrpcLog();
  InstallQuietEngine();
  InstallQuietTimers();
}

absl::StatusOr<ServerOptions> ServerOptionsFromFlags(const DaemonDefaults& defaults) {
  absl::StatusOr<SharedFlags> flags = GetSharedFlags();
  if (!flags.ok()) return flags.status();
  ServerOptions options;
  options.listener.path = flags->socket.empty() ? defaults.socket : flags->socket;
  options.listener.mode = flags->socket_mode;
  options.listener.group = flags->socket_group;
  options.listener_name = defaults.listener_name;
  options.idle_exit = flags->has_idle_exit ? flags->idle_exit : defaults.idle_exit;
  if (flags->has_allowed) {
    options.allowed = flags->allowed;
  } else {
    absl::StatusOr<AllowedCallers> usual = UsualCallers(defaults.allow);
    if (!usual.ok()) return usual.status();
    options.allowed = *std::move(usual);
  }
  return options;
}

int UsageError(const absl::Status& error) {
  LogError(error.message());
  return kExitUsage;
}

int ExitStatus(const absl::Status& outcome) {
  if (outcome.ok()) return 0;
  LogError(outcome.message());
  return absl::IsInvalidArgument(outcome) ? EX_USAGE : 1;
}

}  // namespace toolboxd
