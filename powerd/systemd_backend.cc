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

// Whether logind would do it for us. Answers that are newer than this ("inhibited") are left to the
// call itself.
absl::Status IsAble(absl::string_view method, uint64_t timeout) {
  const absl::StatusOr<SystemBus> bus = SystemBus::Open(timeout);
  if (!bus.ok()) return bus.status();
  const SdBusLibrary& library = bus->library();
  BusError error(library);
  sd_bus_message* reply = nullptr;
  const std::string question = absl::StrCat("Can", method);
  const int called = library.sd_bus_call_method(bus->get(), kLogind, kLogindPath, kLogindManager,
                                                question.c_str(), error.get(), &reply, nullptr);
  if (called < 0) return SdBusFailure(absl::StrCat("logind ", question), called, error.get());
  const char* text = nullptr;
  library.sd_bus_message_read(reply, "s", &text);
  const std::string answer = text != nullptr ? text : "";
  library.sd_bus_message_unref(reply);
  // Not implemented here; not permitted; permitted to a person with a password.
  if (answer != "na" && answer != "no" && answer != "challenge") return absl::OkStatus();
  return MakeError(v1::PERMISSION_DENIED,
                   absl::StrCat("logind would not do ", method, " for powerd (", question, ": ",
                                answer, "); see its polkit rules"));
}

absl::Status Act(const char* method, uint64_t timeout) {
  const absl::StatusOr<SystemBus> bus = SystemBus::Open(timeout);
  if (!bus.ok()) return bus.status();
  BusError error(bus->library());
  // The argument: whether polkit may ask a person for a password.
  const int called = bus->library().sd_bus_call_method(
      bus->get(), kLogind, kLogindPath, kLogindManager, method, error.get(), nullptr, "b", 0);
  if (called < 0) return SdBusFailure(absl::StrCat("logind ", method), called, error.get());
  return absl::OkStatus();
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

absl::StatusOr<PowerAction> SystemdBackend::Prepare(v1::PowerEvent event) {
  if (!HasPowerAction(event)) {
    return MakeError(
        v1::NOT_SUPPORTED,
        absl::StrCat(PowerEventName(event),
                     " has hooks only: powerd does not change the machine's state for it"));
  }
  // The host's "Halt" is a power-off; logind's Halt would stop the CPU and leave the virtual
  // machine on.
  const char* method = event == v1::HALT ? "PowerOff" : "Reboot";
  const uint64_t timeout = absl::ToInt64Microseconds(options_.call_timeout);
  if (absl::Status able = IsAble(method, timeout); !able.ok()) return able;
  return PowerAction([method, timeout] { return Act(method, timeout); });
}

}  // namespace toolboxd
