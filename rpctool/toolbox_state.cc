// SPDX-License-Identifier: Apache-2.0

// stat, timesync, device and info of vmware-toolbox-cmd: what the host knows.

#include <stdio.h>
#include <time.h>

#include <cstdint>
#include <string>

#include "rpctool/guest_stats.h"
#include "rpctool/toolbox_call.h"
#include "transportd/backdoor/constants.h"

namespace toolboxd::rpctool {
namespace {

// A bit of GETGUIOPTIONS: the host asks its guest to take over its time again and again.
constexpr uint32_t kOptionSyncTime = 0x400;

uint32_t Low32(uint64_t value) { return static_cast<uint32_t>(value); }

int HostTime(const ToolboxCall& call) {
  backdoor::Registers registers = call.host.Command(backdoor::kCommandGetTimeFull);
  uint64_t seconds = registers.si << 32 | Low32(registers.dx);
  if (Low32(registers.ax) != backdoor::kMagic) {
    registers = call.host.Command(backdoor::kCommandGetTime);
    const uint32_t answer = Low32(registers.ax);
    seconds = answer == UINT32_MAX ? 0 : answer;
  }
  const time_t time = static_cast<time_t>(seconds);
  tm local;
  char text[64];
  if (time <= 0 || localtime_r(&time, &local) == nullptr ||
      strftime(text, sizeof text, "%d %b %Y %H:%M:%S", &local) == 0) {
    return call.Fail(kTempFail, "Unable to get host time");
  }
  return call.Print(text);
}

int Speed(const ToolboxCall& call) {
  const uint32_t speed = Low32(call.host.Command(backdoor::kCommandGetMhz).ax);
  return call.Print(std::to_string(speed) + " MHz");
}

// The host's statistics, or why there are none.
int Statistic(const ToolboxCall& call, uint32_t id, const char* unit) {
  const Answer answer = call.host.Ask("guestlib.info.get 3");
  const GuestStats stats(answer.text);
  if (answer.kind != Answer::Kind::kSuccess || !stats.Session().has_value()) {
    return call.Fail(kTempFail, "UpdateInfo failed: VMware Guest API is not enabled on the host");
  }
  char text[64];
  if (id == 0) {
    snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(*stats.Session()));
    return call.Print(text);
  }
  const std::optional<uint32_t> number = stats.Number(id);
  if (!number.has_value()) {
    return call.Fail(kTempFail, "Failed to get stat: This value is not available on this host");
  }
  return call.Print(std::to_string(*number) + unit);
}

int Raw(const ToolboxCall& call) {
  std::string request = "guestlib.stat.get ";
  for (int i = 1; i < call.argc; ++i) request += std::string(i > 1 ? " " : "") + call.argv[i];
  const Answer answer = call.host.Ask(request);
  if (answer.kind != Answer::Kind::kSuccess) {
    return call.Fail(kTempFail, "Failed to get stat: This value is not available on this host");
  }
  return call.Print(answer.text);
}

bool IsSynchronised(const ToolboxCall& call) {
  return Low32(call.host.Command(backdoor::kCommandGetGuiOptions).ax) & kOptionSyncTime;
}

int Synchronise(const ToolboxCall& call, bool on) {
  if (IsSynchronised(call) != on) {
    const std::string request = std::string("vmx.set_option synctime ") + (on ? "0 1" : "1 0");
    const Answer answer = call.host.Ask(request + '\0');
    if (answer.kind != Answer::Kind::kSuccess)
      return call.Fail(1, std::string("Error: ").append(answer.text));
  }
  return call.Confirm(on ? "Enabled" : "Disabled");
}

}  // namespace

int StatCommand(const ToolboxCall& call) {
  struct Number {
    const char* name;
    uint32_t id;
    const char* unit;
  };
  constexpr Number kNumbers[] = {
      {"sessionid", 0, ""},
      {"balloon", kMemoryBalloonedMb, " MB"},
      {"swap", kMemorySwappedMb, " MB"},
      {"memlimit", kMemoryLimitMb, " MB"},
      {"memres", kMemoryReservationMb, " MB"},
      {"cpures", kCpuReservationMhz, " MHz"},
      {"cpulimit", kCpuLimitMhz, " MHz"},
  };
  const std::string_view name = call.argument(0);
  if (name == "hosttime") return HostTime(call);
  if (name == "speed") return Speed(call);
  if (name == "raw") return Raw(call);
  for (const Number& number : kNumbers) {
    if (name == number.name) return Statistic(call, number.id, number.unit);
  }
  return call.Unknown("subcommand", name);
}

int TimesyncCommand(const ToolboxCall& call) {
  const std::string_view operation = call.argument(0);
  if (operation == "enable" || operation == "disable") {
    return Synchronise(call, operation == "enable");
  }
  if (operation != "status") return call.Unknown("subcommand", operation);
  if (IsSynchronised(call)) return call.Confirm("Enabled");
  call.Confirm("Disabled");
  return kUnavailable;
}

int DeviceCommand(const ToolboxCall& call) {
  const std::string_view operation = call.argument(0);
  if (operation == "list") return 0;
  if (operation != "status" && operation != "enable" && operation != "disable") {
    return call.Unknown("subcommand", operation);
  }
  if (!call.has(1)) return call.Missing("device name");
  return call.Fail(kOsFile, "Error fetching interface information: device not found.");
}

int InfoCommand(const ToolboxCall& call) {
  if (!call.has(1)) return call.Missing("info infoclass");
  if (call.argument(0) != "update") return call.Unknown("subcommand", call.argument(0));
  if (call.argument(1) != "network") return call.Unknown("info infoclass", call.argument(1));
  // guestinfod sees every change by itself.
  return 0;
}

}  // namespace toolboxd::rpctool
