// SPDX-License-Identifier: Apache-2.0

// What the machine's control groups say of the processes of toolboxd's services.

#ifndef TOOLBOXD_TRANSPORTD_SERVICE_PROCESSES_H_
#define TOOLBOXD_TRANSPORTD_SERVICE_PROCESSES_H_

#include <cstdint>
#include <string>

#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// Anonymous memory of the calling process, in bytes; 0 if /proc does not say.
uint64_t OwnMemory();

// Reads systemd's control groups (version 2) beside the calling process's own. Asks no service:
// that would start those that do not run. Costs nothing until it is called. Thread-safe.
class ServiceProcesses {
 public:
  // `own_group` is the calling process's, as /proc/self/cgroup names it, such as
  // "/system.slice/toolboxd-transportd.service"; `root` is where control groups are mounted.
  ServiceProcesses(std::string root, std::string own_group);
  // Those of this machine.
  static ServiceProcesses OfThisMachine();

  // Sets the state and the memory of each service of toolboxd, which is added if it is not there,
  // with transportd first. Elsewhere than in the package's unit only transportd's own are known.
  void AddTo(v1::TransportStatus& status) const;

 private:
  const std::string root_;
  // The folder of system.slice; empty outside of a unit.
  const std::string slice_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SERVICE_PROCESSES_H_
