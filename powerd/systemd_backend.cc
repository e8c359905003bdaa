// SPDX-License-Identifier: Apache-2.0

#include "powerd/systemd_backend.h"

#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "powerd/power_event.h"
#include "powerd/sd_bus.h"

namespace toolboxd {
namespace {

constexpr char kSystemd[] = "org.freedesktop.systemd1";
constexpr char kSystemdPath[] = "/org/freedesktop/systemd1";
constexpr char kSystemdManager[] = "org.freedesktop.systemd1.Manager";
constexpr char kNoSuchUnit[] = "org.freedesktop.systemd1.NoSuchUnit";
constexpr char kLogind[] = "org.freedesktop.login1";
constexpr char kLogindPath[] = "/org/freedesktop/login1";
constexpr char kLogindManager[] = "org.freedesktop.login1.Manager";

// Frees what a call filled in.
class BusError {
 public:
  explicit BusError(const SdBusLibrary& library) : library_(library) {}
  ~BusError() { library_.sd_bus_error_free(&error_); }
  sd_bus_error* get() { return &error_; }
  bool Is(const char* name) const { return library_.sd_bus_error_has_name(&error_, name) != 0; }

 private:
  const SdBusLibrary& library_;
  sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

// The jobs that ended since the match was made: object path to result.
struct EndedJobs {
  const SdBusLibrary* library;
  std::map<std::string, std::string> results;
};

// JobRemoved(u id, o job, s unit, s result).
int OnJobRemoved(sd_bus_message* message, void* data, sd_bus_error*) {
  EndedJobs* jobs = static_cast<EndedJobs*>(data);
  uint32_t id = 0;
  const char* path = nullptr;
  const char* unit = nullptr;
  const char* result = nullptr;
  if (jobs->library->sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0) {
    jobs->results[path] = result;
  }
  return 0;
}

// Starts the unit. An empty path means that there is no such unit.
absl::StatusOr<std::string> StartUnit(const SystemBus& bus, const std::string& unit) {
  const SdBusLibrary& library = bus.library();
  BusError error(library);
  sd_bus_message* reply = nullptr;
  const int called =
      library.sd_bus_call_method(bus.get(), kSystemd, kSystemdPath, kSystemdManager, "StartUnit",
                                 error.get(), &reply, "ss", unit.c_str(), "replace");
  if (called < 0 && error.Is(kNoSuchUnit)) return std::string();
  if (called < 0) return SdBusFailure(absl::StrCat("starting ", unit), called, error.get());
  const char* path = nullptr;
  const int read = library.sd_bus_message_read(reply, "o", &path);
  std::string job = read >= 0 ? path : "";
  library.sd_bus_message_unref(reply);
  if (read < 0) return SdBusFailure(absl::StrCat("starting ", unit), read, nullptr);
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
    if (processed < 0) return SdBusFailure(absl::StrCat("waiting for ", unit), processed, nullptr);
    const auto found = jobs.results.find(job);
    if (found != jobs.results.end()) {
      if (found->second == "done") return absl::OkStatus();
      return absl::UnknownError(
          absl::StrCat(unit, ": ", found->second, "; see journalctl -u ", unit));
    }
    if (processed > 0) continue;
    if (stop.IsSet()) return absl::CancelledError("stopped");
    const absl::Duration left = end - SteadyNow();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(
          absl::StrCat(unit, " has not ended after ", absl::FormatDuration(timeout)));
    }
    stop.Poll(library.sd_bus_get_fd(bus.get()), library.sd_bus_get_events(bus.get()), left);
  }
}

}  // namespace

absl::Status SystemdBackend::RunHooks(v1::PowerEvent event, const StopSignal& stop) {
  const std::string unit = PowerHookUnit(event);
  absl::StatusOr<SystemBus> bus = SystemBus::Open(absl::ToInt64Microseconds(options_.call_timeout));
  if (!bus.ok()) return bus.status();
  const SdBusLibrary& library = bus->library();

  // Before the unit is started: its job may end before StartUnit has answered.
  EndedJobs jobs{&library, {}};
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

  absl::StatusOr<std::string> job = StartUnit(*bus, unit);
  if (!job.ok()) return job.status();
  if (job->empty()) {
    LogNotice("there is no ", unit, ": no hooks are run");
    return absl::OkStatus();
  }
  return AwaitJob(*bus, jobs, *job, unit, options_.hook_timeout, stop);
}

absl::Status SystemdBackend::ChangeState(v1::PowerEvent event) {
  if (!HasPowerAction(event)) {
    return MakeError(
        v1::NOT_SUPPORTED,
        absl::StrCat(PowerEventName(event),
                     " has hooks only: powerd does not change the machine's state for it"));
  }
  // The host's "Halt" is a power-off; logind's Halt would stop the CPU and leave the virtual
  // machine on.
  const char* method = event == v1::HALT ? "PowerOff" : "Reboot";
  absl::StatusOr<SystemBus> bus = SystemBus::Open(absl::ToInt64Microseconds(options_.call_timeout));
  if (!bus.ok()) return bus.status();
  BusError error(bus->library());
  // The argument: whether polkit may ask a person for a password.
  const int called = bus->library().sd_bus_call_method(
      bus->get(), kLogind, kLogindPath, kLogindManager, method, error.get(), nullptr, "b", 0);
  if (called < 0) return SdBusFailure(absl::StrCat("logind ", method), called, error.get());
  return absl::OkStatus();
}

}  // namespace toolboxd
