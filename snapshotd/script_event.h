// SPDX-License-Identifier: Apache-2.0

// The moments at which the administrator's scripts run (docs/protocol/snapshot.md 8.8).

#ifndef TOOLBOXD_SNAPSHOTD_SCRIPT_EVENT_H_
#define TOOLBOXD_SNAPSHOTD_SCRIPT_EVENT_H_

#include "absl/strings/string_view.h"

namespace toolboxd::snapshotd {

enum class ScriptEvent {
  // Before the freeze; a failure ends the snapshot.
  kFreeze,
  // After the snapshot.
  kThaw,
  // Instead of kThaw after a failure, for the scripts that succeeded at kFreeze.
  kFreezeFail,
};

// The scripts' first argument: "freeze", "thaw" or "freezeFail".
inline absl::string_view ScriptEventName(ScriptEvent event) {
  switch (event) {
    case ScriptEvent::kFreeze:
      return "freeze";
    case ScriptEvent::kThaw:
      return "thaw";
    case ScriptEvent::kFreezeFail:
      return "freezeFail";
  }
  return "";
}

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_SCRIPT_EVENT_H_
