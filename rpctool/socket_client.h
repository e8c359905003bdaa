// SPDX-License-Identifier: Apache-2.0

// A request through transportd (rpctool/protocol.h).

#ifndef TOOLBOXD_RPCTOOL_SOCKET_CLIENT_H_
#define TOOLBOXD_RPCTOOL_SOCKET_CLIENT_H_

#include <string_view>

#include "rpctool/protocol.h"

namespace toolboxd::rpctool {

struct SocketReply {
  Outcome outcome = Outcome::kSuccess;
  // In the packet.
  std::string_view text;
  char packet[kMaxPacket];
};

// How long a request is waited for that transportd has taken, and perhaps sent to a slow host.
inline constexpr int kTakenPatienceMs = 15000;

// Connects to the socket at `path`, sends the request and waits `patience_ms` for the reply. False
// if there is no reply to use: nothing listens there, the caller may
// not connect, the request is empty or over kMaxText, transportd is busy, has no channel or does
// not speak this version. The request may then go another way: transportd sends none whose caller
// has left. One that it has taken goes no other way, or the host would get it twice: its reply is
// waited for, and kNoAnswer if none comes.
bool AskTransportd(const char* path, std::string_view request, int patience_ms, SocketReply& reply);

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_SOCKET_CLIENT_H_
