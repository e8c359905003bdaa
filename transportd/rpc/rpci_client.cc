// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/rpci_client.h"

#include "absl/strings/match.h"

namespace toolboxd {

absl::StatusOr<RpciReply> RpciClient::Send(absl::string_view request) {
  absl::StatusOr<std::string> answer = Exchange(request);
  if (!answer.ok() && !absl::IsInvalidArgument(answer.status())) {
    channel_.Close();
    answer = Exchange(request);
    if (!answer.ok()) channel_.Close();
  }
  if (!answer.ok()) return answer.status();
  if (!absl::StartsWith(*answer, "1 ") && !absl::StartsWith(*answer, "0 ")) {
    return absl::DataLossError("the host's answer begins with neither \"1 \" nor \"0 \"");
  }
  return RpciReply{answer->front() == '1', answer->substr(2)};
}

absl::StatusOr<std::string> RpciClient::Exchange(absl::string_view request) {
  if (!channel_.is_open()) {
    if (absl::Status status = channel_.Open(); !status.ok()) return status;
  }
  if (absl::Status status = channel_.Send(request); !status.ok()) return status;
  absl::StatusOr<std::string> answer = channel_.Receive();
  // The host answers before the guest continues: an answer that is not there now never comes.
  if (answer.ok() && answer->empty())
    return absl::UnavailableError("the host sent no answer to the request");
  return answer;
}

}  // namespace toolboxd
