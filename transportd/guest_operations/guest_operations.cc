// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/guest_operations.h"

#include <sys/utsname.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/config_file.h"
#include "base/log.h"
#include "base/status.h"
#include "base/version.h"
#include "transportd/guest_operations/file_operations.h"
#include "transportd/policy/operation_names.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/results.h"
#include "transportd/vix/strings.h"

namespace toolboxd {
namespace {

using vix::Error;

// A line of the log has 4 KiB; what comes after the target shall be in it.
constexpr size_t kMaxTarget = 3000;

// A name that ends where the next field begins.
std::string ShowUser(absl::string_view user) {
  if (user.empty()) return "-";
  return absl::StrReplaceAll(vix::Escape(user), {{" ", "%20"}, {"=", "%3D"}, {"\n", "%0A"}});
}

// One line for each operation. Text from outside is escaped; content is never written.
void Audit(absl::string_view operation, absl::string_view user, absl::string_view target,
           Error result) {
  std::string shown = vix::Escape(target);
  if (shown.size() > kMaxTarget) {
    shown.resize(kMaxTarget);
    shown += "...";
  }
  LogNotice("guest operation user=", ShowUser(user), " operation=", operation, " target=\"", shown,
            "\" result=", vix::Code(result));
}

void AuditHgfs(const hgfs::AuditRecord& record) {
  Audit(record.operation, record.user, record.target, ErrorOf(record.result));
}

// The value of a line NAME=VALUE or NAME="VALUE".
std::string OsReleaseValue(absl::string_view text, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, name) || !absl::ConsumePrefix(&line, "=")) continue;
    if (absl::ConsumePrefix(&line, "\"")) absl::ConsumeSuffix(&line, "\"");
    return std::string(line);
  }
  return "";
}

}  // namespace

vix::ToolsState ReadToolsState() {
  vix::ToolsState state;
  utsname names{};
  uname(&names);
  const std::string os_release = ReadTextFile("/etc/os-release").value_or("");
  const std::string pretty = OsReleaseValue(os_release, "PRETTY_NAME");
  const std::string id = OsReleaseValue(os_release, "ID");
  state.os_version = absl::StrCat(names.sysname, " ", names.release, " ", pretty);
  state.os_version_short = absl::StrCat(id.empty() ? "other3xlinux" : id, "-64");
  state.product_name = "toolboxd";
  state.tools_version = kVersion;
  state.host_name = names.nodename;
  state.temporary_directory = "/tmp";
  return state;
}

// How an operation is named and run.
struct GuestOperations::Operation {
  uint32_t opcode;
  // vSphere's name for it, which the policy and the audit record use.
  absl::string_view name;
  // One of the two.
  Outcome (*run)(GuestCall& call, const UserFilesDeps& deps);
  Outcome (GuestOperations::*run_here)(GuestCall& call);
};

