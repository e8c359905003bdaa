// SPDX-License-Identifier: Apache-2.0

// Sockets that systemd opened for this process (sd_listen_fds(3)), without libsystemd.

#ifndef TOOLBOXD_DAEMON_LISTEN_FDS_H_
#define TOOLBOXD_DAEMON_LISTEN_FDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace toolboxd {

struct InheritedSocket {
  int fd;
  // From LISTEN_FDNAMES: FileDescriptorName= of the socket unit, or empty.
  std::string name;
};

// What LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES say: descriptors from 3 on, made
// close-on-exec; none if the variables are not for this process. Removes the variables, so
// that programs started later do not see them; a second call finds none.
// The caller owns the descriptors. InvalidArgument for values that are not numbers, or that
// name descriptors that are not open. Call it before threads start.
absl::StatusOr<std::vector<InheritedSocket>> TakeListenFds();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_LISTEN_FDS_H_
