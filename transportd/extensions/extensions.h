// SPDX-License-Identifier: Apache-2.0

// Extensions: third-party services, bound by the files of /etc/toolboxd/routes.d
// (docs/extending.md).

#ifndef TOOLBOXD_TRANSPORTD_EXTENSIONS_EXTENSIONS_H_
#define TOOLBOXD_TRANSPORTD_EXTENSIONS_EXTENSIONS_H_

#include <sys/types.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/config_file.h"
#include "toolboxd/v1/routes.pb.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace toolboxd {

// The sockets to which a thread connects, one for each, whatever is bound to it. Thread-safe.
class AwaitedSockets {
 public:
  static constexpr size_t kMax = 16;

  // After it a thread may wait for the socket's file system, and Remove() must follow.
  // DEADLINE_EXCEEDED if one waits already, or as many as may.
  absl::Status Add(const std::string& socket);
  void Remove(const std::string& socket);

 private:
  absl::Mutex mutex_;
  std::set<std::string> sockets_ ABSL_GUARDED_BY(mutex_);
};

// The service of one binding.
struct ExtensionTarget {
  // A new connection, for one call, or for a file as long as it is open. A connection that is kept
  // would not notice that the extension has restarted (daemon/poll_strategy.h). UNAVAILABLE where
  // no process listens; FAILED_PRECONDITION, and a line in the log, if the process that listens is
  // another user's than those allowed. DEADLINE_EXCEEDED if the file system of the socket's folder
  // does not answer, at once as long as an earlier call still waits for the socket, or for as many
  // sockets as may be waited for: threads do.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect() const;

  // The path of a Unix socket.
  std::string socket;
  // The users that the service may run as, besides root; empty: the owner of the socket's folder.
  std::vector<uid_t> allowed_uids;
  // Time limit of one call.
  absl::Duration timeout;
  // Shared by all targets, and with the threads that connect.
  std::shared_ptr<AwaitedSockets> awaited;
};

// Finds the service that a command, a file scheme or a function is bound to. Calls none of them.
// Not thread-safe: used on the channel's thread.
class Extensions {
 public:
  // No binding may ask for more time than this: it would use up the host's patience.
  static constexpr absl::Duration kMaxTimeout = absl::Seconds(30);

  // Reads the folder; see Load(). `default_timeout` is for bindings that name none.
  Extensions(std::string directory, absl::Duration default_timeout);

  // Reads the folder again: *.textproto in the order of their names; a later binding wins. A file
  // with an error, or that others could write (base/strict_modes.h), is logged and skipped as a
  // whole.
  void Load();
  // The result of the last Load().
  const ConfigurationState& state() const { return state_; }

  // What is bound, as "command Echo", and the service's socket; sorted.
  struct Binding {
    std::string name;
    std::string socket;
  };
  std::vector<Binding> bindings() const;

  // The service of a binding, valid until the next Load(); null if there is no such binding.
  const ExtensionTarget* FindCommand(absl::string_view command) const;
  const ExtensionTarget* FindScheme(absl::string_view scheme) const;
  const ExtensionTarget* FindFunction(absl::string_view name) const;

 private:
  using Targets = absl::flat_hash_map<std::string, ExtensionTarget>;

  void LoadFile(const std::string& path);
  // Logs and records why the bindings of `path` do not count.
  void Skip(const std::string& path, absl::string_view fault);
  void Bind(const v1::Extension& extension);

  const std::string directory_;
  const absl::Duration default_timeout_;
  const std::shared_ptr<AwaitedSockets> awaited_ = std::make_shared<AwaitedSockets>();
  ConfigurationState state_;
  Targets commands_;
  Targets schemes_;
  Targets functions_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_EXTENSIONS_EXTENSIONS_H_
