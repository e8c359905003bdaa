// SPDX-License-Identifier: Apache-2.0

#include "freezer/serve.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/unique_fd.h"
#include "freezer/exchange.h"
#include "freezer/protocol.h"
#include "freezer/twin.h"

namespace toolboxd::freezer {
namespace {

constexpr int kRetryMs = 100;
constexpr int kLastTries = 600;

// Not on the stack, whose pages would come when they are needed.
Request g_request;
Reply g_reply;

// False if the caller does not take it: then it is lost, and the connection with it.
bool Send(int connection, const Reply& reply, int descriptor) {
  iovec part = {const_cast<Reply*>(&reply), sizeof reply};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  return sendmsg(connection, &message, MSG_DONTWAIT | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(sizeof reply);
}

// Answers one request. False if the connection is over.
bool AnswerOne(Exchange& exchange, int connection) {
  const ssize_t size = recv(connection, &g_request, sizeof g_request, MSG_DONTWAIT | MSG_TRUNC);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size == 0) return false;
  UniqueFd descriptor;
  const Verdict verdict =
      exchange.Answer(g_request, static_cast<size_t>(size), g_reply, descriptor);
  return Send(connection, g_reply, descriptor.get()) && verdict == Verdict::kGoOn;
}

// Waits for what comes next and does it. False if this process must end.
bool Step(Exchange& exchange, Twin& twin, int connection, int signals) {
  pollfd items[] = {{connection, POLLIN, 0}, {signals, POLLIN, 0}, {twin.fd(), POLLIN, 0}};
  if (poll(items, 3, exchange.Timeout()) < 0) return errno == EINTR;
  exchange.Tick();
  if (twin.HasEnded()) exchange.Lose();
  if (items[1].revents != 0) return false;
  // What the twin says is that it has got a signal.
  if (twin.fd() >= 0 && (items[2].revents & POLLIN) != 0) return false;
  return items[0].revents == 0 || AnswerOne(exchange, connection);
}

}  // namespace

bool Serve(Kernel& kernel, List& list, int connection, int signals, Releaser* releaser) {
  Twin twin(&kernel, &list, connection, signals, releaser);
  Exchange exchange(&kernel, &twin, &list);
  while (Step(exchange, twin, connection, signals)) {
  }
  for (int tries = 0; tries < kLastTries; ++tries) {
    exchange.Lose();
    if (!exchange.may_be_frozen()) break;
    poll(nullptr, 0, kRetryMs);
  }
  if (exchange.may_be_frozen()) return false;
  if (exchange.has_list()) list.Clear();
  return true;
}

}  // namespace toolboxd::freezer
