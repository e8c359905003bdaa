// SPDX-License-Identifier: Apache-2.0

#include "transportd/trace/trace_event.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "transportd/hgfs/messages.h"
#include "transportd/hgfs/packet.h"
#include "transportd/hgfs/path.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/message.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd::trace {
namespace {

constexpr char kSecret[] = "correct horse battery";

// "command name=value name=value => answer".
std::string Line(const v1::TraceEvent& event) {
  std::string line = event.command();
  for (const v1::TraceDetail& detail : event.details()) {
    absl::StrAppend(&line, " ", detail.name(), "=", detail.value());
  }
  return absl::StrCat(line, " => ", event.answer());
}

std::string Command(absl::string_view request, const TcloReply& reply = TcloReply::Ok()) {
  return Line(DescribeCommand(request, reply));
}

std::string Request(absl::string_view request,
                    const absl::StatusOr<RpciReply>& reply = RpciReply{true, ""}) {
  return Line(DescribeRequest(request, reply));
}

std::string Operation(uint32_t opcode, const std::string& body,
                      const TcloReply& reply = TcloReply::Ok("0 0 ")) {
  const std::string credential = vix::EncodeNamePassword("alice", kSecret);
  vix::Request request;
  request.name = "0";
  request.opcode = opcode;
  request.credential_type = vix::kCredentialNamePassword;
  request.credential = credential;
  request.body = body;
  return Command(absl::StrCat("Vix_1_Relayed_Command ", vix::EncodeRelayedCommand(request)), reply);
}

template <typename Message>
std::string Packet(hgfs::Op op, const Message& message) {
  const std::string payload = Encode(op, message);
  hgfs::Packet packet;
  packet.op = static_cast<uint32_t>(op);
  packet.payload = payload;
  return EncodePacket(packet);
}

TEST(DescribeCommand, OperationHasItsUserAndWhatItWorksOn) {
  vix::PathRequest path;
  path.path = "/tmp/f";
  EXPECT_EQ(Operation(vix::kDeleteFileEx, vix::Encode(path), TcloReply::Ok("4 2 ")),
            "Vix_1_Relayed_Command operation=DeleteFileInGuest user=alice path=/tmp/f => VIX 4");
  vix::MoveRequest move;
  move.from = "/a";
  move.to = "/b";
  EXPECT_EQ(Operation(vix::kMoveFileEx, vix::Encode(move)),
            "Vix_1_Relayed_Command operation=MoveFileInGuest user=alice from=/a to=/b => VIX 0");
  vix::TerminateRequest terminate;
  terminate.pid = 4711;
  EXPECT_EQ(Operation(vix::kTerminateProcess, vix::Encode(terminate)),
            "Vix_1_Relayed_Command operation=TerminateProcessInGuest user=alice pid=4711 => VIX 0");
}

// What an operation with this body works on, as it is shown.
template <typename Message>
std::string Shown(uint32_t opcode, const Message& request) {
  const std::string line = Operation(opcode, vix::Encode(request));
  const size_t begin = line.find("user=alice") + 11;
  return line.substr(begin, line.find(" => ") - begin);
}

TEST(DescribeCommand, EveryOperationShowsItsPathsAndOptions) {
  vix::ListFilesRequest list;
  list.path = "/d";
  list.max_results = 10;
  list.index = 2;
  list.pattern = "a*";
  EXPECT_EQ(Shown(vix::kListFiles, list), "path=/d pattern=a* index=2 max_results=10");
  vix::DirectoryRequest directory;
  directory.path = "/d";
  directory.flag = true;
  EXPECT_EQ(Shown(vix::kCreateDirectoryEx, directory), "path=/d all=true");
  vix::MoveRequest move;
  move.from = "/a";
  move.to = "/b";
  move.overwrite = true;
  EXPECT_EQ(Shown(vix::kMoveFileEx, move), "from=/a to=/b overwrite=true");
  vix::CreateTemporaryRequest temporary;
  temporary.prefix = "p";
  temporary.suffix = ".s";
  temporary.directory = "/t";
  EXPECT_EQ(Shown(vix::kCreateTemporaryFileEx, temporary), "directory=/t prefix=p suffix=.s");
  vix::SetAttributesRequest attributes;
  attributes.path = "/f";
  attributes.flags = vix::SetAttributesRequest::kPermissions;
  attributes.permissions = 0600;
  EXPECT_EQ(Shown(vix::kSetFileAttributes, attributes),
            absl::StrCat("path=/f flags=", attributes.flags, " permissions=384"));
  vix::TransferToGuestRequest upload;
  upload.path = "/f";
  upload.overwrite = true;
  EXPECT_EQ(Shown(vix::kInitiateFileTransferToGuest, upload), "path=/f overwrite=true");
  vix::ListProcessesRequest processes;
  processes.pids = {7, 8};
  EXPECT_EQ(Shown(vix::kListProcessesEx, processes), "processes=2");
  vix::ReadEnvironmentRequest environment;
  environment.names = {"HOME"};
  EXPECT_EQ(Shown(vix::kReadEnvironmentVariables, environment), "variables=1");
  vix::ListDirectoryRequest legacy;
  legacy.path = "/d";
  EXPECT_EQ(Shown(vix::kListDirectory, legacy), "path=/d");
}

TEST(DescribeCommand, BodyThatIsNotTheOperationsIsCounted) {
  for (const uint32_t opcode : {vix::kListFiles, vix::kMoveFile, vix::kCreateDirectory,
                                vix::kMoveFileEx, vix::kStartProgram, vix::kHgfsSendPacket}) {
    EXPECT_EQ(Operation(opcode, "abc").find(kSecret), std::string::npos);
    EXPECT_TRUE(absl::StrContains(Operation(opcode, "abc"), "malformed=(3 bytes)")) << opcode;
  }
}

TEST(DescribeCommand, ArgumentsAndVariablesOfAProgramAreNotShown) {
  vix::StartProgramRequest start;
  start.program = "/usr/bin/mysql";
  start.arguments = kSecret;
  const std::string variable = absl::StrCat("PASSWORD=", kSecret);
  start.environment = {variable};
  EXPECT_EQ(Operation(vix::kStartProgram, vix::Encode(start), TcloReply::Ok("0 0 77")),
            "Vix_1_Relayed_Command operation=StartProgramInGuest user=alice program=/usr/bin/mysql "
            "arguments=(21 bytes) variables=1 => VIX 0");
}

TEST(DescribeCommand, PacketOfATransferHasNoContent) {
  const std::string name = hgfs::EncodePath("/tmp/f");
  hgfs::OpenRequest open;
  open.name.cp_name = name;
  vix::HgfsPacketRequest body;
  std::string packet = Packet(hgfs::Op::kOpenV3, open);
  body.packet = packet;
  hgfs::Packet request;
  ASSERT_TRUE(hgfs::DecodePacket(packet, request));
  const std::string reply = hgfs::EncodeReply(request, hgfs::Status::kNoSuchFile, "");
  EXPECT_EQ(Operation(vix::kHgfsSendPacket, vix::Encode(body),
                      TcloReply::Ok(absl::StrCat("0 0 #", reply))),
            "Vix_1_Relayed_Command operation=HgfsSendPacket user=alice hgfs=Open path=/tmp/f => "
            "VIX 0, HGFS status 1");
  hgfs::WriteRequest write;
  write.handle = 3;
  write.offset = 61440;
  write.data = kSecret;
  write.size = write.data.size();
  packet = Packet(hgfs::Op::kWriteV3, write);
  body.packet = packet;
  EXPECT_EQ(Operation(vix::kHgfsSendPacket, vix::Encode(body)),
            "Vix_1_Relayed_Command operation=HgfsSendPacket user=alice hgfs=Write handle=3 "
            "offset=61440 size=21 => VIX 0");
}

// What is shown of a packet, which need not be a good one.
std::string ShownPacket(const std::string& packet) {
  vix::HgfsPacketRequest body;
  body.packet = packet;
  return Shown(vix::kHgfsSendPacket, body);
}

TEST(DescribeCommand, EveryHgfsOperationShowsItsPathsAndHandles) {
  const std::string path = hgfs::EncodePath("/d");
  const std::string other = hgfs::EncodePath("/e");
  hgfs::NameRequest name;
  name.name.cp_name = path;
  EXPECT_EQ(ShownPacket(Packet(hgfs::Op::kGetattrV2, name)), "hgfs=Getattr path=/d");
  EXPECT_EQ(ShownPacket(Packet(hgfs::Op::kQueryVolume, name)), "hgfs=QueryVolume path=/d");
  name.name.by_handle = true;
  name.name.handle = 5;
  EXPECT_EQ(ShownPacket(Packet(hgfs::Op::kGetattrV3, name)), "hgfs=Getattr handle=5");
  hgfs::HandleRequest handle;
  handle.handle = 3;
  EXPECT_EQ(ShownPacket(Packet(hgfs::Op::kClose, handle)), "hgfs=Close handle=3");
  EXPECT_EQ(ShownPacket(Packet(hgfs::Op::kSearchCloseV3, handle)), "hgfs=SearchClose handle=3");
  hgfs::ReadRequest read;
  read.handle = 3;
  read.offset = 10;
  read.size = 20;
  EXPECT_EQ(ShownPacket(Packet(hgfs::Op::kRead, read)), "hgfs=Read handle=3 offset=10 size=20");
  hgfs::SearchReadRequest entry;
  entry.handle = 3;
  entry.offset = 7;
  EXPECT_EQ(ShownPacket(Packet(hgfs::Op::kSearchReadV2, entry)),
            "hgfs=SearchRead handle=3 offset=7");
  hgfs::RenameRequest rename;
  rename.from.cp_name = path;
  rename.to.cp_name = other;
  EXPECT_EQ(ShownPacket(Packet(hgfs::Op::kRename, rename)), "hgfs=Rename from=/d to=/e");
  EXPECT_EQ(ShownPacket(Packet(hgfs::Op::kCreateSessionV4, hgfs::CreateSessionRequest())),
            "hgfs=CreateSession");
}

TEST(DescribeCommand, PacketThatCannotBeReadShowsItsSize) {
  EXPECT_EQ(ShownPacket("xy"), "malformed_packet=(2 bytes)");
  hgfs::Packet packet;
  packet.op = static_cast<uint32_t>(hgfs::Op::kClose);
  packet.payload = "abc";
  EXPECT_EQ(ShownPacket(hgfs::EncodePacket(packet)), "hgfs=Close malformed=(3 bytes)");
  packet.op = 999;
  EXPECT_EQ(ShownPacket(hgfs::EncodePacket(packet)), "hgfs_operation=999");
  hgfs::NameRequest name;
  name.name.cp_name = "\xff\xfe";
  EXPECT_EQ(ShownPacket(Packet(hgfs::Op::kGetattrV2, name)), "hgfs=Getattr path=(2 bytes)");
}

TEST(DescribeCommand, TextOfKnownCommandsIsShown) {
  EXPECT_EQ(Command("Set_Option synctime 1"), "Set_Option text=synctime 1 => OK");
  EXPECT_EQ(Command("ping"), "ping => OK");
  EXPECT_EQ(Command(std::string("OS_Halt\0", 8)), "OS_Halt => OK");
  EXPECT_EQ(Command("vmbackup.start 1 /x", TcloReply::Error("Error: \x01no")),
            "vmbackup.start text=1 /x => ERROR Error: ?no");
}

TEST(DescribeCommand, UnknownContentIsShownAsItsSize) {
  EXPECT_EQ(Command(absl::StrCat("Echo ", kSecret), TcloReply::Ok(kSecret)),
            "Echo data=(21 bytes) => OK");
  EXPECT_EQ(Command("f nonsense"), "f malformed_packet=(8 bytes) => OK");
  EXPECT_EQ(Command("Vix_1_Relayed_Command nonsense", TcloReply::Ok("10000 0 ")),
            "Vix_1_Relayed_Command malformed=(8 bytes) => VIX 10000");
  EXPECT_EQ(Command(""), " => OK");
}

TEST(DescribeRequest, ValuesOfVariablesAreNotShown) {
  EXPECT_EQ(Request("info-get guestinfo.userdata", RpciReply{true, kSecret}),
            "info-get text=guestinfo.userdata => 1");
  EXPECT_EQ(Request(absl::StrCat("info-set guestinfo.userdata ", kSecret, " and more")),
            "info-set text=guestinfo.userdata value=(30 bytes) => 1");
  const std::string nul(1, '\0');
  EXPECT_EQ(Request(absl::StrCat("namespace-set-keys com.x", nul, "1", nul, "0", nul, "key", nul,
                                 kSecret, nul, kSecret, nul)),
            "namespace-set-keys namespace=com.x key=key value=(44 bytes) => 1");
  EXPECT_EQ(Request(absl::StrCat("namespace-get-values com.x", nul, "key", nul)),
            "namespace-get-values namespace=com.x key=key => 1");
  EXPECT_EQ(Request(absl::StrCat("something.else ", kSecret)),
            "something.else data=(21 bytes) => 1");
}

TEST(DescribeRequest, RefusalOfTheHostIsShown) {
  EXPECT_EQ(Request("tools.capability.hgfs_server toolbox 1", RpciReply{false, "Unknown command"}),
            "tools.capability.hgfs_server text=toolbox 1 => 0 Unknown command");
  EXPECT_EQ(Request("log x", absl::UnavailableError("no channel")), "log text=x => no channel");
  EXPECT_EQ(Request("SetGuestInfo  7 1234"), "SetGuestInfo kind=7 data=(6 bytes) => 1");
}

TEST(DescribeCommand, LongValuesAreCut) {
  const std::string line = Command(absl::StrCat("Set_Option ", std::string(100000, 'x')));
  EXPECT_LT(line.size(), 400u);
  EXPECT_TRUE(absl::StrContains(line, "xxx...")) << line;
}

// Each operation with the secret wherever a host may put one.
TEST(DescribeCommand, NoOperationShowsASecret) {
  const std::string body = absl::StrCat(std::string(40, '\1'), kSecret);
  for (uint32_t opcode = 0; opcode < 256; ++opcode) {
    EXPECT_FALSE(absl::StrContains(Operation(opcode, body, TcloReply::Ok(kSecret)), "horse"))
        << opcode;
  }
}

}  // namespace
}  // namespace toolboxd::trace
