// SPDX-License-Identifier: Apache-2.0

#include "daemon/grpc_status.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace toolboxd {
namespace {

// gRPC's words for a connection that failed: "failed to connect to all addresses; last error:
// UNKNOWN: unix:/run/x.sock: Connection refused". Of them the address and the reason are of use.
std::string Words(absl::string_view message) {
  constexpr absl::string_view kFailed = "failed to connect to all addresses; last error: ";
  if (!absl::ConsumePrefix(&message, kFailed)) return std::string(message);
  const size_t address = message.find("unix:");
  return absl::StrCat("cannot connect to ",
                      address == message.npos ? message : message.substr(address));
}

// The peer refuses a call whose trailing metadata has more than 8 KiB: a message with a long name
// in it would hide the reason. Names are rather in the middle of a message than at its ends.
std::string Shortened(absl::string_view message) {
  constexpr size_t kHead = 1000, kTail = 200;
  if (message.size() <= kHead + kTail) return std::string(message);
  return absl::StrCat(message.substr(0, kHead), " [...] ", message.substr(message.size() - kTail));
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  // Both enumerations are the canonical codes, with the same numbers.
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), Shortened(status.message()),
                      SerializedDetailOf(status));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const int code = status.error_code();
  const bool known = code > 0 && code <= 16;
  absl::Status result(known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown,
                      Words(status.error_message()));
  SetSerializedDetail(status.error_details(), result);
  return result;
}

}  // namespace toolboxd
