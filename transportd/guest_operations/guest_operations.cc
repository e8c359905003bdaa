// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/guest_operations.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/shared_deadline.h"
#include "base/steady_time.h"
#include "transportd/guest_operations/file_operations.h"
#include "transportd/guest_operations/live_state.h"
#include "transportd/guest_operations/program_operations.h"
#include "transportd/guest_operations/tools_state.h"
#include "transportd/guest_operations/user_files.h"
#include "transportd/hgfs/audit.h"
#include "transportd/operation/operation.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/property_list.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/results.h"
#include "transportd/vix/strings.h"

namespace toolboxd {
namespace {

using vix::Error;

// Bytes of key, sizes and tags in a page of a process list, at most.
constexpr size_t kPageHeader = 128;

Outcome LogInOnly(GuestCall& call, const GuestServices& /*services*/) {
  return call.LogIn(SessionService::kVixd).status();
}

// Tickets exist on Windows only (docs/protocol/vix.md 4.6).
Outcome NoTickets(GuestCall& call, const GuestServices& /*services*/) {
  call.ReadCredential();
  return Error::kNotSupported;
}

Outcome RunHgfsPacket(GuestCall& call, const GuestServices& services) {
  vix::HgfsPacketRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  auto session = call.LogIn(SessionService::kHgfsd);
  if (!session.ok()) return session.status();
  auto files = std::make_shared<UserFiles>(
      &services, call.user(), [&call](SessionService service) { return call.LogIn(service); });
  std::string reply = services.hgfs->Dispatch(body.packet, {call.user(), files});
  // What stays open keeps `files`, but not the credential.
  files->EndCall();
  return reply;
}

// How the operation of an opcode is permitted, audited and run.
struct Handler {
  uint32_t opcode;
  Operation operation;
  Outcome (*run)(GuestCall& call, const GuestServices& services);
};

// By ascending opcode (docs/protocol/vix.md 4.5).
constexpr Handler kHandlers[] = {
    {vix::kDeleteFile, Operation::kDeleteFile, DeleteFile},
    {vix::kFileExists, Operation::kListFiles, LegacyExists},
    // Request and result are empty (docs/protocol/vix.md 4.5): the host takes the picture, and the
    // guest only checks the login.
    {vix::kCaptureScreen, Operation::kValidateCredentials, LogInOnly},
    {vix::kDirectoryExists, Operation::kListFiles, LegacyExists},
    {vix::kDeleteDirectory, Operation::kDeleteDirectory, DeleteDirectory},
    {vix::kDeleteEmptyDirectory, Operation::kDeleteDirectory, DeleteDirectory},
    {vix::kListProcesses, Operation::kListProcesses, LegacyListProcesses},
    {vix::kMoveFile, Operation::kMoveFile, MoveFile},
    {vix::kCreateDirectory, Operation::kMakeDirectory, CreateDirectory},
    {vix::kCheckUserAccount, Operation::kValidateCredentials, LogInOnly},
    {vix::kListDirectory, Operation::kListFiles, LegacyListDirectory},
    {vix::kHgfsSendPacket, Operation::kHgfsSendPacket, RunHgfsPacket},
    {vix::kKillProcess, Operation::kTerminateProcess, TerminateProcess},
    {vix::kGetFileInfo, Operation::kListFiles, LegacyFileInfo},
    {vix::kListFiles, Operation::kListFiles, ListFiles},
    {vix::kCreateDirectoryEx, Operation::kMakeDirectory, CreateDirectory},
    {vix::kMoveFileEx, Operation::kMoveFile, MoveFile},
    {vix::kMoveDirectory, Operation::kMoveDirectory, MoveDirectory},
    {vix::kCreateTemporaryFileEx, Operation::kCreateTemporaryFile, CreateTemporaryFile},
    {vix::kCreateTemporaryDirectory, Operation::kCreateTemporaryDirectory,
     CreateTemporaryDirectory},
    {vix::kSetFileAttributes, Operation::kChangeFileAttributes, SetFileAttributes},
    {vix::kStartProgram, Operation::kStartProgram, StartProgram},
    {vix::kListProcessesEx, Operation::kListProcesses, ListProcesses},
    {vix::kReadEnvironmentVariables, Operation::kReadEnvironmentVariable, ReadEnvironment},
    {vix::kInitiateFileTransferFromGuest, Operation::kInitiateFileTransferFromGuest,
     TransferFromGuest},
    {vix::kInitiateFileTransferToGuest, Operation::kInitiateFileTransferToGuest, TransferToGuest},
    {vix::kAcquireCredentials, Operation::kAcquireCredentials, NoTickets},
    {vix::kReleaseCredentials, Operation::kReleaseCredentials, NoTickets},
    {vix::kValidateCredentials, Operation::kValidateCredentials, LogInOnly},
    {vix::kTerminateProcess, Operation::kTerminateProcess, TerminateProcess},
    {vix::kDeleteFileEx, Operation::kDeleteFile, DeleteFile},
    {vix::kDeleteDirectoryEx, Operation::kDeleteDirectory, DeleteDirectory},
};

constexpr bool HandlersAscend() {
  for (size_t i = 1; i < std::size(kHandlers); ++i) {
    if (kHandlers[i - 1].opcode >= kHandlers[i].opcode) return false;
  }
  return true;
}
static_assert(HandlersAscend());

// Null for an opcode that needs no login, or that this guest does not have.
const Handler* FindHandler(uint32_t opcode) {
  const Handler* found = std::lower_bound(
      std::begin(kHandlers), std::end(kHandlers), opcode,
      [](const Handler& handler, uint32_t wanted) { return handler.opcode < wanted; });
  return found != std::end(kHandlers) && found->opcode == opcode ? found : nullptr;
}

Outcome Run(const Handler& handler, GuestCall& call, const GuestServices& services) {
  const absl::Status allowed = services.policy->CheckOperation(handler.operation);
  if (allowed.ok()) return handler.run(call, services);
  // The audit record names the user of a refused operation too.
  call.ReadCredential();
  return allowed;
}

SessionPoolOptions SessionOptions(const GuestOperationsOptions& options,
                                  const PolicyStore* policy) {
  SessionPoolOptions sessions = options.sessions;
  sessions.timeout = options.timeout;
  sessions.long_timeout = options.long_timeout;
  sessions.move_timeout = options.move_timeout;
  sessions.rules = [policy] { return policy->user_rules(); };
  return sessions;
}

}  // namespace

GuestOperations::GuestOperations(SessionOpener opener, GuestOperationsOptions options)
    : options_(std::move(options)),
      policy_(options_.policy_file),
      extensions_(options_.routes_directory, options_.timeout),
      sessions_(std::move(opener), SessionOptions(options_, &policy_)),
      functions_(options_.functions),
      process_lists_(vix::kMaxResult - kPageHeader),
      slow_services_(options_.timeout),
      services_{.sessions = &sessions_,
                .policy = &policy_,
                .extensions = &extensions_,
                .functions = &functions_,
                .programs = &programs_,
                .process_lists = &process_lists_,
                .hgfs = &hgfs_,
                .timeout = options_.timeout,
                .long_timeout = options_.long_timeout},
      hgfs_([this](const hgfs::AuditRecord& record) { RecordHgfs(record); }) {}

void GuestOperations::Use() {
  // A session that is not used any more is closed, and its spare connection, after this time.
  const absl::Duration close = 2 * options_.sessions.idle_close;
  maintain_until_ = SteadyNow() + std::max(options_.maintenance, close);
  on_use_();
}

bool GuestOperations::NeedsMaintenance() const {
  return SteadyNow() < maintain_until_ || hgfs_.sessions() > 0 || sessions_.size() > 0 ||
         sessions_.pending_logins() > 0 || !functions_.List().empty();
}

TcloReply GuestOperations::RunVix(absl::string_view arguments) {
  Use();
  vix::Request request;
  const Error malformed = vix::ParseRelayedCommand(arguments, request);
  if (malformed != Error::kOk) {
    LogLimited("vix message", "a malformed guest operation was refused with code ",
               vix::Code(malformed));
    return TcloReply::Ok(vix::EncodeReply(malformed, "", /*binary=*/false));
  }
  GuestCall call(request, &sessions_, [this](const std::string& user) {
    return slow_services_.Refuses(user, SteadyNow());
  });
  const Handler* handler = FindHandler(request.opcode);
  call.ReadCredential();
  // The host waits for all of an operation's calls together.
  const SharedDeadline deadline(options_.timeout, slow_services_.LimitOf(call.user(), SteadyNow()));
  const bool refused =
      standstill_ || (handler != nullptr && slow_services_.Refuses(call.user(), SteadyNow()));
  Outcome outcome = refused              ? Outcome(Error::kObjectIsBusy)
                    : handler == nullptr ? RunWithoutLogin(request.opcode)
                                         : Run(*handler, call, services_);
  if (WasSlow()) slow_services_.Waited(call.user(), SharedDeadline::Waited(), SteadyNow());
  if (call.logged_in()) slow_services_.Served(call.user(), SteadyNow());
  // Callers of the old API know only the old code for a refused login.
  if (outcome.error == Error::kInvalidLoginCredentials && vix::IsLegacy(request.opcode)) {
    outcome.error = Error::kGuestUserPermissions;
  }
  // The HGFS server records the operations of the packets that it gets.
  const bool packet_taken = request.opcode == vix::kHgfsSendPacket && outcome.error == Error::kOk;
  if (handler != nullptr && !packet_taken) {
    Record({Name(handler->operation), call.user(), call.target(), outcome.error}, call);
  } else if (handler == nullptr && outcome.error != Error::kOk) {
    call.ReadCredential();
    const std::string name = absl::StrCat("Opcode", request.opcode);
    Record({name, call.user(), "", outcome.error, "Opcode"}, call);
  }
  if (request.opcode == vix::kHgfsSendPacket && !packet_taken) RefuseHgfs(request.body);
  const bool binary = (request.common_flags & vix::kFlagReturnsBinary) != 0;
  TcloReply reply = TcloReply::Ok(vix::EncodeReply(outcome.error, outcome.result, binary));
  if (packet_taken) reply.after_reply = [this] { hgfs_.RunDeferredWork(); };
  return reply;
}

void GuestOperations::RefuseHgfs(absl::string_view body) {
  vix::HgfsPacketRequest request;
  if (Decode(body, request) == Error::kOk) hgfs_.Refuse(request.packet);
}

bool GuestOperations::WasSlow() const {
  const absl::Duration limit = SharedDeadline::Longest();
  const absl::Duration waited = SharedDeadline::Waited();
  if (limit == absl::ZeroDuration()) return false;
  // What may take long, by its kind or because the administrator says so, is slow at its limit.
  return waited >= limit || (limit <= options_.timeout && waited >= SlowServices::kSlow);
}

void GuestOperations::Record(AuditedOperation operation, const GuestCall& call) {
  statistics_.Count(operation.kind.empty() ? operation.operation : operation.kind,
                    vix::Code(operation.result));
  call.logged_in() ? audit_.RecordLoggedIn(operation) : audit_.RecordRefused(operation);
}

void GuestOperations::RecordHgfs(const hgfs::AuditRecord& record) {
  const AuditedOperation operation = {hgfs::AuditName(*record.operation), record.user,
                                      record.target, ErrorOf(record.result)};
  statistics_.Count(operation.operation, vix::Code(operation.result));
  // Only a packet without a credential has no user.
  record.user.empty() ? audit_.RecordRefused(operation) : audit_.RecordLoggedIn(operation);
}

Outcome GuestOperations::RunWithoutLogin(uint32_t opcode) const {
  switch (opcode) {
    case vix::kGetToolsState:
      return vix::EncodeToolsState(MakeToolsState(operating_system_));
    case vix::kWaitForTools:
    case vix::kLogout:
      return Error::kOk;
    case vix::kRegistryKeyExists:
    case vix::kReadRegistry:
    case vix::kWriteRegistry:
    case vix::kDeleteGuestRegistryKey:
      return Error::kOpNotSupportedOnGuest;
    case vix::kAddAuthAlias:
    case vix::kRemoveAuthAlias:
    case vix::kListAuthProviderAliases:
    case vix::kListAuthMappedAliases:
    case vix::kRemoveAuthAliasByCertificate:
      return Error::kNotSupported;
    default:
      return opcode >= vix::kCreateRegistryKey && opcode <= vix::kDeleteRegistryValue
                 ? Error::kOpNotSupportedOnGuest
                 : Error::kUnrecognizedCommand;
  }
}

TcloReply GuestOperations::RunHgfs(absl::string_view packet) {
  Use();
  if (standstill_) {
    hgfs_.Refuse(packet);
    return TcloReply::Error("the guest stands still for a snapshot");
  }
  std::shared_ptr<files::FileStore> inbox = inbox_();
  // The policy speaks of guest users; customization has a switch of its own.
  if (inbox == nullptr) {
    const absl::Status allowed = policy_.CheckOperation(Operation::kHgfsSendPacket);
    if (!allowed.ok()) {
      hgfs_.Refuse(packet);
      return TcloReply::Error(std::string(allowed.message()));
    }
  }
  TcloReply reply = TcloReply::Ok(hgfs_.Dispatch(packet, {.user = "", .files = std::move(inbox)}));
  reply.after_reply = [this] { hgfs_.RunDeferredWork(); };
  return reply;
}

std::vector<v1::ExtensionStatus> GuestOperations::DescribeExtensions() const {
  return toolboxd::DescribeExtensions(extensions_);
}

v1::ListSessionsReply GuestOperations::DescribeSessions() const {
  return toolboxd::DescribeSessions(sessions_);
}

v1::ListTransfersReply GuestOperations::DescribeTransfers() const {
  return toolboxd::DescribeTransfers(hgfs_);
}

LiveNumbers GuestOperations::CountLive() const {
  return toolboxd::CountLive(sessions_, hgfs_, functions_);
}

ProgramsView GuestOperations::DescribePrograms() const {
  return toolboxd::DescribePrograms(programs_, functions_, sessions_);
}

void GuestOperations::BeginStandstill() {
  standstill_ = true;
  functions_.Hold();
}

void GuestOperations::EndStandstill() {
  functions_.Release();
  standstill_ = false;
}

void GuestOperations::Maintain() {
  if (standstill_) return;
  audit_.Maintain();
  hgfs_.Maintain();
  functions_.Maintain();
  sessions_.Maintain();
}

void GuestOperations::Reload() {
  // The log and policy_state() have the result.
  policy_.Load().IgnoreError();
  extensions_.Load();
  if (policy_.RefusesAll()) sessions_.EndAll();
}

void AddGuestOperationRoutes(Router& router, GuestOperations& operations) {
  router.Add(
      "Vix_1_Relayed_Command",
      [&operations](absl::string_view arguments) { return operations.RunVix(arguments); },
      Pace::kGuestOperation);
  router.Add("f", [&operations](absl::string_view packet) { return operations.RunHgfs(packet); });
}

}  // namespace toolboxd
