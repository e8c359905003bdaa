// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/freezer_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "daemon/failed_call.h"

namespace toolboxd::snapshotd {
namespace {

using freezer::Operation;
using freezer::Reply;
using freezer::Request;

// What needs no disk.
constexpr absl::Duration kShort = absl::Seconds(5);
// syncfs has no limit in the kernel; the snapshot's own comes first.
constexpr absl::Duration kSync = absl::Hours(4);
// A freezer that has been stopped: its twin thaws after the time of kHold.
constexpr absl::Duration kThaw = absl::Seconds(15);

uint32_t Milliseconds(absl::Duration time) {
  return static_cast<uint32_t>(
      std::clamp<int64_t>(absl::ToInt64Milliseconds(time), 1, freezer::kMaxLimitMs));
}

absl::Status NotConnected(int error, const std::string& socket) {
  const CalledService service = ToolboxdService("the freezer", socket, "toolboxd-freezer.socket");
  const bool is_down = error == ENOENT || error == ECONNREFUSED;
  const absl::Status status = ErrnoError(error, absl::StrCat("the freezer's socket ", socket));
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), "; ", is_down ? service.start : service.look));
}

std::vector<uint32_t> Times(const Reply& reply) {
  const size_t count = std::min<size_t>(reply.count, freezer::kMaxTargets);
  return std::vector<uint32_t>(reply.micros, reply.micros + count);
}

}  // namespace

absl::StatusOr<FreezerClient> FreezerClient::Connect(const std::string& socket) {
  UniqueFd connection(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!connection.ok()) return ErrnoError(errno, "socket");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the freezer's socket ", socket, ": a path of ", socket.size(),
                     " bytes is too long for a socket; give snapshotd a shorter --freezer"));
  }
  memcpy(address.sun_path, socket.data(), socket.size());
  if (connect(connection.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return NotConnected(errno, socket);
  }
  return FreezerClient(std::move(connection));
}

absl::StatusOr<toolboxd::MountTable> FreezerClient::MountTable() {
  Request request;
  request.operation = Operation::kMountTable;
  UniqueFd file;
  const absl::StatusOr<Reply> reply = Exchange(request, {kShort, never_, kThaw}, &file);
  if (!reply.ok()) return reply.status();
  if (reply->error != 0) return ErrnoError(reply->error, "opening the mount table");
  if (!file.ok()) return absl::InternalError("the freezer sent no mount table");
  absl::StatusOr<toolboxd::MountTable> table = ReadMountTable(file.get());
  if (table.ok() && !table->complete) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the mount table is too large for a snapshot: more than ",
                     table->mounts.size(), " mounts, or too long paths"));
  }
  return table;
}

absl::StatusOr<int> FreezerClient::Add(absl::string_view path, uint32_t mount_id, uint32_t major,
                                       uint32_t minor) {
  if (path.size() >= freezer::kMaxPath) return ENAMETOOLONG;
  Request request;
  request.operation = Operation::kAdd;
  request.flags = begins_group_ ? 0 : freezer::kWithPrevious;
  request.mount_id = mount_id;
  request.major = major;
  request.minor = minor;
  memcpy(request.path, path.data(), path.size());
  const absl::StatusOr<Reply> reply = Exchange(request, {kShort, never_, kThaw});
  if (!reply.ok()) return reply.status();
  // One that could not be added begins nothing.
  if (reply->error == 0) {
    paths_.push_back(std::string(path));
    begins_group_ = false;
  }
  return reply->error;
}

absl::StatusOr<std::vector<uint32_t>> FreezerClient::Sync(const StopSignal& stop) {
  Request request;
  request.operation = Operation::kSync;
  const absl::StatusOr<Reply> reply = Exchange(request, {kSync, stop, kThaw});
  if (!reply.ok()) return reply.status();
  if (reply->error != 0) return Explain(*reply, "writing back");
  return Times(*reply);
}

absl::StatusOr<Reply> FreezerClient::Freeze(const FreezeLimits& limits, const StopSignal& stop) {
  Request request;
  request.operation = Operation::kFreeze;
  request.flags = limits.ignore_frozen ? freezer::kIgnoreFrozen : 0;
  request.freeze_ms = Milliseconds(limits.freeze);
  request.hold_ms = Milliseconds(limits.hold);
  // A FIFREEZE that writes back may take longer than its limit, which counts between two of them;
  // the twin thaws meanwhile.
  const absl::Duration patience = limits.freeze + limits.patience;
  const absl::StatusOr<Reply> reply = Exchange(request, {patience, stop, patience});
  // A FIFREEZE that hangs: until it is through, no one may take the file systems for thawed.
  if (absl::IsDeadlineExceeded(reply.status())) End(limits.end);
  if (!reply.ok()) return reply.status();
  if (reply->error != 0) return Explain(*reply, "freezing");
  return *reply;
}

