// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/close_on_exec.h"
#include "base/status.h"
#include "vixd/shim/command.h"

namespace toolboxd::vixd {
namespace {

// A shim reports in about a millisecond. After this time the connection is closed.
constexpr int kReportTimeoutMs = 5000;

absl::Status NotStarted(absl::string_view what, int error) {
  return MakeError(v1::PROGRAM_NOT_STARTED, ErrnoError(error, what).message(), error);
}

// What the shim starts with, and every program after it: no descriptor but /dev/null and the
// connection, no ignored or blocked signal, a session of its own.
class SpawnSettings {
 public:
  explicit SpawnSettings(int connection) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions_, 0, 1);
    posix_spawn_file_actions_adddup2(&actions_, 0, 2);
    posix_spawn_file_actions_adddup2(&actions_, connection, kShimDescriptor);
    posix_spawnattr_init(&attributes_);
    sigset_t set;
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes_, &set);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes_, &set);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

ShimClient::ShimClient(std::string shim, std::string records)
    : shim_(std::move(shim)), records_(std::move(records)) {}

absl::StatusOr<pid_t> ShimClient::Start(const ShimJob& job, absl::FunctionRef<bool()> cancelled) {
  const std::string text = EncodeJob(job);
  if (text.empty())
    return NotStarted("cannot start the program: arguments and environment exceed 1 MiB", E2BIG);
  absl::MutexLock lock(&mutex_);
  // The commit point: nothing has been sent so far.
  if (cancelled()) return absl::CancelledError("the caller cancelled the start");
  const bool is_new = !connection_.ok();
  absl::Status sent = is_new ? Spawn() : absl::OkStatus();
  if (sent.ok()) sent = Send(text);
  // A shim that ended since the last job has not received this one.
  if (!sent.ok() && !is_new) {
    sent = Spawn();
    if (sent.ok()) sent = Send(text);
  }
  absl::StatusOr<pid_t> pid = sent.ok() ? ReadReport() : sent;
  return pid;
}

absl::Status ShimClient::Spawn() {
  if (!CloseOnExecFrom(kShimDescriptor + 1)) {
    return NotStarted("cannot keep descriptors from toolboxd-shim", errno);
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return NotStarted("cannot make a connection for toolboxd-shim", errno);
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  const SpawnSettings settings(theirs.get());
  const char* const arguments[] = {"toolboxd-shim", kServeCommand, records_.c_str(), nullptr};
  char* const environment[] = {nullptr};
  pid_t shim;
  const int error = posix_spawn(&shim, shim_.c_str(), settings.actions(), settings.attributes(),
                                const_cast<char* const*>(arguments), environment);
  if (error != 0) return NotStarted(absl::StrCat("cannot execute ", shim_), error);
  connection_ = std::move(ours);
  return absl::OkStatus();
}

absl::Status ShimClient::Send(const std::string& job) {
  for (size_t sent = 0; sent < job.size();) {
    const ssize_t part =
        send(connection_.get(), job.data() + sent, job.size() - sent, MSG_NOSIGNAL);
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) {
      const absl::Status status = NotStarted("cannot send the job to toolboxd-shim", errno);
      connection_.reset();
      return status;
    }
    sent += part;
  }
  return absl::OkStatus();
}

absl::StatusOr<pid_t> ShimClient::ReadReport() {
  pollfd item{connection_.get(), POLLIN, 0};
  StartReport report;
  if (poll(&item, 1, kReportTimeoutMs) != 1 ||
      recv(connection_.get(), &report, sizeof report, MSG_WAITALL) != sizeof report) {
    // A late report must not be read as the report of the next job.
    connection_.reset();
    return MakeError(v1::PROGRAM_NOT_STARTED,
                     absl::StrCat("toolboxd-shim did not report the start within ",
                                  kReportTimeoutMs / 1000, " s"));
  }
  if (report.pid > 0) return report.pid;
  if (report.error == ENOSPC) {
    return MakeError(
        v1::NO_SPACE,
        absl::StrCat("cannot start the program: not enough space for its record in ", records_),
        ENOSPC);
  }
  return NotStarted("cannot execute the program", report.error);
}

}  // namespace toolboxd::vixd
