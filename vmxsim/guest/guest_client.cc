// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest/guest_client.h"

#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/message.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd::vmxsim {

std::string VixErrorName(uint32_t error) {
  constexpr std::array<std::pair<uint32_t, const char*>, 33> kNames = {{
      {0, "OK"},
      {1, "FAIL"},
      {2, "OUT_OF_MEMORY"},
      {3, "INVALID_ARG"},
      {4, "FILE_NOT_FOUND"},
      {5, "OBJECT_IS_BUSY"},
      {6, "NOT_SUPPORTED"},
      {7, "FILE_ERROR"},
      {8, "DISK_FULL"},
      {11, "FILE_READ_ONLY"},
      {12, "FILE_ALREADY_EXISTS"},
      {13, "FILE_ACCESS_ERROR"},
      {21, "FILE_TOO_BIG"},
      {22, "FILE_NAME_INVALID"},
      {27, "INVALID_UTF8_STRING"},
      {35, "AUTHENTICATION_FAIL"},
      {3003, "OP_NOT_SUPPORTED_ON_GUEST"},
      {3004, "PROGRAM_NOT_STARTED"},
      {3015, "GUEST_USER_PERMISSIONS"},
      {3016, "TOOLS_NOT_RUNNING"},
      {3025, "UNRECOGNIZED_COMMAND_IN_GUEST"},
      {3050, "INVALID_LOGIN_CREDENTIALS"},
      {3051, "GUEST_AUTHTYPE_DISABLED"},
      {10000, "INVALID_MESSAGE_HEADER"},
      {10001, "INVALID_MESSAGE_BODY"},
      {20001, "NOT_A_FILE"},
      {20002, "NOT_A_DIRECTORY"},
      {20003, "NO_SUCH_PROCESS"},
      {20004, "FILE_NAME_TOO_LONG"},
      {20005, "OPERATION_DISABLED"},
      {20006, "DIRECTORY_NOT_EMPTY"},
      {20007, "MULTIPLE_MAPPINGS"},
      {20050, "HGFS_MOUNT_FAIL"},
  }};
  for (const auto& [code, name] : kNames) {
    if (code == error) return name;
  }
  return absl::StrCat(error);
}

absl::Status VixError(uint32_t error) {
  return absl::AbortedError(absl::StrCat("VIX error ", error, " (", VixErrorName(error), ")"));
}

GuestClient::GuestClient(TcloSend send, std::string user, std::string password)
    : send_(std::move(send)), credential_(vix::EncodeNamePassword(user, password)) {}

absl::StatusOr<GuestReply> GuestClient::Call(uint32_t opcode, absl::string_view body, bool binary) {
  return CallAs(vix::kCredentialNamePassword, credential_, opcode, body, binary);
}

absl::StatusOr<GuestReply> GuestClient::CallAs(uint32_t credential_type,
                                               absl::string_view credential, uint32_t opcode,
                                               absl::string_view body, bool binary) {
  vix::Request request;
  request.name = "reqname";
  request.common_flags = vix::kFlagRequest | vix::kFlagForwardToGuest |
                         (binary ? vix::kFlagReturnsBinary : vix::kFlagReturnsString);
  request.opcode = opcode;
  request.credential_type = credential_type;
  request.body = body;
  request.credential = credential;
  const absl::StatusOr<std::string> answer =
      send_(absl::StrCat("Vix_1_Relayed_Command ", vix::EncodeRelayedCommand(request)));
  if (!answer.ok()) return answer.status();
  absl::string_view data = *answer;
  vix::Reply reply;
  if (!absl::ConsumePrefix(&data, "OK ") || !vix::ParseReply(data, reply)) {
    return absl::UnavailableError(absl::StrCat("the guest's answer is not a VIX reply: ", *answer));
  }
  return GuestReply{reply.error, std::string(reply.result)};
}

absl::StatusOr<std::vector<Record>> GuestClient::ListFiles(absl::string_view path,
                                                           absl::string_view pattern,
                                                           int32_t max_results) {
  std::vector<Record> files;
  vix::ListFilesRequest request;
  request.path = path;
  request.pattern = pattern;
  request.max_results = max_results;
  while (true) {
    const absl::StatusOr<GuestReply> reply = Call(vix::kListFiles, vix::Encode(request));
    if (!reply.ok()) return reply.status();
    if (reply->error != 0) return VixError(reply->error);
    const std::vector<Record> page = ParseRecords(reply->result, "fxi");
    files.insert(files.end(), page.begin(), page.end());
    const bool truncated = absl::StartsWith(reply->result, "1 ");
    if (truncated && !page.empty()) {
      request.offset += page.size();
      continue;
    }
    if (FindValue(reply->result, "rem") == "0" || page.empty()) return files;
    request.index += static_cast<int32_t>(request.offset + page.size());
    request.offset = 0;
  }
}

absl::StatusOr<std::vector<Record>> GuestClient::ListProcesses(const std::vector<uint64_t>& pids) {
  std::string text;
  vix::ListProcessesRequest request;
  request.pids = pids;
  while (true) {
    const absl::StatusOr<GuestReply> reply = Call(vix::kListProcessesEx, vix::Encode(request));
    if (!reply.ok()) return reply.status();
    if (reply->error != 0) return VixError(reply->error);
    // A long list comes in pieces that may end inside a record.
    uint64_t left = 0;
    const bool more = absl::SimpleAtoi(FindValue(reply->result, "leftToSend"), &left) && left > 0;
    absl::string_view piece = reply->result;
    const size_t header = piece.find("</leftToSend>");
    if (header != absl::string_view::npos)
      piece.remove_prefix(header + sizeof("</leftToSend>") - 1);
    absl::StrAppend(&text, piece);
    if (!more || piece.empty()) break;
    if (request.key == 0 && !absl::SimpleAtoi(FindValue(reply->result, "key"), &request.key)) break;
    request.offset += static_cast<uint32_t>(piece.size());
  }
  return ParseRecords(text, "proc");
}

absl::StatusOr<int64_t> GuestClient::StartProgram(const vix::StartProgramRequest& request) {
  const absl::StatusOr<GuestReply> reply = Call(vix::kStartProgram, vix::Encode(request));
  if (!reply.ok()) return reply.status();
  if (reply->error != 0) return VixError(reply->error);
  int64_t pid = 0;
  if (!absl::SimpleAtoi(reply->result, &pid)) {
    return absl::UnavailableError(absl::StrCat("the reply is not a process id: ", reply->result));
  }
  return pid;
}

}  // namespace toolboxd::vmxsim
