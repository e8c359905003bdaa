// SPDX-License-Identifier: Apache-2.0

// Units of systemd's system manager, over D-Bus. Needs neither root nor exec, only a polkit rule
// that permits the unit (deploy/polkit). All functions are thread-safe; each has a connection to
// the bus of its own, which exists only while it runs.

#ifndef TOOLBOXD_DAEMON_SYSTEM_UNIT_H_
#define TOOLBOXD_DAEMON_SYSTEM_UNIT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/stop_signal.h"

namespace toolboxd {

struct UnitTimes {
  // How long to wait for the end of the job. A unit's own limit should be a little shorter, since
  // its error says more.
  absl::Duration job;
  // How long systemd may take to answer a call.
  absl::Duration call = absl::Seconds(10);
};

// Starts the unit and waits until its job has ended: for Type=oneshot, until its programs have.
// NOT_FOUND if there is no such unit, PERMISSION_DENIED if polkit does not permit it or cannot be
// asked, so that nothing was started, and UNAVAILABLE if systemd could not be asked to start it.
// Once it is started: UNKNOWN if the job failed, ABORTED if the bus was lost, DEADLINE_EXCEEDED
// after the time, CANCELLED when `stop` is set; after these three the unit goes on, see StopUnit().
absl::Status RunUnit(const std::string& unit, UnitTimes times, const StopSignal& stop);

// Has systemd stop the unit and waits for the end of its processes: they get SIGTERM, and SIGKILL
// later, as the unit says. No error if the unit is not active, or there is none. DEADLINE_EXCEEDED
// after the time, which should be longer than the unit's TimeoutStopSec.
absl::Status StopUnit(const std::string& unit, UnitTimes times = {.job = absl::Seconds(15)});

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_SYSTEM_UNIT_H_
