// SPDX-License-Identifier: Apache-2.0

#include "freezer/freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "base/unique_fd.h"
#include "freezer/list.h"
#include "freezer/lockdown.h"
#include "freezer/message.h"
#include "freezer/options.h"
#include "freezer/releaser.h"
#include "freezer/serve.h"
#include "freezer/twin.h"

namespace toolboxd::freezer {
namespace {

constexpr int kConnection = 3;

constexpr uint64_t Bit(int capability) { return uint64_t{1} << capability; }

int Fail(const char* text, const char* subject, int error = 0) {
  Report(Level::kError, text, subject, error);
  return 1;
}

bool IsNumber(const char* variable, long number) {
  const char* const value = getenv(variable);
  return value != nullptr && strtol(value, nullptr, 10) == number;
}

// Whether systemd has given this process one connection of packets.
bool HasConnection() {
  int kind = 0, domain = 0;
  socklen_t size = sizeof kind;
  return IsNumber("LISTEN_PID", getpid()) && IsNumber("LISTEN_FDS", 1) &&
         getsockopt(kConnection, SOL_SOCKET, SO_TYPE, &kind, &size) == 0 &&
         kind == SOCK_SEQPACKET &&
         getsockopt(kConnection, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX &&
         fcntl(kConnection, F_SETFD, FD_CLOEXEC) == 0;
}

bool MayConnect(const Options& options) {
  ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(kConnection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  const uid_t* const end = options.allowed + options.allowed_count;
  return peer.uid == 0 || std::find(options.allowed, end, peer.uid) != end;
}

int RestrictReleaser() {
  const int error = KeepCapabilities(Bit(CAP_KILL) | Bit(CAP_DAC_OVERRIDE));
  return error != 0 ? error : ForbidAllButReleasing();
}

int Restrict() {
  const int error = KeepCapabilities(Bit(CAP_SYS_ADMIN) | Bit(CAP_DAC_READ_SEARCH));
  return error != 0 ? error : ForbidOtherSystemCalls();
}

int ServeConnection(const Options& options, Kernel& kernel, List& list) {
  if (!HasConnection()) {
    return Fail(
        "descriptor 3 is not a connection of packets; a socket unit with Accept=yes "
        "starts this program",
        "");
  }
  if (!MayConnect(options)) return Fail("the caller is neither root nor of --allow", "");
  const UniqueFd signals = BlockSignals();
  if (!signals.ok()) return Fail("signalfd", "", errno);
  if (const int error = kernel.LockMemory(); error != 0) {
    return Fail("cannot lock its memory (LimitMEMLOCK=)", "", error);
  }
  // Before it hears its caller, and with the privileges that this process gives up then.
  Releaser releaser(&kernel, &list, kReleaseTimes);
  if (const int error = releaser.Start(kConnection, RestrictReleaser); error != 0) {
    return Fail("cannot start the process that releases a freeze", "", error);
  }
  if (const int error = Restrict(); error != 0) {
    return Fail("cannot restrict its capabilities and system calls", "", error);
  }
  if (!Serve(kernel, list, kConnection, signals.get(), &releaser)) {
    return Fail("something is still frozen; run toolboxd-freezer --thaw", "");
  }
  return 0;
}

}  // namespace

int RunFreezer(int argc, char** argv, Kernel& kernel) {
  Hide();
  Options options;
  switch (ParseOptions(argc, argv, "/etc/passwd", options)) {
    case ParseResult::kRun:
      break;
    case ParseResult::kExitSuccess:
      return 0;
    case ParseResult::kExitUsage:
      return 2;
  }
  List list;
  if (const int error = list.Open(options.state); error != 0) {
    return Fail("cannot use the list, which must be on a tmpfs: ", options.state, error);
  }
  // EBUSY: another freezer is at work, and thaws by itself.
  const int error = ThawLeftovers(kernel, list, options.thaw ? kLongPatienceMs : kShortPatienceMs);
  const bool failed = error != 0 && error != EBUSY;
  if (failed) Fail("could not thaw all that was left: ", options.state, error);
  if (options.thaw) return failed ? 1 : 0;
  return ServeConnection(options, kernel, list);
}

}  // namespace toolboxd::freezer