const GuestOperations::Operation* GuestOperations::FindOperation(uint32_t opcode) {
  static constexpr Operation kOperations[] = {
      {vix::kListFiles, "ListFilesInGuest", ListFiles, nullptr},
      {vix::kCreateDirectoryEx, "MakeDirectoryInGuest", CreateDirectory, nullptr},
      {vix::kMoveFileEx, "MoveFileInGuest", MoveFile, nullptr},
      {vix::kMoveDirectory, "MoveDirectoryInGuest", MoveDirectory, nullptr},
      {vix::kCreateTemporaryFileEx, "CreateTemporaryFileInGuest", CreateTemporaryFile, nullptr},
      {vix::kCreateTemporaryDirectory, "CreateTemporaryDirectoryInGuest", CreateTemporaryDirectory,
       nullptr},
      {vix::kSetFileAttributes, "ChangeFileAttributesInGuest", SetFileAttributes, nullptr},
      {vix::kStartProgram, "StartProgramInGuest", StartProgram, nullptr},
      {vix::kReadEnvironmentVariables, "ReadEnvironmentVariableInGuest", ReadEnvironment, nullptr},
      {vix::kInitiateFileTransferFromGuest, "InitiateFileTransferFromGuest", TransferFromGuest,
       nullptr},
      {vix::kInitiateFileTransferToGuest, "InitiateFileTransferToGuest", TransferToGuest, nullptr},
      {vix::kTerminateProcess, "TerminateProcessInGuest", TerminateProcess, nullptr},
      {vix::kDeleteFileEx, "DeleteFileInGuest", DeleteFile, nullptr},
      {vix::kDeleteDirectoryEx, "DeleteDirectoryInGuest", DeleteDirectory, nullptr},
      {vix::kDeleteFile, "DeleteFileInGuest", DeleteFile, nullptr},
      {vix::kFileExists, "ListFilesInGuest", LegacyExists, nullptr},
      {vix::kDirectoryExists, "ListFilesInGuest", LegacyExists, nullptr},
      {vix::kDeleteDirectory, "DeleteDirectoryInGuest", DeleteDirectory, nullptr},
      {vix::kDeleteEmptyDirectory, "DeleteDirectoryInGuest", DeleteDirectory, nullptr},
      {vix::kListProcesses, "ListProcessesInGuest", LegacyListProcesses, nullptr},
      {vix::kMoveFile, "MoveFileInGuest", MoveFile, nullptr},
      {vix::kCreateDirectory, "MakeDirectoryInGuest", CreateDirectory, nullptr},
      {vix::kListDirectory, "ListFilesInGuest", LegacyListDirectory, nullptr},
      {vix::kKillProcess, "TerminateProcessInGuest", TerminateProcess, nullptr},
      {vix::kGetFileInfo, "ListFilesInGuest", LegacyFileInfo, nullptr},
      {vix::kListProcessesEx, "ListProcessesInGuest", nullptr, &GuestOperations::RunListProcesses},
      {vix::kHgfsSendPacket, "HgfsSendPacket", nullptr, &GuestOperations::RunHgfsPacket},
      {vix::kAcquireCredentials, "AcquireCredentialsInGuest", nullptr, &GuestOperations::LogInOnly},
      {vix::kReleaseCredentials, "ReleaseCredentialsInGuest", nullptr, &GuestOperations::LogInOnly},
      {vix::kValidateCredentials, "ValidateCredentialsInGuest", nullptr,
       &GuestOperations::LogInOnly},
      {vix::kCheckUserAccount, "ValidateCredentialsInGuest", nullptr, &GuestOperations::LogInOnly},
      {vix::kCaptureScreen, "ValidateCredentialsInGuest", nullptr, &GuestOperations::LogInOnly},
  };
  static_assert(
      std::all_of(std::begin(kOperations), std::end(kOperations),
                  [](const Operation& operation) { return IsOperationName(operation.name); }));
  for (const Operation& operation : kOperations) {
    if (operation.opcode == opcode) return &operation;
  }
  return nullptr;
}

GuestOperations::GuestOperations(SessionOpener opener, GuestOperationsOptions options)
    : options_(std::move(options)),
      policy_(options_.policy_file),
      extensions_(options_.routes_directory, options_.timeout),
      sessions_(std::move(opener), options_.sessions),
      functions_(options_.functions),
      // Room for key, sizes and tags.
      process_lists_(vix::kMaxResult - 128),
      deps_{&sessions_,  &policy_,         &extensions_,
            &functions_, options_.timeout, options_.long_timeout},
      hgfs_(AuditHgfs) {}

TcloReply GuestOperations::RunVix(absl::string_view arguments) {
  vix::Request request;
  const Error malformed = vix::ParseRelayedCommand(arguments, request);
  if (malformed != Error::kOk) {
    LogLimited("vix message", "malformed guest operation, code ", vix::Code(malformed));
    return TcloReply::Ok(vix::EncodeReply(malformed, "", /*binary=*/false));
  }
  GuestCall call(request, &sessions_, &policy_);
  const Operation* operation = FindOperation(request.opcode);
  Outcome outcome = Run(call, operation);
  // Callers of the old API know only the old word for a bad login.
  if (outcome.error == Error::kInvalidLoginCredentials && vix::IsLegacy(request.opcode)) {
    outcome.error = Error::kGuestUserPermissions;
  }
  // What a packet asks for is recorded by the HGFS server, if it comes so far.
  const bool packet_taken = request.opcode == vix::kHgfsSendPacket && outcome.error == Error::kOk;
  if (operation != nullptr && !packet_taken) {
    Audit(operation->name, call.user(), call.target(), outcome.error);
  } else if (operation == nullptr && outcome.error != Error::kOk) {
    call.ReadCredential();
    Audit(absl::StrCat("Opcode", request.opcode), call.user(), "", outcome.error);
  }
  const bool binary = (request.common_flags & vix::kFlagReturnsBinary) != 0;
  TcloReply reply = TcloReply::Ok(vix::EncodeReply(outcome.error, outcome.result, binary));
  if (packet_taken) reply.behind = [this] { hgfs_.WorkBehind(); };
  return reply;
}

