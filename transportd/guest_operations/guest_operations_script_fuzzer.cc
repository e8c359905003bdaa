// SPDX-License-Identifier: Apache-2.0

// A host that sends guest operations, each well-formed but for what the script says, to all that
// serves them: decoders, sessions, policy, and the calls of fake services over gRPC.
// Covers: transportd/vix/requests.cc transportd/vix/message.cc transportd/vix/credential.cc
// transportd/guest_operations/guest_operations.cc transportd/guest_operations/file_operations.cc
// transportd/guest_operations/program_operations.cc

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fuzz/script_target.h"
#include "transportd/hgfs/messages.h"
#include "transportd/hgfs/packet.h"
#include "transportd/testing/fake_guest.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd {
namespace {

using fuzz::Number;
using fuzz::Step;
using fuzz::Text;
using vix::Opcode;

// Values of every step, in front of its own: the operation among those of its type, who asks, and
// flags of the message and of the request (docs/protocol/vix.md 4.2).
constexpr size_t kOwn = 4;
fuzz::MessageType Type(std::string name, std::vector<fuzz::Field> own) {
  own.insert(own.begin(), {Number({0, 1, 2, 3, 4, 5, 6}), Number({0, 1, 2, 3, 4, 5}),
                           Number({0x0D, 0x85, 0, 0xFF}), Number({0, 0x10, 0x40, 0x50})});
  return {std::move(name), std::move(own)};
}

const fuzz::Field kPath = Text({"/a", "/d", "/d/b", "/new", "", "relative", "/a\xff", "/a/../b",
                                "/proc/1001/stdout", "/archive:/d", "/%41<>&", "/a\n"});
const fuzz::Field kText = Text({"", "/a", "*", ".*", "[", "A=1\nB=2", "%s", "\xc3\xa9"});
const fuzz::Field kFlag = Number({0, 1, 2, 255});
const fuzz::Field kSmall = Number({0, 1, 2, 50, 0x7FFFFFFF, 0xFFFFFFFF});
const fuzz::Field kBig = Number({0, 1, 1001, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF});

enum StepType {
  kPath_,
  kList,
  kFolder,
  kMove,
  kTemporary,
  kAttributes,
  kTransfer,
  kStart,
  kProcesses,
  kEnvironment,
  kTerminate,
  kHgfs,
  kListOld,
  kOther,
  kRaw
};

const fuzz::Grammar& VixGrammar() {
  static const auto& grammar = *new fuzz::Grammar{
      Type("path", {kSmall, kPath}),
      Type("list_files", {kSmall, kPath, kText, kSmall, kSmall, kBig}),
      Type("folder", {kSmall, kPath, kText, kFlag}),
      Type("move", {kSmall, kPath, kPath, kText, kFlag}),
      Type("temporary", {kSmall, kText, kText, kPath, kText}),
      Type("attributes", {Number({1, 2, 4, 8, 0x70, 0x7F, 0xFFFFFFFF}), kBig, kBig, kSmall,
                          Number({0644, 07777, 0xFFFFFFFF}), kFlag, kFlag, kPath}),
      Type("transfer", {kSmall, kPath, kFlag}),
      Type("start", {kFlag, Text({"/bin/true", "/none", "", "/bin/sh\n", "%20", "http.RoundTrip"}),
                     kText, kPath, kText}),
      Type("processes", {kSmall, kSmall, kText}),
      Type("environment", {kText}),
      Type("terminate", {kBig, kSmall}),
      Type("hgfs", {kSmall, Number({41, 42, 15, 24, 25, 26, 27, 3}), Number({0, 1}), kText}),
      Type("list_directory", {kSmall, kPath, kBig}),
      // Operations without a body of their own, and those that Linux guests do not have.
      Type("other", {Text({"", "x", std::string(200, 'x')})}),
      Type("raw", {Number({0, 4, 8, 200, 0xFFFFFFFF}), kText}),
  };
  return grammar;
}

uint32_t Opcode(const Step& step, std::initializer_list<uint32_t> opcodes) {
  return opcodes.begin()[step.number(0) % opcodes.size()];
}

std::vector<absl::string_view> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

// An operation's number and body.
struct Call {
  uint32_t opcode = 0;
  std::string body;
};

uint64_t N(const Step& step, size_t i) { return step.number(kOwn + i); }
int32_t I(const Step& step, size_t i) { return static_cast<int32_t>(N(step, i)); }
const std::string& T(const Step& step, size_t i) { return step.text(kOwn + i); }

Call FileCall(const Step& step) {
  switch (step.type) {
    case kPath_:
      return {Opcode(step,
                     {vix::kDeleteFileEx, vix::kDeleteFile, vix::kFileExists, vix::kDirectoryExists,
                      vix::kDeleteDirectory, vix::kDeleteEmptyDirectory, vix::kGetFileInfo}),
              vix::Encode(vix::PathRequest{I(step, 0), T(step, 1)})};
    case kList:
      return {Opcode(step, {vix::kListFiles, vix::kInitiateFileTransferFromGuest}),
              vix::Encode(vix::ListFilesRequest{I(step, 0), T(step, 1), T(step, 2), I(step, 3),
                                                I(step, 4), N(step, 5)})};
    case kFolder:
      return {
          Opcode(step, {vix::kCreateDirectoryEx, vix::kDeleteDirectoryEx, vix::kCreateDirectory}),
          vix::Encode(vix::DirectoryRequest{I(step, 0), T(step, 1), T(step, 2), N(step, 3) != 0})};
    case kMove:
      return {Opcode(step, {vix::kMoveFileEx, vix::kMoveDirectory, vix::kMoveFile}),
              vix::Encode(vix::MoveRequest{I(step, 0), T(step, 1), T(step, 2), T(step, 3),
                                           N(step, 4) != 0})};
    case kTemporary:
      return {Opcode(step, {vix::kCreateTemporaryFileEx, vix::kCreateTemporaryDirectory,
                            vix::kCreateTemporaryFile}),
              vix::Encode(vix::CreateTemporaryRequest{I(step, 0), T(step, 1), T(step, 2),
                                                      T(step, 3), T(step, 4)})};
    case kAttributes: {
      vix::SetAttributesRequest request;
      request.flags = I(step, 0);
      request.access_time = static_cast<int64_t>(N(step, 1));
      request.modification_time = static_cast<int64_t>(N(step, 2));
      request.uid = request.gid = I(step, 3);
      request.permissions = I(step, 4);
      request.hidden = N(step, 5) != 0;
      request.read_only = N(step, 6) != 0;
      request.path = T(step, 7);
      return {vix::kSetFileAttributes, vix::Encode(request)};
    }
    case kTransfer:
      return {vix::kInitiateFileTransferToGuest,
              vix::Encode(vix::TransferToGuestRequest{I(step, 0), T(step, 1), N(step, 2) != 0})};
    default:
      return {vix::kListDirectory, vix::Encode(vix::ListDirectoryRequest{
                                       I(step, 0), T(step, 1), static_cast<int64_t>(N(step, 2))})};
  }
}

Call ProgramCall(const Step& step) {
  switch (step.type) {
    case kStart:
      return {vix::kStartProgram,
              vix::Encode(vix::StartProgramRequest{N(step, 0) != 0, T(step, 1), T(step, 2),
                                                   T(step, 3), Lines(T(step, 4))})};
    case kProcesses: {
      vix::ListProcessesRequest request{
          static_cast<uint32_t>(N(step, 0)), static_cast<uint32_t>(N(step, 1)), {}};
      for (const absl::string_view line : Lines(T(step, 2))) request.pids.push_back(line.size());
      return {Opcode(step, {vix::kListProcessesEx, vix::kListProcesses}), vix::Encode(request)};
    }
    case kEnvironment:
      return {vix::kReadEnvironmentVariables,
              vix::Encode(vix::ReadEnvironmentRequest{Lines(T(step, 0))})};
    default:
      return {Opcode(step, {vix::kTerminateProcess, vix::kKillProcess}),
              vix::Encode(vix::TerminateRequest{N(step, 0), static_cast<uint32_t>(N(step, 1))})};
  }
}

Call HgfsCall(const Step& step, uint64_t session) {
  hgfs::Packet packet;
  packet.op = static_cast<uint32_t>(N(step, 1));
  packet.session_id = N(step, 2) == 0 ? session : N(step, 2);
  hgfs::OpenRequest open;
  const std::string name = absl::StrCat("root", T(step, 3));
  open.name.cp_name = name;
  std::string payload = T(step, 3);
  if (packet.op == 24) payload = hgfs::Encode(hgfs::Op::kOpenV3, open);
  if (packet.op == 41)
    payload = hgfs::Encode(hgfs::Op::kCreateSessionV4, hgfs::CreateSessionRequest());
  packet.payload = payload;
  const std::string bytes = hgfs::EncodePacket(packet);
  return {vix::kHgfsSendPacket, vix::Encode(vix::HgfsPacketRequest{I(step, 0), bytes})};
}

Call CallOf(const Step& step, uint64_t session) {
  switch (step.type) {
    case kStart:
    case kProcesses:
    case kEnvironment:
    case kTerminate:
      return ProgramCall(step);
    case kHgfs:
      return HgfsCall(step, session);
    case kOther:
      return {Opcode(step, {vix::kGetToolsState, vix::kValidateCredentials,
                            vix::kAcquireCredentials, vix::kLogout, vix::kListFilesystems,
                            vix::kCheckUserAccount, vix::kReleaseCredentials}),
              T(step, 0)};
    case kRaw:
      return {static_cast<uint32_t>(N(step, 0)), T(step, 1)};
    default:
      return FileCall(step);
  }
}

// Types and regions of a credential, right and wrong (docs/protocol/vix.md 4.3).
struct Login {
  uint32_t type;
  std::string region;
};
const Login& LoginOf(const Step& step) {
  static const auto& logins = *new std::vector<Login>{
      {vix::kCredentialNamePassword, vix::EncodeNamePassword("alice", "a")},
      {vix::kCredentialNamePassword, vix::EncodeNamePassword("bob", "b")},
      {vix::kCredentialNamePassword, vix::EncodeNamePassword("alice", "wrong")},
      {vix::kCredentialNone, ""},
      {vix::kCredentialObfuscatedNamePassword, vix::EncodeNamePassword("alice", "a")},
      {vix::kCredentialSamlBearerToken, "token"},
  };
  return logins[step.number(1) % logins.size()];
}

void Run(toolboxd::testing::FakeGuest& guest, const Step& step, uint64_t& session) {
  const Call call = CallOf(step, session);
  vix::Request request;
  request.opcode = call.opcode;
  request.body = call.body;
  request.common_flags = static_cast<uint8_t>(step.number(2));
  request.request_flags = static_cast<uint32_t>(step.number(3));
  const Login& login = LoginOf(step);
  request.credential_type = login.type;
  request.credential = login.region;
  std::string bytes = vix::EncodeRelayedCommand(request);
  fuzz::Apply(step, bytes);

  const TcloReply answer = guest.operations().RunVix(bytes);
  if (answer.after_reply) answer.after_reply();
  vix::Reply reply;
  if (!answer.ok || answer.data.size() > vix::kMaxReplySize ||
      !vix::ParseReply(answer.data, reply)) {
    std::abort();
  }
  hgfs::Packet packet;
  if (call.opcode != vix::kHgfsSendPacket || reply.error != 0 || !step.damage.empty()) return;
  if (!hgfs::DecodePacket(reply.result, packet)) return;
  hgfs::CreateSessionReply created;
  if (packet.op == 41 && hgfs::Decode(hgfs::Op::kCreateSessionV4, packet.payload, created)) {
    session = created.session_id;
  }
}

}  // namespace
}  // namespace toolboxd

const toolboxd::fuzz::Grammar& toolboxd::fuzz::TargetGrammar() { return VixGrammar(); }

void toolboxd::fuzz::RunScript(const Script& script) {
  static auto& guest = *new toolboxd::testing::FakeGuest;
  guest.hgfsd.PutDirectory("/d");
  guest.hgfsd.Put("/a", "content");
  guest.hgfsd.Put("/d/b", "");
  uint64_t session = 1;
  for (const Step& step : script) toolboxd::Run(guest, step, session);
}
