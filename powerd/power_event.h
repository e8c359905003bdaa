// SPDX-License-Identifier: Apache-2.0

// The power events by name.

#ifndef TOOLBOXD_POWERD_POWER_EVENT_H_
#define TOOLBOXD_POWERD_POWER_EVENT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "toolboxd/v1/power.pb.h"

namespace toolboxd {

// "halt", "reboot", "poweron", "resume", "suspend": the folder of the event's hooks, the
// instance of its unit and TOOLBOXD_POWER_EVENT. Empty for an event that does not exist.
absl::string_view PowerEventName(v1::PowerEvent event);

// Whether powerd halts or reboots the machine after the hooks. The other events consist of their
// hooks: the host itself suspends the machine (docs/protocol/power.md 7.4).
bool HasPowerAction(v1::PowerEvent event);

// The root unit that runs the event's hooks: "toolboxd-power-hook@halt.service".
std::string PowerHookUnit(v1::PowerEvent event);

}  // namespace toolboxd

#endif  // TOOLBOXD_POWERD_POWER_EVENT_H_
