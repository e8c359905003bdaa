// SPDX-License-Identifier: Apache-2.0

// GuestServices: what guest operations work with.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_SERVICES_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_SERVICES_H_

#include "absl/time/time.h"

namespace toolboxd {

namespace hgfs {
class Server;
}  // namespace hgfs

class Extensions;
class FunctionTable;
class PolicyStore;
class ProcessListCache;
class SessionPool;
class StartedPrograms;

// All pointers must outlive the operations that run with them, and the files that those open.
struct GuestServices {
  SessionPool* sessions;
  const PolicyStore* policy;
  const Extensions* extensions;
  FunctionTable* functions;
  StartedPrograms* programs;
  ProcessListCache* process_lists;
  hgfs::Server* hgfs;
  // Time limits of one call to a service, and of a call whose work has no bound.
  absl::Duration timeout;
  absl::Duration long_timeout;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_SERVICES_H_
