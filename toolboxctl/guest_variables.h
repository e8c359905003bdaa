// SPDX-License-Identifier: Apache-2.0

// toolboxctl guestinfo and namespace: the variables that the host keeps for this machine.

#ifndef TOOLBOXD_TOOLBOXCTL_GUEST_VARIABLES_H_
#define TOOLBOXD_TOOLBOXCTL_GUEST_VARIABLES_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// Requests of `guestinfo` (docs/protocol/rpc.md) and `namespace`. A name begins with "guestinfo.",
// which is added if it is missing. InvalidArgument for a name that the host would misread (empty,
// with a blank or a control character), for a value with a NUL, where the host would end it, and
// for what is longer than a message together.
absl::StatusOr<std::string> GetVariableRequest(absl::string_view name);
absl::StatusOr<std::string> SetVariableRequest(absl::string_view name, absl::string_view value);
absl::StatusOr<std::string> GetKeyRequest(absl::string_view name_space, absl::string_view key);
// With `old` the host changes the value only if it is `old`. An empty value deletes the key.
absl::StatusOr<std::string> SetKeyRequest(absl::string_view name_space, absl::string_view key,
                                          absl::string_view value,
                                          const std::optional<std::string>& old);

// Sends a request to the host; an error is for people.
using SendToHost = std::function<absl::StatusOr<v1::SendRpciReply>(const std::string& request)>;

// `words` are those after "guestinfo" and "namespace". Prints a value as it is, and a newline after
// it on a terminal. A value that is not among the words is read from standard input. The exit
// status: 0, 1 if the host or transportd refused, 2 for a wrong command line.
int GuestInfoMain(const std::vector<std::string>& words, const SendToHost& send);
int NamespaceMain(const std::vector<std::string>& words, const std::optional<std::string>& old,
                  const SendToHost& send);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_GUEST_VARIABLES_H_
