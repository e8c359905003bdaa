// SPDX-License-Identifier: Apache-2.0

// A client of a running vmxsim: the host's side of the guest, for verbs and for tests.

#ifndef TOOLBOXD_VMXSIM_CLIENT_H_
#define TOOLBOXD_VMXSIM_CLIENT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd::vmxsim {

// Where clients look for the control socket, and what a guest's programs find set.
inline constexpr char kControlVariable[] = "VMXSIM_CONTROL";

// $XDG_RUNTIME_DIR or /tmp, then vmxsim-UID-NUMBER.sock with another random number in each call:
// the folder may be shared by several PID namespaces, where a process ID names more than one
// process.
std::string NewControlPath();
// `path` if not empty, else $VMXSIM_CONTROL, else the only vmxsim of this user.
absl::StatusOr<std::string> FindControlPath(const std::string& path);

// One connection. Not thread-safe; connect once per thread.
class Client {
 public:
  // Empty: see FindControlPath. UNAVAILABLE where no vmxsim listens.
  static absl::StatusOr<Client> Connect(const std::string& path = "");
  // The same for a vmxsim that may still be starting: tries again until it listens. UNAVAILABLE
  // where none does within `timeout`.
  static absl::StatusOr<Client> ConnectWithin(absl::Duration timeout, const std::string& path = "");
  Client(Client&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Client& operator=(Client&& other) noexcept;
  ~Client();

  // Any verb of commands.h.
  absl::StatusOr<std::string> Call(const std::vector<std::string>& words);

  // Sends a TCLO request, any bytes, and returns the guest's reply, any bytes ("OK …", "ERROR …").
  // UNAVAILABLE: no tools are registered, or their channel closed; DEADLINE_EXCEEDED: no reply.
  absl::StatusOr<std::string> Tclo(absl::string_view request, absl::Duration timeout);
  // Waits until the guest tools are registered; DEADLINE_EXCEEDED if they do not register in time.
  absl::Status WaitRegistered(absl::Duration timeout);

  // guestinfo variables, without "guestinfo.". NOT_FOUND where there is none.
  absl::StatusOr<std::string> Get(absl::string_view name);
  absl::Status Set(absl::string_view name, absl::string_view value);
  // The newest raw SetGuestInfo value of a type (docs/protocol/guest-info.md 3.3). NOT_FOUND before
  // the first.
  absl::StatusOr<std::string> RawGuestInfo(int type);

  // See stats.h for the names.
  absl::StatusOr<std::map<std::string, double>> Stats();
  // Lines "NUMBER SECONDS CHANNEL KIND TEXT" with a number above `after`; waits up to `wait` for
  // the first. Kinds and texts: event_log.h.
  absl::StatusOr<std::vector<std::string>> Log(uint64_t after, absl::Duration wait);
  // Calls of shutdown, systemctl … inside the guest, oldest first.
  absl::StatusOr<std::vector<std::string>> Recorded();
  // "close", "checkpoint", "wrong-type"; "vanish" with a duration.
  absl::Status Fault(absl::string_view kind, absl::Duration duration = absl::ZeroDuration());

 private:
  explicit Client(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CLIENT_H_
