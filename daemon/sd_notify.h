// SPDX-License-Identifier: Apache-2.0

// Reports the state of the service to systemd (sd_notify(3)), without libsystemd.

#ifndef TOOLBOXD_DAEMON_SD_NOTIFY_H_
#define TOOLBOXD_DAEMON_SD_NOTIFY_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd {

// Sends "READY=1", "STOPPING=1", "STATUS=text", "WATCHDOG=1" or several of them, separated by
// newlines, to $NOTIFY_SOCKET. Never blocks. False if there is no such socket or it did not
// take the message; a service goes on either way. Thread-safe as long as no thread sets the
// environment.
bool SdNotify(absl::string_view state);

// How often "WATCHDOG=1" is due at the latest (WATCHDOG_USEC); infinite if systemd does not
// ask this process for it.
absl::Duration WatchdogInterval();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_SD_NOTIFY_H_