absl::Status FreezerClient::Hold(absl::Duration hold) {
  Request request;
  request.operation = Operation::kHold;
  request.hold_ms = Milliseconds(hold);
  const absl::StatusOr<Reply> reply = Exchange(request, {kShort, never_, kThaw});
  if (!reply.ok()) return reply.status();
  return reply->error == 0 ? absl::OkStatus() : ErrnoError(reply->error, "holding the freeze");
}

absl::StatusOr<Reply> FreezerClient::Thaw() {
  Request request;
  request.operation = Operation::kThaw;
  const absl::StatusOr<Reply> reply = Exchange(request, {kThaw, never_, kThaw});
  if (!reply.ok()) return reply.status();
  if (reply->error == ETIMEDOUT) {
    return absl::DeadlineExceededError("the file systems had been thawed before");
  }
  if (reply->error != 0) return Explain(*reply, "thawing");
  return *reply;
}

void FreezerClient::End(absl::Duration limit) {
  broken_ = true;
  StopSignal stop;
  stop.Set();
  (void)AwaitReply({kShort, stop, limit});
}

absl::StatusOr<Reply> FreezerClient::Exchange(const Request& request, const Wait& wait,
                                              UniqueFd* passed) {
  if (broken_) return absl::UnavailableError("the freezer has ended");
  // Until a reply has come, this is not a connection on which another request makes sense.
  broken_ = true;
  if (send(connection_.get(), &request, sizeof(request), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(sizeof(request))) {
    return absl::UnavailableError(ErrnoError(errno, "the freezer").message());
  }
  if (absl::Status status = AwaitReply(wait); !status.ok()) return status;
  absl::StatusOr<Reply> reply = ReadReply(passed);
  broken_ = !reply.ok();
  return reply;
}

// The reply is there, or the end of the connection. After `stop` the freezer thaws and ends; that
// end is waited for.
absl::Status FreezerClient::AwaitReply(const Wait& wait) {
  const absl::Time end = SteadyNow() + wait.time;
  absl::Time stopped_end = absl::InfiniteFuture();
  for (;;) {
    pollfd event = {connection_.get(), POLLIN, 0};
    if (poll(&event, 1, 0) == 1) {
      if (stopped_end == absl::InfiniteFuture()) return absl::OkStatus();
      char rest[sizeof(Reply)];
      // What was on its way before it saw ours; then its end.
      if (recv(connection_.get(), rest, sizeof(rest), 0) > 0) continue;
      return absl::CancelledError("stopped");
    }
    const absl::Time now = SteadyNow();
    if (stopped_end == absl::InfiniteFuture() && wait.stop.IsSet()) {
      shutdown(connection_.get(), SHUT_WR);
      stopped_end = now + wait.after_stop;
    }
    const bool stopped = stopped_end != absl::InfiniteFuture();
    const absl::Duration left = (stopped ? stopped_end : end) - now;
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError("the freezer does not answer");
    }
    // Once set, the signal would end every wait at once.
    (stopped ? never_ : wait.stop).Poll(connection_.get(), POLLIN, left);
  }
}

absl::StatusOr<Reply> FreezerClient::ReadReply(UniqueFd* passed) {
  Reply reply;
  iovec data = {&reply, sizeof(reply)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const ssize_t size = recvmsg(connection_.get(), &message, MSG_CMSG_CLOEXEC);
  if (size < 0) return absl::UnavailableError(ErrnoError(errno, "the freezer").message());
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int fd = -1;
    memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    UniqueFd owned(fd);
    if (passed != nullptr) *passed = std::move(owned);
  }
  if (size == 0) return absl::UnavailableError("the freezer has ended");
  if (size != sizeof(reply) || reply.version != freezer::kVersion) {
    return absl::InternalError("the freezer is of another version: was toolboxd just upgraded?");
  }
  return reply;
}

absl::Status FreezerClient::Explain(const Reply& reply, absl::string_view what) const {
  const std::string path =
      reply.failed < paths_.size() ? paths_[reply.failed] : std::string("the file systems");
  if (reply.error == EBUSY) {
    return MakeError(v1::BUSY, absl::StrCat(what, " ", path, ": another program has frozen it"),
                     EBUSY);
  }
  const absl::Status status = ErrnoError(reply.error, absl::StrCat(what, " ", path));
  if (reply.error != ETIMEDOUT) return status;
  return absl::Status(status.code(),
                      absl::StrCat(status.message(),
                                   ": a write to it does not end, or its disk is slow; everything "
                                   "was thawed"));
}

}  // namespace toolboxd::snapshotd
