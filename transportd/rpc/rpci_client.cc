// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/rpci_client.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace toolboxd {

absl::StatusOr<RpciReply> RpciClient::Send(absl::string_view request) {
  if (absl::Status sent = SendOnce(request); !sent.ok()) return sent;
  const absl::StatusOr<std::string> answer = channel_.Receive();
  // The backdoor's host answers before the guest continues, and vsock's was waited for: an answer
  // that is not there now never comes. It must not be taken for the next request's.
  if (!answer.ok() || answer->empty()) {
    channel_.Close();
    return absl::AbortedError(
        absl::StrCat("the host may have acted on a request whose answer was lost: ",
                     answer.ok() ? "it sent none" : std::string(answer.status().message())));
  }
  if (!absl::StartsWith(*answer, "1 ") && !absl::StartsWith(*answer, "0 ")) {
    return absl::DataLossError("the host's answer begins with neither \"1 \" nor \"0 \"");
  }
  return RpciReply{answer->front() == '1', answer->substr(2)};
}

// A channel that turns out to be broken before the host has the request is opened again.
absl::Status RpciClient::SendOnce(absl::string_view request) {
  absl::Status status;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (!channel_.is_open()) {
      status = channel_.Open();
      if (!status.ok()) return absl::UnavailableError(status.message());
    }
    status = channel_.Send(request);
    if (status.ok() || absl::IsInvalidArgument(status)) return status;
    channel_.Close();
  }
  return absl::UnavailableError(status.message());
}

}  // namespace toolboxd
