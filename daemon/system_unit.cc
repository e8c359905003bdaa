// SPDX-License-Identifier: Apache-2.0

#include "daemon/system_unit.h"

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/steady_time.h"
#include "daemon/sd_bus.h"

namespace toolboxd {
namespace {

constexpr char kSystemd[] = "org.freedesktop.systemd1";
constexpr char kSystemdPath[] = "/org/freedesktop/systemd1";
constexpr char kSystemdManager[] = "org.freedesktop.systemd1.Manager";
constexpr char kNoSuchUnit[] = "org.freedesktop.systemd1.NoSuchUnit";
// How systemd reports that polkit does not permit a call, or cannot be asked.
constexpr char kInteraction[] = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
constexpr char kAccessDenied[] = "org.freedesktop.DBus.Error.AccessDenied";

// The connection that has systemd's name now, as the bus numbers it; empty if none has.
std::string Systemd(const SystemBus& bus) {
  const SdBusLibrary& library = bus.library();
  BusError error(library);
  sd_bus_message* reply = nullptr;
  const int called = library.sd_bus_call_method(bus.get(), "org.freedesktop.DBus",
                                                "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                                "GetNameOwner", error.get(), &reply, "s", kSystemd);
  if (called < 0) return "";
  const char* owner = nullptr;
  library.sd_bus_message_read(reply, "s", &owner);
  std::string result = owner != nullptr ? owner : "";
  library.sd_bus_message_unref(reply);
  return result;
}

// The jobs that ended since the match was made: object path to result. Whoever may use the bus may
// send a signal to this connection, which the match by systemd's name does not keep away.
struct EndedJobs {
  const SystemBus* bus;
  std::string systemd;
  std::map<std::string, std::string> results;

  // It has another number once it has executed itself again.
  bool IsOfSystemd(const char* sender) {
    if (sender == nullptr) return false;
    if (sender != systemd) systemd = Systemd(*bus);
    return sender == systemd;
  }
};

// JobRemoved(u id, o job, s unit, s result).
int OnJobRemoved(sd_bus_message* message, void* data, sd_bus_error*) {
  EndedJobs* jobs = static_cast<EndedJobs*>(data);
  uint32_t id = 0;
  const char* path = nullptr;
  const char* unit = nullptr;
  const char* result = nullptr;
  const SdBusLibrary& library = jobs->bus->library();
  if (!jobs->IsOfSystemd(library.sd_bus_message_get_sender(message))) return 0;
  if (library.sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0) {
    jobs->results[path] = result;
  }
  return 0;
}

// Calls StartUnit or StopUnit. The path of the job; NOT_FOUND if there is no such unit,
// PERMISSION_DENIED if the call is not permitted.
absl::StatusOr<std::string> CallManager(const SystemBus& bus, const char* method,
                                        const std::string& unit) {
  const SdBusLibrary& library = bus.library();
  BusError error(library);
  sd_bus_message* reply = nullptr;
  const int called =
      library.sd_bus_call_method(bus.get(), kSystemd, kSystemdPath, kSystemdManager, method,
                                 error.get(), &reply, "ss", unit.c_str(), "replace");
  const std::string what = absl::StrCat("systemd ", method, " ", unit);
  if (called < 0 && error.Is(kNoSuchUnit)) {
    return absl::NotFoundError(absl::StrCat("there is no ", unit));
  }
  if (called < 0) {
    const absl::Status failure = SdBusFailure(what, called, error.get());
    const bool refused = error.Is(kInteraction) || error.Is(kAccessDenied);
    return refused ? absl::PermissionDeniedError(failure.message()) : failure;
  }
  const char* path = nullptr;
  const int read = library.sd_bus_message_read(reply, "o", &path);
  std::string job = read >= 0 ? path : "";
  library.sd_bus_message_unref(reply);
  if (read < 0) return SdBusFailure(what, read, nullptr);
  return job;
}

// Dispatches signals until the job has ended. Does not use sd_bus_wait, since the wait must end for
// `stop` too.
absl::Status AwaitJob(const SystemBus& bus, const EndedJobs& jobs, const std::string& job,
                      const std::string& unit, absl::Duration timeout, const StopSignal& stop) {
  const SdBusLibrary& library = bus.library();
  const absl::Time end = SteadyNow() + timeout;
  for (;;) {
    const int processed = library.sd_bus_process(bus.get(), nullptr);
    if (processed < 0) {
      return absl::AbortedError(
          SdBusFailure(absl::StrCat("waiting for ", unit), processed, nullptr).message());
    }
    const auto found = jobs.results.find(job);
    if (found != jobs.results.end()) {
      if (found->second == "done") return absl::OkStatus();
      return absl::UnknownError(
          absl::StrCat(unit, ": ", found->second, "; see journalctl -u ", unit));
    }
    if (stop.IsSet()) return absl::CancelledError("stopped");
    const absl::Duration left = end - SteadyNow();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(
          absl::StrCat(unit, " has not ended after ", absl::FormatDuration(timeout)));
    }
    if (processed > 0) continue;
    stop.Poll(library.sd_bus_get_fd(bus.get()), library.sd_bus_get_events(bus.get()), left);
  }
}

// Calls StartUnit or StopUnit, and waits for the end of its job.
absl::Status RunJob(const char* method, const std::string& unit, UnitTimes times,
                    const StopSignal& stop) {
  absl::StatusOr<SystemBus> bus = SystemBus::Open(absl::ToInt64Microseconds(times.call));
  if (!bus.ok()) return bus.status();
  const SdBusLibrary& library = bus->library();

  // Before the call: the job may end before it has answered.
  EndedJobs jobs{&*bus, Systemd(*bus), {}};
  sd_bus_slot* slot = nullptr;
  const int matched =
      library.sd_bus_match_signal(bus->get(), &slot, kSystemd, kSystemdPath, kSystemdManager,
                                  "JobRemoved", OnJobRemoved, &jobs);
  if (matched < 0) return SdBusFailure("system bus", matched, nullptr);
  std::unique_ptr<sd_bus_slot, decltype(library.sd_bus_slot_unref)> slot_owner(
      slot, library.sd_bus_slot_unref);
  // systemd sends the signals of a job to the caller that started it in any case; this is for a
  // manager that does not. A refusal does no harm.
  BusError ignored(library);
  library.sd_bus_call_method(bus->get(), kSystemd, kSystemdPath, kSystemdManager, "Subscribe",
                             ignored.get(), nullptr, "");

  const absl::StatusOr<std::string> job = CallManager(*bus, method, unit);
  if (!job.ok()) return job.status();
  return AwaitJob(*bus, jobs, *job, unit, times.job, stop);
}

}  // namespace

absl::Status RunUnit(const std::string& unit, UnitTimes times, const StopSignal& stop) {
  return RunJob("StartUnit", unit, times, stop);
}

absl::Status StopUnit(const std::string& unit, UnitTimes times) {
  const absl::Status status = RunJob("StopUnit", unit, times, StopSignal());
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

}  // namespace toolboxd
