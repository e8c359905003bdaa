// SPDX-License-Identifier: Apache-2.0

#include "daemon/poll_strategy.h"

#include <stdlib.h>

namespace toolboxd {

void UsePollStrategy() {
  setenv("GRPC_POLL_STRATEGY", "poll", /*overwrite=*/0);
  // 0: never.
  setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "0", /*overwrite=*/0);
}

}  // namespace toolboxd
