// SPDX-License-Identifier: Apache-2.0

// Extensions: services of others, bound by /etc/toolboxd/routes.d (docs/extending.md).

#ifndef TOOLBOXD_TRANSPORTD_EXTENSIONS_EXTENSIONS_H_
#define TOOLBOXD_TRANSPORTD_EXTENSIONS_EXTENSIONS_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/config_file.h"
#include "toolboxd/v1/routes.pb.h"
#include "transportd/routes/router.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace toolboxd {

// One binding's service.
struct ExtensionTarget {
  // A connection for one call, or for a file as long as it is open; it is made with the first call.
  // One that was kept for all would not tell that the extension has been started anew
  // (daemon/poll_strategy.h).
  std::shared_ptr<grpc::Channel> Connect() const;

  // A path.
  std::string socket;
  absl::Duration timeout;
};

// Not thread-safe: used on the channel's thread.
class Extensions {
 public:
  // Reads the folder; see Load().
  Extensions(std::string directory, absl::Duration default_timeout);

  // Reads *.textproto in the order of their names; a later binding wins. A file with an
  // error is logged and skipped as a whole.
  void Load();
  const ConfigurationState& state() const { return state_; }

  // The reply of the extension that answers a TCLO command; nothing where none does. An
  // error status becomes "ERROR <message>".
  absl::optional<TcloReply> Handle(absl::string_view command, absl::string_view arguments) const;

  // Null where nothing is bound. Valid until the next Load().
  const ExtensionTarget* FindScheme(absl::string_view scheme) const;
  const ExtensionTarget* FindFunction(absl::string_view name) const;

 private:
  using Targets = absl::flat_hash_map<std::string, ExtensionTarget>;

  void LoadFile(const std::string& path);
  // `path` binds nothing.
  void Skip(const std::string& path, absl::string_view fault);
  void Bind(const v1::Extension& extension);

  const std::string directory_;
  const absl::Duration default_timeout_;
  ConfigurationState state_;
  Targets commands_;
  Targets schemes_;
  Targets functions_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_EXTENSIONS_EXTENSIONS_H_
