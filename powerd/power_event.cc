// SPDX-License-Identifier: Apache-2.0

#include "powerd/power_event.h"

#include "absl/strings/str_cat.h"

namespace toolboxd {

absl::string_view PowerEventName(v1::PowerEvent event) {
  switch (event) {
    case v1::HALT:
      return "halt";
    case v1::REBOOT:
      return "reboot";
    case v1::POWER_ON:
      return "poweron";
    case v1::RESUME:
      return "resume";
    case v1::SUSPEND:
      return "suspend";
    default:
      return "";
  }
}

bool HasPowerAction(v1::PowerEvent event) { return event == v1::HALT || event == v1::REBOOT; }

std::string PowerHookUnit(v1::PowerEvent event) {
  return absl::StrCat("toolboxd-power-hook@", PowerEventName(event), ".service");
}

}  // namespace toolboxd
