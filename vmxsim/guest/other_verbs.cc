// SPDX-License-Identifier: Apache-2.0

// Verbs of GuestAuthManager, and operations as bytes.

#include <cstdio>
#include <variant>

#include "absl/strings/escaping.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/property_list.h"
#include "transportd/vix/testing/host_messages.h"
#include "vmxsim/guest/verb.h"

namespace toolboxd::vmxsim {
namespace {

absl::Status Validate(GuestClient& client, const Arguments&) {
  return Outcome(client.Call(vix::kValidateCredentials, ""));
}

absl::Status Acquire(GuestClient& client, const Arguments&) {
  const std::string no_session(8, '\0');
  const auto reply = client.Call(vix::kAcquireCredentials, no_session);
  if (const absl::Status status = Outcome(reply); !status.ok()) return status;
  std::printf("%s\n", reply->result.c_str());
  return absl::OkStatus();
}

absl::Status Release(GuestClient& client, const Arguments&) {
  return Outcome(client.Call(vix::kReleaseCredentials, ""));
}

// GET_TOOLS_STATE is the one operation that needs no credential.
absl::Status State(GuestClient& client, const Arguments&) {
  const auto reply = client.CallAs(vix::kCredentialNone, "", vix::kGetToolsState, "");
  if (const absl::Status status = Outcome(reply); !status.ok()) return status;
  std::string bytes;
  std::vector<vix::Property> properties;
  if (!absl::Base64Unescape(reply->result, &bytes) || !vix::DecodePropertyList(bytes, properties)) {
    return absl::DataLossError("not a property list");
  }
  for (const vix::Property& property : properties) {
    if (const auto* text = std::get_if<std::string>(&property.value)) {
      std::printf("%d \"%s\"\n", property.id, absl::CHexEscape(*text).c_str());
    } else {
      std::printf("%d %lld\n", property.id,
                  static_cast<long long>(std::get<int64_t>(property.value)));
    }
  }
  return absl::OkStatus();
}

absl::Status Raw(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().empty() || arguments.rest().size() > 2)
    return absl::InvalidArgumentError("");
  const absl::StatusOr<int64_t> opcode = ParseNumber(arguments.rest()[0]);
  if (!opcode.ok()) return opcode.status();
  std::string body;
  if (arguments.rest().size() > 1) body = absl::HexStringToBytes(arguments.rest()[1]);
  const auto reply =
      client.Call(static_cast<uint32_t>(*opcode), body, *opcode == vix::kHgfsSendPacket);
  if (!reply.ok()) return reply.status();
  std::printf("%u%s%s\n", reply->error, reply->result.empty() ? "" : " ",
              absl::CHexEscape(reply->result).c_str());
  return absl::OkStatus();
}

}  // namespace

const std::vector<Verb>& OtherVerbs() {
  static const auto& verbs = *new std::vector<Verb>{
      {"validate", "validate", "check user and password (ValidateCredentialsInGuest)", Validate},
      {"acquire", "acquire", "get a ticket (AcquireCredentialsInGuest)", Acquire},
      {"release", "release", "return a ticket (ReleaseCredentialsInGuest)", Release},
      {"state", "state", "print the properties of GET_TOOLS_STATE", State},
      {"raw", "raw OPCODE [HEX-BODY]", "send any operation; print error code and result", Raw},
  };
  return verbs;
}

}  // namespace toolboxd::vmxsim
