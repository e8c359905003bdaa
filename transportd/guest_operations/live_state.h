// SPDX-License-Identifier: Apache-2.0

// What guest operations are doing now, as the Transport service shows it.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_LIVE_STATE_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_LIVE_STATE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "toolboxd/v1/transport.pb.h"
#include "transportd/extensions/extensions.h"
#include "transportd/functions/function_table.h"
#include "transportd/guest_operations/started_programs.h"
#include "transportd/hgfs/server.h"
#include "transportd/sessions/session_pool.h"

namespace toolboxd {

// For the channel's thread; all return without waiting. Texts are printable UTF-8.
std::vector<v1::ExtensionStatus> DescribeExtensions(const Extensions& extensions);
v1::ListSessionsReply DescribeSessions(const SessionPool& sessions);
v1::ListTransfersReply DescribeTransfers(const hgfs::Server& server);
// Functions first, and which vixd to ask.
ProgramsView DescribePrograms(const StartedPrograms& programs, const FunctionTable& functions,
                              const SessionPool& sessions);

// Numbers for monitoring.
struct LiveNumbers {
  size_t hgfsd_sessions = 0;
  size_t vixd_sessions = 0;
  size_t pending_logins = 0;
  // Files that the host reads and writes now, and content since the start.
  size_t transfers_from_guest = 0;
  size_t transfers_to_guest = 0;
  uint64_t bytes_from_guest = 0;
  uint64_t bytes_to_guest = 0;
  // Functions that have not ended.
  size_t functions = 0;
};
LiveNumbers CountLive(const SessionPool& sessions, const hgfs::Server& server,
                      const FunctionTable& functions);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_LIVE_STATE_H_