Outcome GuestOperations::Run(GuestCall& call, const Operation* operation) {
  const uint32_t opcode = call.request().opcode;
  if (operation != nullptr) {
    const absl::Status allowed = policy_.CheckOperation(operation->name);
    if (!allowed.ok()) {
      // Whoever it was, the record shall say.
      call.ReadCredential();
      return allowed;
    }
    return operation->run != nullptr ? operation->run(call, deps_)
                                     : (this->*operation->run_here)(call);
  }
  switch (opcode) {
    case vix::kGetToolsState:
      return vix::EncodeToolsState(options_.tools_state ? options_.tools_state()
                                                        : ReadToolsState());
    case vix::kWaitForTools:
    case vix::kLogout:
      return Error::kOk;
    case vix::kRegistryKeyExists:
    case vix::kReadRegistry:
    case vix::kWriteRegistry:
    case vix::kDeleteGuestRegistryKey:
    case vix::kAddAuthAlias:
    case vix::kRemoveAuthAlias:
    case vix::kListAuthProviderAliases:
    case vix::kListAuthMappedAliases:
    case vix::kRemoveAuthAliasByCertificate:
      return Error::kOpNotSupportedOnGuest;
    default:
      return opcode >= vix::kCreateRegistryKey && opcode <= vix::kDeleteRegistryValue
                 ? Error::kOpNotSupportedOnGuest
                 : Error::kUnrecognizedCommand;
  }
}

Outcome GuestOperations::RunListProcesses(GuestCall& call) {
  return ListProcesses(call, deps_, process_lists_);
}

Outcome GuestOperations::LogInOnly(GuestCall& call) {
  return call.LogIn(SessionService::kVixd).status();
}

Outcome GuestOperations::RunHgfsPacket(GuestCall& call) {
  vix::HgfsPacketRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  auto session = call.LogIn(SessionService::kHgfsd);
  if (!session.ok()) return session.status();
  auto files = std::make_shared<UserFiles>(
      deps_, call.user(), [&call](SessionService service) { return call.LogIn(service); });
  std::string reply = hgfs_.Dispatch(body.packet, {call.user(), files});
  // What stays open keeps `files`, but not the credential.
  files->EndCall();
  return reply;
}

TcloReply GuestOperations::RunHgfs(absl::string_view packet) {
  const absl::Status allowed = policy_.CheckOperation("HgfsSendPacket");
  if (!allowed.ok()) return TcloReply::Error(std::string(allowed.message()));
  return TcloReply::Ok(hgfs_.Dispatch(packet, hgfs::Client()));
}

void GuestOperations::Maintain() {
  hgfs_.Maintain();
  functions_.Maintain();
  sessions_.Maintain();
}

void GuestOperations::Reload() {
  // Its outcome is in the log, and what it says holds.
  policy_.Load().IgnoreError();
  extensions_.Load();
}

void AddGuestOperationRoutes(Router& router, GuestOperations& operations) {
  router.Add(
      "Vix_1_Relayed_Command",
      [&operations](absl::string_view arguments) { return operations.RunVix(arguments); },
      Pace::kGuestOperation);
  router.Add("f", [&operations](absl::string_view packet) { return operations.RunHgfs(packet); });
  router.SetOverride([&operations](absl::string_view command, absl::string_view arguments) {
    return operations.RunExtension(command, arguments);
  });
}

}  // namespace toolboxd
