// SPDX-License-Identifier: Apache-2.0

#include "statfs/serve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "statfs/measure.h"
#include "statfs/protocol.h"

namespace toolboxd::statfs {

// read(2) and write(2), so that the unit's filter needs no call of the network.
bool Serve(int connection) {
  // A byte more, so that a longer packet is not taken for a request.
  char packet[sizeof(Request) + 1];
  for (;;) {
    const ssize_t size = read(connection, packet, sizeof packet);
    if (size < 0 && errno == EINTR) continue;
    // The end; or an empty packet, after which the caller gets it.
    if (size == 0) return true;
    if (size != static_cast<ssize_t>(sizeof(Request))) return false;
    Request request;
    memcpy(&request, packet, sizeof request);
    if (request.version != kVersion) return false;
    const Reply reply = Measure(request);
    ssize_t written;
    do {
      written = write(connection, &reply, sizeof reply);
    } while (written < 0 && errno == EINTR);
    // EPIPE: the caller has left.
    if (written != static_cast<ssize_t>(sizeof reply)) return errno == EPIPE;
  }
}

}  // namespace toolboxd::statfs
