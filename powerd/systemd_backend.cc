// SPDX-License-Identifier: Apache-2.0

#include "powerd/systemd_backend.h"

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "daemon/sd_bus.h"
#include "daemon/system_unit.h"
#include "powerd/power_event.h"

namespace toolboxd {
namespace {

constexpr char kLogind[] = "org.freedesktop.login1";
constexpr char kLogindPath[] = "/org/freedesktop/login1";
constexpr char kLogindManager[] = "org.freedesktop.login1.Manager";

bool IsEmptyOrMissing(const std::string& folder) {
  std::error_code ignored;
  return !std::filesystem::exists(folder, ignored) || std::filesystem::is_empty(folder, ignored);
}

}  // namespace

absl::Status SystemdBackend::RunHooks(v1::PowerEvent event, const StopSignal& stop) {
  const std::string unit = PowerHookUnit(event);
  const absl::Status status =
      RunUnit(unit, {.job = options_.hook_timeout, .call = options_.call_timeout}, stop);
  if (absl::IsPermissionDenied(status) &&
      IsEmptyOrMissing(absl::StrCat(options_.script_dir, "/", PowerEventName(event)))) {
    return absl::OkStatus();
  }
  if (!absl::IsNotFound(status)) return status;
  LogNotice("there is no ", unit, ": no hooks are run");
  return absl::OkStatus();
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
