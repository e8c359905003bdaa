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

TEST(DescribeCommand, TextOfKnownCommandsIsShown) {
  EXPECT_EQ(Command("Set_Option synctime 1"), "Set_Option text=synctime 1 => OK");
  EXPECT_EQ(Command("ping"), "ping => OK");
  EXPECT_EQ(Command(std::string("OS_Halt\0", 8)), "OS_Halt => OK");
  EXPECT_EQ(Command("vmbackup.start 1 /x", TcloReply::Error("Error: \x01no")),
            "vmbackup.start text=1 /x => ERROR Error: ?no");
}

TEST(DescribeCommand, WhatIsNotKnownIsASize) {
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
