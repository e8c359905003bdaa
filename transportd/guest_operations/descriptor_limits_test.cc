// SPDX-License-Identifier: Apache-2.0

// All that transportd may hold at a time fits into the descriptors of its unit: without a free one
// gRPC ends the process. And all its threads fit into its tasks.

#include <cstdint>

#include "daemon/server.h"
#include "gtest/gtest.h"
#include "transportd/extensions/extensions.h"
#include "transportd/functions/function_table.h"
#include "transportd/hgfs/session_table.h"
#include "transportd/sessions/session_pool.h"
#include "transportd/testing/unit_directive.h"

namespace toolboxd {
namespace {

TEST(DescriptorLimits, AllTablesAtTheirLimitsFitTheUnit) {
  // Its connection, a second descriptor of that, its process, and what gRPC waits with.
  const auto sessions = static_cast<int64_t>(2 * 4 * (SessionPoolOptions().max_sessions + 1));
  constexpr int64_t kLeaving = 2 * LeavingSessions::kMax;
  // A connection and a process.
  constexpr int64_t kLogins = 2 * WorkerPool::kMaxTasks;
  // A stream and a file of its own.
  constexpr int64_t kHandles = 2 * hgfs::SessionTable::kMaxHandles;
  // Three streams, each a file.
  constexpr int64_t kFunctions =
      3 * (FunctionTable::kMaxRunning + FunctionTable::kMaxEnded) + 2 * FunctionTable::kMaxRunning;
  // The caller's, one to watch it, and two between the gate and gRPC.
  const int64_t callers = int64_t{4} * ServerOptions().max_connections;
  // rpc.sock has 32; the rest is transportd's own: the channel, calls of services, eventfds.
  constexpr int64_t kOthers = 32 + 200;
  EXPECT_LE(sessions + kLeaving + kLogins + kHandles + kFunctions + callers + kOthers,
            testing::UnitDirective("toolboxd-transportd.service", "LimitNOFILE"));
}

TEST(TaskLimits, AllThreadsAtTheirLimitsFitTheUnit) {
  const int callers = ServerLimits().max_threads + LimitedServices().limits.max_threads;
  constexpr int64_t kLogins = WorkerPool::kMaxTasks;
  // Eight calls of each of four daemons (transportd/call_threads.h).
  constexpr int64_t kCalls = 4 * 8;
  constexpr auto kExtensions = static_cast<int64_t>(AwaitedSockets::kMax);
  // Those that are there at all times: of gRPC three and of transportd eight, with the gate's. And
  // of gRPC's executors, and for a policy that was read, a few more at times.
  constexpr int64_t kOthers = 11 + 4;
  EXPECT_LE(callers + kLogins + kCalls + FunctionTable::kThreads + kExtensions + kOthers,
            testing::UnitDirective("toolboxd-transportd.service", "TasksMax"));
}

}  // namespace
}  // namespace toolboxd
