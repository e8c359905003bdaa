// SPDX-License-Identifier: Apache-2.0

// Asks toolboxd-statfs how full a file system is to which this process may not look up the way.

#ifndef TOOLBOXD_GUESTINFOD_STATFS_CLIENT_H_
#define TOOLBOXD_GUESTINFOD_STATFS_CLIENT_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "statfs/protocol.h"

namespace toolboxd::guestinfod {

// Connects when it is asked something, and keeps the connection from round to round as long as each
// asks something: so the other end runs only where it is needed. Not thread-safe.
class StatfsClient {
 public:
  // `socket` is a path; empty: every answer is nothing. A reply takes at most `patience`, which
  // bounds what a round waits too: after a failure the rest of it gets no answer.
  explicit StatfsClient(std::string socket, absl::Duration patience = absl::Seconds(2));

  void BeginRound();
  // Ends the connection if the round has asked nothing.
  void EndRound();

  // Asks for the file system that is mounted at this absolute path. Nothing if there is none, or if
  // toolboxd-statfs does not answer.
  std::optional<statfs::Reply> Ask(const std::string& path);

 private:
  bool Connect();
  bool Exchange(const statfs::Request& request, statfs::Reply& reply);

  const std::string socket_;
  const absl::Duration patience_;
  UniqueFd connection_;
  bool has_asked_ = false;
  bool has_failed_ = false;
  // Once, until there is an answer again.
  bool was_reported_ = false;
};

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_STATFS_CLIENT_H_
