// SPDX-License-Identifier: Apache-2.0

// The limits of the session pool and of the sockets that it connects to fit together.

#include "gtest/gtest.h"
#include "transportd/sessions/session_pool.h"
#include "transportd/testing/unit_directive.h"

namespace toolboxd {
namespace {

// Else a login would wait in the socket's queue until another user's session ends.
TEST(SessionLimits, SystemdAdmitsMoreConnectionsThanTransportdOpens) {
  const int64_t opened =
      static_cast<int64_t>(SessionPoolOptions().max_sessions + LeavingSessions::kMax) +
      1;  // A spare.
  for (const char* socket : {"toolboxd-hgfsd.socket", "toolboxd-vixd.socket"}) {
    EXPECT_GT(testing::UnitDirective(socket, "MaxConnections"), opened) << socket;
  }
}

}  // namespace
}  // namespace toolboxd
