// SPDX-License-Identifier: Apache-2.0

#include "transportd/trace/vix_details.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "transportd/operation/operation.h"
#include "transportd/trace/details.h"
#include "transportd/trace/hgfs_details.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/message.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"

namespace toolboxd::trace {
namespace {

using vix::Error;

void Show(const vix::PathRequest& request, Details& details) { details.Text("path", request.path); }

void Show(const vix::ListFilesRequest& request, Details& details) {
  details.Text("path", request.path);
  if (!request.pattern.empty()) details.Text("pattern", request.pattern);
  if (request.index != 0) details.Number("index", request.index);
  if (request.max_results != 0) details.Number("max_results", request.max_results);
}

void Show(const vix::DirectoryRequest& request, Details& details) {
  details.Text("path", request.path);
  if (request.flag) details.Text("all", "true");
}

void Show(const vix::MoveRequest& request, Details& details) {
  details.Text("from", request.from);
  details.Text("to", request.to);
  if (request.overwrite) details.Text("overwrite", "true");
}

void Show(const vix::CreateTemporaryRequest& request, Details& details) {
  details.Text("directory", request.directory);
  details.Text("prefix", request.prefix);
  details.Text("suffix", request.suffix);
}

void Show(const vix::SetAttributesRequest& request, Details& details) {
  details.Text("path", request.path);
  details.Number("flags", request.flags);
  if ((request.flags & vix::SetAttributesRequest::kPermissions) != 0) {
    details.Number("permissions", request.permissions);
  }
}

void Show(const vix::TransferToGuestRequest& request, Details& details) {
  details.Text("path", request.path);
  if (request.overwrite) details.Text("overwrite", "true");
}

void Show(const vix::StartProgramRequest& request, Details& details) {
  details.Text("program", request.program);
  details.Size("arguments", request.arguments.size());
  if (!request.working_directory.empty()) {
    details.Text("working_directory", request.working_directory);
  }
  if (!request.environment.empty()) {
    details.Number("variables", static_cast<int64_t>(request.environment.size()));
  }
}

void Show(const vix::ListProcessesRequest& request, Details& details) {
  details.Number("processes", static_cast<int64_t>(request.pids.size()));
  if (request.offset != 0) details.Number("offset", request.offset);
}

void Show(const vix::ReadEnvironmentRequest& request, Details& details) {
  details.Number("variables", static_cast<int64_t>(request.names.size()));
}

void Show(const vix::TerminateRequest& request, Details& details) {
  details.Number("pid", static_cast<int64_t>(request.pid));
}

void Show(const vix::ListDirectoryRequest& request, Details& details) {
  details.Text("path", request.path);
}

void Show(const vix::HgfsPacketRequest& request, Details& details) {
  AddHgfsPacket(request.packet, details);
}

void ShowBody(absl::string_view body, Error error, Details& details) {
  if (error != Error::kOk) details.Size("malformed", body.size());
}

template <typename Request>
void Decoded(absl::string_view body, Details& details) {
  Request request;
  const Error error = Decode(body, request);
  if (error == Error::kOk) return Show(request, details);
  ShowBody(body, error, details);
}

void LegacyDirectory(absl::string_view body, Details& details) {
  vix::DirectoryRequest request;
  const Error error = DecodeLegacyDirectory(body, request);
  if (error == Error::kOk) return Show(request, details);
  ShowBody(body, error, details);
}

void LegacyMove(absl::string_view body, Details& details) {
  vix::MoveRequest request;
  const Error error = DecodeLegacyMove(body, request);
  if (error == Error::kOk) return Show(request, details);
  ShowBody(body, error, details);
}

void NoBody(absl::string_view, Details&) {}

struct Known {
  uint32_t opcode;
  absl::string_view name;
  void (*show)(absl::string_view body, Details& details);
};

constexpr Known kKnown[] = {
    {vix::kDeleteFile, Name(Operation::kDeleteFile), Decoded<vix::PathRequest>},
    {vix::kFileExists, "FileExists", Decoded<vix::PathRequest>},
    {vix::kWaitForTools, "WaitForTools", NoBody},
    {vix::kCaptureScreen, "CaptureScreen", NoBody},
    {vix::kGetToolsState, "GetToolsState", NoBody},
    {vix::kDirectoryExists, "DirectoryExists", Decoded<vix::PathRequest>},
    {vix::kDeleteDirectory, Name(Operation::kDeleteDirectory), Decoded<vix::PathRequest>},
    {vix::kDeleteEmptyDirectory, Name(Operation::kDeleteDirectory), Decoded<vix::PathRequest>},
    {vix::kListProcesses, Name(Operation::kListProcesses), NoBody},
    {vix::kMoveFile, Name(Operation::kMoveFile), LegacyMove},
    {vix::kCreateDirectory, Name(Operation::kMakeDirectory), LegacyDirectory},
    {vix::kCheckUserAccount, Name(Operation::kValidateCredentials), NoBody},
    {vix::kListDirectory, Name(Operation::kListFiles), Decoded<vix::ListDirectoryRequest>},
    {vix::kHgfsSendPacket, Name(Operation::kHgfsSendPacket), Decoded<vix::HgfsPacketRequest>},
    {vix::kKillProcess, Name(Operation::kTerminateProcess), Decoded<vix::TerminateRequest>},
    {vix::kLogout, "Logout", NoBody},
    {vix::kGetFileInfo, Name(Operation::kListFiles), Decoded<vix::PathRequest>},
    {vix::kListFiles, Name(Operation::kListFiles), Decoded<vix::ListFilesRequest>},
    {vix::kCreateDirectoryEx, Name(Operation::kMakeDirectory), Decoded<vix::DirectoryRequest>},
    {vix::kMoveFileEx, Name(Operation::kMoveFile), Decoded<vix::MoveRequest>},
    {vix::kMoveDirectory, Name(Operation::kMoveDirectory), Decoded<vix::MoveRequest>},
    {vix::kCreateTemporaryFileEx, Name(Operation::kCreateTemporaryFile),
     Decoded<vix::CreateTemporaryRequest>},
    {vix::kCreateTemporaryDirectory, Name(Operation::kCreateTemporaryDirectory),
     Decoded<vix::CreateTemporaryRequest>},
    {vix::kSetFileAttributes, Name(Operation::kChangeFileAttributes),
     Decoded<vix::SetAttributesRequest>},
    {vix::kStartProgram, Name(Operation::kStartProgram), Decoded<vix::StartProgramRequest>},
    {vix::kListProcessesEx, Name(Operation::kListProcesses), Decoded<vix::ListProcessesRequest>},
    {vix::kReadEnvironmentVariables, Name(Operation::kReadEnvironmentVariable),
     Decoded<vix::ReadEnvironmentRequest>},
    {vix::kInitiateFileTransferFromGuest, Name(Operation::kInitiateFileTransferFromGuest),
     Decoded<vix::ListFilesRequest>},
    {vix::kInitiateFileTransferToGuest, Name(Operation::kInitiateFileTransferToGuest),
     Decoded<vix::TransferToGuestRequest>},
    {vix::kAcquireCredentials, Name(Operation::kAcquireCredentials), NoBody},
    {vix::kReleaseCredentials, Name(Operation::kReleaseCredentials), NoBody},
    {vix::kValidateCredentials, Name(Operation::kValidateCredentials), NoBody},
    {vix::kTerminateProcess, Name(Operation::kTerminateProcess), Decoded<vix::TerminateRequest>},
    {vix::kDeleteFileEx, Name(Operation::kDeleteFile), Decoded<vix::PathRequest>},
    {vix::kDeleteDirectoryEx, Name(Operation::kDeleteDirectory), Decoded<vix::DirectoryRequest>},
};

void AddUser(const vix::Request& request, Details& details) {
  if (request.credential_type == vix::kCredentialNone) return;
  vix::Credential credential;
  const Error error = ParseCredential(request.credential_type, request.credential, credential);
  if (error == Error::kOk && !credential.user.empty()) {
    details.Text("user", credential.user);
  } else {
    details.Number("credential_type", request.credential_type);
  }
}

}  // namespace

void AddGuestOperation(absl::string_view arguments, v1::TraceEvent& event) {
  Details details(&event);
  vix::Request request;
  const Error error = vix::ParseRelayedCommand(arguments, request);
  if (error != Error::kOk) return details.Size("malformed", arguments.size());
  for (const Known& known : kKnown) {
    if (known.opcode != request.opcode) continue;
    details.Text("operation", known.name);
    AddUser(request, details);
    return known.show(request.body, details);
  }
  details.Number("opcode", request.opcode);
  AddUser(request, details);
  details.Size("body", request.body.size());
}

std::string DescribeGuestOperationReply(absl::string_view data) {
  uint32_t code = 0;
  if (!absl::SimpleAtoi(data.substr(0, data.find(' ')), &code)) return "OK";
  const std::string answer = absl::StrCat("VIX ", code);
  // Binary results begin so; of those only packets are sent.
  if (!absl::ConsumePrefix(&data, "0 0 #")) return answer;
  const std::string status = DescribeHgfsReply(data);
  return status.empty() ? answer : absl::StrCat(answer, ", ", status);
}

}  // namespace toolboxd::trace
