// SPDX-License-Identifier: Apache-2.0

#include "freezer/fork_pair.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace toolboxd::freezer {

pid_t ForkPair(UniqueFd& end) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return -errno;
  UniqueFd first(pair[0]), second(pair[1]);
  const pid_t process = fork();
  if (process < 0) return -errno;
  end.reset(process == 0 ? second.release() : first.release());
  return process;
}

bool SayReady(const UniqueFd& end) { return send(end.get(), "", 1, MSG_NOSIGNAL) == 1; }

int AwaitReady(const UniqueFd& end, int wait_ms) {
  pollfd item = {end.get(), POLLIN, 0};
  if (poll(&item, 1, wait_ms) <= 0) return ETIMEDOUT;
  char byte;
  return recv(end.get(), &byte, 1, MSG_DONTWAIT) == 1 ? 0 : ECHILD;
}

}  // namespace toolboxd::freezer
