// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/guest_operations.h"

#include <cstdlib>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "transportd/hgfs/messages.h"
#include "transportd/hgfs/packet.h"
#include "transportd/hgfs/path.h"
#include "transportd/testing/fake_guest.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd {
namespace {

using std::string_literals::operator""s;
using ::testing::ElementsAre;
using toolboxd::testing::FakeGuest;

std::string PathBody(absl::string_view path) {
  vix::PathRequest request;
  request.path = path;
  return Encode(request);
}

std::string StartBody(absl::string_view program, absl::string_view arguments = "") {
  vix::StartProgramRequest request;
  request.program = program;
  request.arguments = arguments;
  return Encode(request);
}

std::string ListBody(absl::string_view path, int32_t max_results, uint64_t offset = 0) {
  vix::ListFilesRequest request;
  request.path = path;
  request.max_results = max_results;
  request.offset = offset;
  return Encode(request);
}

class GuestOperationsTest : public ::testing::Test {
 protected:
  std::string TempFile(const std::string& name, const std::string& text) {
    const std::string path = std::string(getenv("TEST_TMPDIR")) + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  // One HGFS packet by operation 84.
  template <typename Request, typename Reply>
  hgfs::Status Hgfs(hgfs::Op op, const Request& message, Reply& reply,
                    const std::string& user = "alice", const std::string& password = "a") {
    hgfs::Packet packet;
    const std::string payload = Encode(op, message);
    packet.op = static_cast<uint32_t>(op);
    packet.session_id = session_;
    packet.payload = payload;
    vix::HgfsPacketRequest request;
    const std::string bytes = EncodePacket(packet);
    request.packet = bytes;
    EXPECT_EQ(guest_.Send(vix::kHgfsSendPacket, Encode(request), user, password, true), 0u);
    answer_ = guest_.result();
    hgfs::Packet answer;
    EXPECT_TRUE(DecodePacket(answer_, answer));
    if (answer.status != hgfs::Status::kSuccess) return answer.status;
    EXPECT_TRUE(Decode(op, answer.payload, reply));
    return hgfs::Status::kSuccess;
  }

  void CreateSession() {
    hgfs::CreateSessionReply reply;
    ASSERT_EQ(Hgfs(hgfs::Op::kCreateSessionV4, hgfs::CreateSessionRequest(), reply),
              hgfs::Status::kSuccess);
    session_ = reply.session_id;
  }

  hgfs::Status OpenFile(const std::string& path, hgfs::OpenMode mode, uint32_t& handle) {
    hgfs::OpenRequest request;
    const std::string name = hgfs::EncodePath(path);
    request.mode = mode;
    request.flags = mode == hgfs::kReadOnly ? hgfs::kOpenExisting : hgfs::kCreateEmpty;
    request.name.cp_name = name;
    hgfs::OpenReply reply;
    const hgfs::Status status = Hgfs(hgfs::Op::kOpenV3, request, reply);
    handle = reply.handle;
    return status;
  }

  hgfs::Status Upload(const std::string& path, const std::string& content) {
    uint32_t handle = 0;
    hgfs::Status status = OpenFile(path, hgfs::kWriteOnly, handle);
    if (status != hgfs::Status::kSuccess) return status;
    hgfs::WriteRequest write;
    write.handle = handle;
    write.flags = hgfs::kWriteAppend;
    write.data = content;
    write.size = content.size();
    hgfs::WriteReply written;
    status = Hgfs(hgfs::Op::kWriteV3, write, written);
    hgfs::HandleRequest close;
    close.handle = handle;
    hgfs::EmptyReply closed;
    const hgfs::Status close_status = Hgfs(hgfs::Op::kClose, close, closed);
    return status == hgfs::Status::kSuccess ? close_status : status;
  }

  hgfs::Status Download(const std::string& path, std::string& content) {
    uint32_t handle = 0;
    hgfs::Status status = OpenFile(path, hgfs::kReadOnly, handle);
    if (status != hgfs::Status::kSuccess) return status;
    hgfs::ReadReply reply;
    do {
      hgfs::ReadRequest read;
      read.handle = handle;
      read.offset = content.size();
      read.size = 0xF000;
      status = Hgfs(hgfs::Op::kReadV3, read, reply);
      if (status != hgfs::Status::kSuccess) return status;
      content.append(reply.data.data(), reply.data.size());
    } while (reply.size > 0);
    hgfs::HandleRequest close;
    close.handle = handle;
    hgfs::EmptyReply closed;
    return Hgfs(hgfs::Op::kClose, close, closed);
  }

  // The audit lines that `action` leaves, without their common beginning.
  template <typename Action>
  std::vector<std::string> Audited(Action action) {
    ::testing::internal::CaptureStderr();
    action();
    std::vector<std::string> lines;
    for (absl::string_view line :
         absl::StrSplit(::testing::internal::GetCapturedStderr(), '\n', absl::SkipEmpty())) {
      const size_t at = line.find("guest operation user=");
      if (at != absl::string_view::npos) lines.emplace_back(line.substr(at + 21));
    }
    return lines;
  }

  FakeGuest guest_;
  uint64_t session_ = 0;
  std::string answer_;
};

TEST_F(GuestOperationsTest, ToolsStateNeedsNoLogin) {
  vix::Request request;
  request.opcode = vix::kGetToolsState;
  EXPECT_EQ(guest_.SendRaw(request), 0u);
  std::string bytes;
  EXPECT_TRUE(absl::Base64Unescape(guest_.result(), &bytes));
}

TEST_F(GuestOperationsTest, ProgramsStartWithOneLogin) {
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/date", "-u")), 0u);
  EXPECT_EQ(guest_.result(), "1001");
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("date")), 0u);
  const auto started = guest_.vixd.started();
  ASSERT_EQ(started.size(), 2u);
  EXPECT_EQ(started[0].arguments(), "-u");
  EXPECT_FALSE(started[0].with_io());
  EXPECT_TRUE(started[1].with_io());
  EXPECT_EQ(guest_.logins, 1);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/none")), 4u);
  EXPECT_EQ(guest_.result(), "-1");
}

TEST_F(GuestOperationsTest, CredentialsHaveTheirErrorCodes) {
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "alice", "x"), 3050u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "nobody", "x"), 3050u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "../alice", "a"), 3u);
  EXPECT_EQ(guest_.Send(vix::kCheckUserAccount, "", "bob", "x"), 3015u);
  vix::Request request;
  request.opcode = vix::kValidateCredentials;
  for (const uint32_t type : {0, 2, 3, 5, 6, 7, 10}) {
    request.credential_type = type;
    EXPECT_EQ(guest_.SendRaw(request), 6u) << type;
  }
  request.credential_type = 1;
  EXPECT_EQ(guest_.SendRaw(request), 10001u);
  const std::string not_base64("\4\0\0\0\4\0\0\0!!!!\0", 13);
  request.credential = not_base64;
  EXPECT_EQ(guest_.SendRaw(request), 3050u);
}

// Nothing wakes an idle guest.
TEST_F(GuestOperationsTest, MaintenanceIsNeededFromAnOperationOnUntilNothingIsOpen) {
  GuestOperationsOptions options = testing::FakeGuest::Options();
  options.maintenance = absl::ZeroDuration();
  options.sessions.idle_close = absl::ZeroDuration();
  guest_.Restart(options);
  int uses = 0;
  guest_.operations().SetOnUse([&uses] { ++uses; });
  EXPECT_FALSE(guest_.operations().NeedsMaintenance());
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  EXPECT_EQ(uses, 1);
  EXPECT_TRUE(guest_.operations().NeedsMaintenance());
  guest_.operations().Maintain();
  EXPECT_FALSE(guest_.operations().NeedsMaintenance());
  options.maintenance = absl::Minutes(1);
  guest_.Restart(options);
  EXPECT_NE(guest_.Send(vix::kValidateCredentials, "", "alice", "wrong"), 0u);
  EXPECT_TRUE(guest_.operations().NeedsMaintenance());
}

TEST_F(GuestOperationsTest, EveryOperationIsBusyDuringAStandstill) {
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  guest_.operations().BeginStandstill();
  EXPECT_TRUE(guest_.operations().standstill());
  for (const uint32_t opcode :
       {vix::kValidateCredentials, vix::kStartProgram, vix::kListProcessesEx, vix::kHgfsSendPacket,
        vix::kGetToolsState, vix::kCheckUserAccount}) {
    EXPECT_EQ(guest_.Send(opcode, ""), 5u) << opcode;
  }
  EXPECT_FALSE(guest_.operations().RunHgfs("").ok);
  guest_.operations().Maintain();
  EXPECT_TRUE(guest_.vixd.started().empty());
  EXPECT_EQ(guest_.logins, 1);
  guest_.operations().EndStandstill();
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  EXPECT_TRUE(guest_.operations().RunHgfs("").ok);
}

// docs/protocol/vix.md 4.6: a ticket that does not exist is not a success.
TEST_F(GuestOperationsTest, ThereAreNoTickets) {
  EXPECT_EQ(guest_.Send(vix::kAcquireCredentials, std::string(8, '\0')), 6u);
  EXPECT_EQ(guest_.Send(vix::kReleaseCredentials, ""), 6u);
  EXPECT_EQ(guest_.Send(vix::kAcquireCredentials, std::string(8, '\0'), "alice", "x"), 6u);
  EXPECT_EQ(guest_.logins, 0);
}

TEST_F(GuestOperationsTest, MalformedMessagesHaveTheirErrorCodes) {
  for (const std::string& arguments : {""s, "\"x\""s, "\"x\"\0"s, "\"x\"\0\1\2\3"s}) {
    const TcloReply reply = guest_.operations().RunVix(arguments);
    EXPECT_TRUE(reply.ok);
    EXPECT_EQ(reply.data, "10000 0 \0"s);
  }
  EXPECT_EQ(guest_.Send(vix::kDeleteFileEx, "\0\0\0\0\xFF\xFF\xFF\xFF"s), 10001u);
  EXPECT_EQ(guest_.Send(vix::kDeleteFileEx, PathBody("")), 3u);
  EXPECT_EQ(guest_.Send(vix::kDeleteFileEx, PathBody("\xFF")), 27u);
  // The body is decoded before the credential.
  EXPECT_EQ(guest_.Send(vix::kDeleteFileEx, PathBody(""), "alice", "x"), 3u);
  EXPECT_EQ(guest_.logins, 0);
}

TEST_F(GuestOperationsTest, OtherOpcodesAreNotSupported) {
  EXPECT_EQ(guest_.Send(99999, ""), 3025u);
  EXPECT_EQ(guest_.Send(0, ""), 3025u);
  for (const uint32_t opcode : {8u, 201u, 203u, 206u}) {
    EXPECT_EQ(guest_.Send(opcode, ""), 3003u) << opcode;
  }
  // Guest aliases.
  for (const uint32_t opcode : {197u, 198u, 199u, 200u, 207u}) {
    EXPECT_EQ(guest_.Send(opcode, ""), 6u) << opcode;
  }
  EXPECT_EQ(guest_.Send(vix::kLogout, ""), 0u);
}

TEST_F(GuestOperationsTest, FilesAreListed) {
  guest_.hgfsd.Put("/tmp/a<b", "12345");
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 10)), 0u);
  EXPECT_TRUE(absl::StartsWith(guest_.result(), "0 <rem>0</rem><fxi><Name>.</Name><ft>1</ft>"))
      << guest_.result();
  EXPECT_TRUE(absl::StrContains(guest_.result(), "<Name>a%3Cb</Name><ft>0</ft><fs>5</fs>"));
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 0)), 0u);
  EXPECT_EQ(guest_.result(), "0 <rem>3</rem>");
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", -1)), 0u);
  EXPECT_EQ(guest_.result(), "0 <rem>3</rem>");
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 5, 5)), 3u);
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 5, 0x7FFFFFFF)), 3u);
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/none", 5)), 4u);
}

TEST_F(GuestOperationsTest, LongListingsComeInPages) {
  for (int i = 0; i < 5000; ++i) guest_.hgfsd.Put(absl::StrCat("/tmp/file", i), "");
  size_t received = 0;
  int pages = 0;
  do {
    ASSERT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 6000, received)), 0u);
    ASSERT_LT(guest_.result().size(), vix::kMaxReplySize);
    for (size_t at = guest_.result().find("<fxi>"); at != std::string::npos;
         at = guest_.result().find("<fxi>", at + 1)) {
      ++received;
    }
    ++pages;
  } while (guest_.result()[0] == '1');
  EXPECT_EQ(received, 5002u);
  EXPECT_GT(pages, 5);
}

TEST_F(GuestOperationsTest, FilesAreCreatedMovedAndDeleted) {
  vix::DirectoryRequest directory;
  directory.path = "/tmp/d";
  EXPECT_EQ(guest_.Send(vix::kCreateDirectoryEx, Encode(directory)), 0u);
  EXPECT_EQ(guest_.Send(vix::kCreateDirectoryEx, Encode(directory)), 12u);
  guest_.hgfsd.Put("/tmp/d/f", "x");
  EXPECT_EQ(guest_.Send(vix::kDeleteDirectoryEx, Encode(directory)), 20006u);
  EXPECT_EQ(guest_.Send(vix::kDeleteFileEx, PathBody("/tmp/d")), 20001u);
  vix::MoveRequest move;
  move.from = "/tmp/d/f";
  move.to = "/tmp/g";
  EXPECT_EQ(guest_.Send(vix::kMoveFileEx, Encode(move)), 0u);
  EXPECT_EQ(guest_.Send(vix::kMoveFileEx, Encode(move)), 4u);
  EXPECT_EQ(guest_.Send(vix::kDeleteDirectoryEx, Encode(directory)), 0u);
  vix::CreateTemporaryRequest temporary;
  temporary.prefix = "p-";
  temporary.suffix = ".s";
  EXPECT_EQ(guest_.Send(vix::kCreateTemporaryFileEx, Encode(temporary)), 0u);
  EXPECT_EQ(guest_.result(), "/tmp/p-vmware1.s");
  EXPECT_EQ(guest_.Send(vix::kFileExists, PathBody("/tmp/g")), 0u);
  EXPECT_EQ(guest_.result(), "1");
  EXPECT_EQ(guest_.Send(vix::kDirectoryExists, PathBody("/tmp/g")), 0u);
  EXPECT_EQ(guest_.result(), "0");
}

TEST_F(GuestOperationsTest, OnlyFlaggedAttributesAreChanged) {
  guest_.hgfsd.Put("/tmp/f", "x");
  vix::SetAttributesRequest request;
  request.path = "/tmp/f";
  request.flags =
      vix::SetAttributesRequest::kModificationTime | vix::SetAttributesRequest::kPermissions;
  request.modification_time = 100;
  request.access_time = 200;
  request.permissions = 0600;
  request.uid = 7;
  EXPECT_EQ(guest_.Send(vix::kSetFileAttributes, Encode(request)), 0u);
  const v1::FileInfo info = guest_.hgfsd.Get("/tmp/f").info;
  EXPECT_EQ(info.modification_time(), 100000000000);
  EXPECT_EQ(info.access_time(), 0);
  EXPECT_EQ(info.mode() & 07777, 0600u);
  EXPECT_EQ(info.uid(), 0u);
  request.flags = vix::SetAttributesRequest::kHidden;
  EXPECT_EQ(guest_.Send(vix::kSetFileAttributes, Encode(request)), 3u);
}

TEST_F(GuestOperationsTest, TransfersAreCheckedBeforeTheyStart) {
  guest_.hgfsd.Put("/tmp/f", "12345");
  EXPECT_EQ(guest_.Send(vix::kInitiateFileTransferFromGuest, ListBody("/tmp/f", 0)), 0u);
  EXPECT_TRUE(absl::StartsWith(guest_.result(), "<fxi><Name>/tmp/f</Name>")) << guest_.result();
  EXPECT_EQ(guest_.Send(vix::kInitiateFileTransferFromGuest, ListBody("/tmp/none", 0)), 4u);
  vix::TransferToGuestRequest request;
  request.path = "/tmp/f";
  EXPECT_EQ(guest_.Send(vix::kInitiateFileTransferToGuest, Encode(request)), 12u);
  request.overwrite = true;
  EXPECT_EQ(guest_.Send(vix::kInitiateFileTransferToGuest, Encode(request)), 0u);
  request.path = "/none/f";
  EXPECT_EQ(guest_.Send(vix::kInitiateFileTransferToGuest, Encode(request)), 22u);
}

TEST_F(GuestOperationsTest, ContentIsTransferredByHgfs) {
  CreateSession();
  const std::string content(200000, 'x');
  EXPECT_EQ(Upload("/tmp/f", content.substr(0, 60000)), hgfs::Status::kSuccess);
  guest_.hgfsd.Put("/tmp/g", content);
  std::string downloaded;
  EXPECT_EQ(Download("/tmp/g", downloaded), hgfs::Status::kSuccess);
  EXPECT_EQ(downloaded, content);
  EXPECT_EQ(guest_.logins, 1);
  EXPECT_TRUE(guest_.had_deferred_work());
  // Another user's packet in this session.
  hgfs::NameRequest request;
  request.name.cp_name = "root";
  hgfs::GetattrReply reply;
  EXPECT_EQ(Hgfs(hgfs::Op::kGetattrV2, request, reply, "bob", "b"), hgfs::Status::kStaleSession);
}

TEST_F(GuestOperationsTest, HgfsPacketsNeedTheirCredential) {
  CreateSession();
  vix::HgfsPacketRequest request;
  request.packet = "x";
  EXPECT_EQ(guest_.Send(vix::kHgfsSendPacket, Encode(request), "alice", "x", true), 3050u);
  // Without a credential only sessions can be managed.
  const TcloReply reply = guest_.operations().RunHgfs("nonsense");
  EXPECT_TRUE(reply.ok);
  hgfs::Packet packet;
  ASSERT_TRUE(DecodePacket(reply.data, packet));
  EXPECT_EQ(packet.status, hgfs::Status::kProtocolError);
}

TEST_F(GuestOperationsTest, EachOperationLeavesOneAuditLine) {
  guest_.hgfsd.Put("/tmp/f", "secret");
  EXPECT_THAT(Audited([&] {
                guest_.Send(vix::kStartProgram, StartBody("/bin/date", "-u"));
                guest_.Send(vix::kDeleteFileEx, PathBody("/tmp/\"none"));
                guest_.Send(vix::kListFiles, ListBody("/tmp", 1), "bob", "wrong");
              }),
              ElementsAre("alice operation=StartProgramInGuest target=\"/bin/date\" result=0",
                          "alice operation=DeleteFileInGuest target=\"/tmp/%22none\" result=4",
                          "bob operation=ListFilesInGuest target=\"/tmp\" result=3050"));
}

TEST_F(GuestOperationsTest, AuditLinesCannotBeForgedAndNameUnknownOpcodes) {
  EXPECT_THAT(Audited([&] {
                guest_.Send(vix::kListFiles, ListBody("/tmp", 1), "root operation=X result=0", "x");
                guest_.Send(vix::kCreateRegistryKey, "");
                guest_.Send(9999, "");
              }),
              ElementsAre("root%20operation%3DX%20result%3D0 operation=ListFilesInGuest "
                          "target=\"/tmp\" result=3050",
                          "alice operation=Opcode201 target=\"\" result=3003",
                          "alice operation=Opcode9999 target=\"\" result=3025"));
}

TEST_F(GuestOperationsTest, EachTransferLeavesOneAuditLine) {
  EXPECT_THAT(Audited([&] {
                CreateSession();
                Upload("/tmp/f", "secret");
                std::string content;
                Download("/tmp/f", content);
                Download("/tmp/none", content);
              }),
              ElementsAre("alice operation=FileTransferToGuest target=\"/tmp/f\" result=0",
                          "alice operation=FileTransferFromGuest target=\"/tmp/f\" result=0",
                          "alice operation=FileTransferFromGuest target=\"/tmp/none\" result=4"));
}

TEST_F(GuestOperationsTest, HgfsPacketsThatChangeSomethingLeaveAnAuditLine) {
  const auto remove = [&] {
    hgfs::DeleteRequest request;
    const std::string name = hgfs::EncodePath("/tmp/f");
    request.name.cp_name = name;
    hgfs::EmptyReply reply;
    Hgfs(hgfs::Op::kDeleteFileV3, request, reply);
  };
  guest_.hgfsd.Put("/tmp/f", "x");
  CreateSession();
  EXPECT_THAT(Audited([&] {
                remove();
                remove();
              }),
              ElementsAre("alice operation=DeleteFileInGuest target=\"/tmp/f\" result=0",
                          "alice operation=DeleteFileInGuest target=\"/tmp/f\" result=4"));
  vix::HgfsPacketRequest request;
  request.packet = "x";
  EXPECT_THAT(
      Audited([&] { guest_.Send(vix::kHgfsSendPacket, Encode(request), "alice", "wrong", true); }),
      ElementsAre("alice operation=HgfsSendPacket target=\"\" result=3050"));
}

TEST_F(GuestOperationsTest, AbandonedTransferLeavesAnAuditLine) {
  CreateSession();
  uint32_t handle = 0;
  ASSERT_EQ(OpenFile("/tmp/f", hgfs::kWriteOnly, handle), hgfs::Status::kSuccess);
  // As at the end of the process.
  EXPECT_THAT(Audited([&] { guest_.Restart(FakeGuest::Options()); }),
              ElementsAre("alice operation=FileTransferToGuest target=\"/tmp/f\" result=10"));
}

TEST_F(GuestOperationsTest, AuditLineOfALongTargetKeepsItsResult) {
  const std::vector<std::string> lines =
      Audited([&] { guest_.Send(vix::kDeleteFileEx, PathBody("/tmp/" + std::string(4000, '"'))); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(absl::EndsWith(lines[0], "...\" result=4")) << lines[0];
}

TEST_F(GuestOperationsTest, ProcessesAreListedInPages) {
  EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(vix::ListProcessesRequest())), 0u);
  EXPECT_TRUE(absl::StartsWith(guest_.result(), "<proc><cmd>process%3C1%3E</cmd>"));
  guest_.vixd.processes = 3000;
  ASSERT_EQ(guest_.Send(vix::kListProcessesEx, Encode(vix::ListProcessesRequest())), 0u);
  unsigned key = 0, total = 0, left = 0;
  int head = 0;
  ASSERT_EQ(sscanf(guest_.result().c_str(),
                   "<key>%u</key><totalSize>%u</totalSize><leftToSend>%u</leftToSend>%n", &key,
                   &total, &left, &head),
            3);
  std::string list = guest_.result().substr(head);
  EXPECT_EQ(list.size() + left, total);
  while (left > 0) {
    vix::ListProcessesRequest next;
    next.key = key;
    next.offset = list.size();
    // Another user does not get it.
    EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(next), "bob", "b"), 3u);
    ASSERT_EQ(guest_.Send(vix::kListProcessesEx, Encode(next)), 0u);
    ASSERT_EQ(sscanf(guest_.result().c_str(), "<leftToSend>%u</leftToSend>%n", &left, &head), 1);
    list += guest_.result().substr(head);
  }
  EXPECT_EQ(list.size(), total);
  EXPECT_TRUE(absl::EndsWith(list, "</proc>"));
}

// Users choose their programs' arguments and number.
TEST_F(GuestOperationsTest, ProcessListsAreBounded) {
  GuestOperationsOptions options = FakeGuest::Options();
  options.timeout = absl::Seconds(20);
  guest_.Restart(options);
  const auto total = [this] {
    EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(vix::ListProcessesRequest())), 0u);
    unsigned key = 0, size = 0;
    EXPECT_EQ(sscanf(guest_.result().c_str(), "<key>%u</key><totalSize>%u", &key, &size), 2);
    return size;
  };
  guest_.vixd.processes = 2000;
  const unsigned names_only = total();
  guest_.vixd.command_line_size = 50000;
  EXPECT_GT(total(), names_only + (1u << 20));
  EXPECT_LE(total(), ProcessListCache::kMaxListBytes);
  guest_.vixd.processes = 200000;
  guest_.vixd.command_line_size = 0;
  EXPECT_LE(total(), ProcessListCache::kMaxListBytes);
}

TEST_F(GuestOperationsTest, CommandLineInAProcessListIsCut) {
  guest_.vixd.processes = 1;
  guest_.vixd.command_line_size = 50000;
  EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(vix::ListProcessesRequest())), 0u);
  const std::string name = absl::StrCat("<name>", std::string(8192, '<'), "</name>");
  EXPECT_TRUE(absl::StrContains(vix::Unescape(guest_.result()), name));
}

// Whoever names processes at will takes no more of the list than others.
TEST_F(GuestOperationsTest, NameInAProcessListIsCut) {
  guest_.vixd.processes = 1;
  guest_.vixd.name_size = 8192;
  EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(vix::ListProcessesRequest())), 0u);
  const std::string name = absl::StrCat("process<1>", std::string(245, 'n'));
  EXPECT_TRUE(absl::StrContains(vix::Unescape(guest_.result()), "<cmd>" + name + "</cmd>"));
}

TEST_F(GuestOperationsTest, ProcessesAreTerminatedAndEnvironmentIsRead) {
  vix::TerminateRequest request;
  for (const auto& [pid, code] :
       {std::pair(2ull, 0u), std::pair(1ull, 3015u), std::pair(0ull, 3015u),
        std::pair(99ull, 20003u), std::pair(~0ull, 20003u)}) {
    request.pid = pid;
    EXPECT_EQ(guest_.Send(vix::kTerminateProcess, Encode(request)), code) << pid;
  }
  EXPECT_EQ(guest_.Send(vix::kReadEnvironmentVariables, std::string(8, '\0')), 0u);
  EXPECT_EQ(guest_.result(), "<ev>HOME=/root</ev><ev>A=%3C1%3E</ev>");
}

TEST_F(GuestOperationsTest, HungServiceCostsOneErrorEach) {
  guest_.vixd.hang = true;
  const absl::Time begin = absl::Now();
  EXPECT_EQ(guest_.Send(vix::kReadEnvironmentVariables, std::string(8, '\0')), 5u);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(2));
  guest_.vixd.hang = false;
  EXPECT_EQ(guest_.Send(vix::kReadEnvironmentVariables, std::string(8, '\0')), 0u);
  // The session that hung was dropped.
  EXPECT_EQ(guest_.logins, 2);
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 1)), 0u);
}

TEST_F(GuestOperationsTest, ServiceThatDiedIdleIsReplacedUnnoticed) {
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/a")), 0u);
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 1)), 0u);
  guest_.KillVixd();
  guest_.KillHgfsd();
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/b")), 0u);
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 1)), 0u);
}

TEST_F(GuestOperationsTest, FunctionsAreListedAsProcessesWithStreams) {
  CreateSession();
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("http.RoundTrip", "10.0.0.1:80")), 20005u);
  ASSERT_EQ(guest_.Send(vix::kStartProgram, StartBody("http.RoundTrip", "localhost:80")), 0u);
  const uint64_t pid = std::stoull(guest_.result());
  EXPECT_EQ(pid, static_cast<uint64_t>(FunctionTable::kFirstPid));
  const std::string folder = absl::StrCat("/proc/", pid);
  std::string output;
  EXPECT_EQ(Download(folder + "/stdout", output), hgfs::Status::kAccessDenied);
  EXPECT_EQ(guest_.Send(vix::kInitiateFileTransferFromGuest, ListBody(folder + "/stdout", 0)), 13u);
  EXPECT_EQ(Upload(folder + "/stdin", "GET /"), hgfs::Status::kSuccess);
  EXPECT_EQ(guest_.Send(vix::kInitiateFileTransferFromGuest, ListBody(folder + "/stdout", 0)), 0u);
  EXPECT_EQ(Download(folder + "/stdout", output), hgfs::Status::kSuccess);
  EXPECT_EQ(output, "http.RoundTrip(localhost:80) for alice: GET /");
  vix::ListProcessesRequest list;
  list.pids = {pid};
  EXPECT_EQ(guest_.Send(vix::kListProcessesEx, Encode(list)), 0u);
  EXPECT_TRUE(
      absl::StrContains(guest_.result(), absl::StrCat("<pid>", pid, "</pid><user>alice</user>")));
  EXPECT_TRUE(absl::StrContains(guest_.result(), "<eCode>5</eCode>")) << guest_.result();
  vix::TerminateRequest terminate;
  terminate.pid = pid;
  EXPECT_EQ(guest_.Send(vix::kTerminateProcess, Encode(terminate), "bob", "b"), 3015u);
  EXPECT_EQ(guest_.Send(vix::kTerminateProcess, Encode(terminate)), 0u);
}

TEST_F(GuestOperationsTest, RightPasswordOfADeniedUserIsRefusedByThePolicy) {
  GuestOperationsOptions options = FakeGuest::Options();
  options.policy_file = TempFile("denied.textproto", "allow: \"alice\"");
  guest_.Restart(options);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "bob", "b"), 20005u);
  EXPECT_EQ(guest_.Send(vix::kCheckUserAccount, "", "bob", "b"), 20005u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
}

// Databases that ignore case, or that add a domain, know a user by several spellings.
TEST_F(GuestOperationsTest, EverythingGoesByTheUserThatPamSettledOn) {
  guest_.passwords["ALICE"] = "a";
  guest_.canonical_names["ALICE"] = "alice";
  guest_.hgfsd.Put("/tmp/f", "x");
  EXPECT_THAT(Audited([&] { guest_.Send(vix::kListFiles, ListBody("/tmp", 1), "ALICE"); }),
              ElementsAre("alice operation=ListFilesInGuest target=\"/tmp\" result=0"));
  // The HGFS session that one spelling made is the other one's.
  CreateSession();
  hgfs::NameRequest request;
  const std::string name = hgfs::EncodePath("/tmp/f");
  request.name.cp_name = name;
  hgfs::GetattrReply reply;
  EXPECT_EQ(Hgfs(hgfs::Op::kGetattrV2, request, reply, "ALICE"), hgfs::Status::kSuccess);
  ASSERT_EQ(guest_.Send(vix::kStartProgram, StartBody("http.RoundTrip", "localhost:80"), "ALICE"),
            0u);
  std::string output;
  EXPECT_EQ(Upload(absl::StrCat("/proc/", guest_.result(), "/stdin"), ""), hgfs::Status::kSuccess);
  GuestOperationsOptions options = FakeGuest::Options();
  options.policy_file = TempFile("canonical.textproto", "deny: \"alice\"");
  guest_.Restart(options);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "ALICE"), 20005u);
}

TEST_F(GuestOperationsTest, AttributesNeedAnOperationThatShowsThem) {
  guest_.hgfsd.Put("/tmp/f", "x");
  const auto look = [&](const std::string& policy) {
    GuestOperationsOptions options = FakeGuest::Options();
    options.policy_file = TempFile("attributes.textproto", policy);
    guest_.Restart(options);
    CreateSession();
    hgfs::NameRequest request;
    const std::string name = hgfs::EncodePath("/tmp/f");
    request.name.cp_name = name;
    hgfs::GetattrReply attributes;
    hgfs::VolumeReply volume;
    return std::pair(Hgfs(hgfs::Op::kGetattrV2, request, attributes),
                     Hgfs(hgfs::Op::kQueryVolume, request, volume));
  };
  const auto yes = hgfs::Status::kSuccess;
  const auto no = hgfs::Status::kAccessDenied;
  const std::string list = "disabled_operations: \"ListFilesInGuest\" ";
  const std::string from = "disabled_operations: \"InitiateFileTransferFromGuest\" ";
  const std::string to = "disabled_operations: \"InitiateFileTransferToGuest\" ";
  EXPECT_EQ(look(list), std::pair(yes, yes));
  EXPECT_EQ(look(from), std::pair(yes, yes));
  EXPECT_EQ(look(list + from), std::pair(no, yes));
  EXPECT_EQ(look(list + from + to), std::pair(no, no));
}

TEST_F(GuestOperationsTest, MoveThatTakesTooLongCostsOneErrorAndKeepsTheSession) {
  GuestOperationsOptions options = FakeGuest::Options();
  options.move_timeout = absl::Milliseconds(100);
  guest_.Restart(options);
  guest_.hgfsd.Put("/tmp/f", "x");
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 1)), 0u);
  guest_.hgfsd.hang = true;
  vix::MoveRequest move;
  move.from = "/tmp/f";
  move.to = "/tmp/g";
  EXPECT_EQ(guest_.Send(vix::kMoveFileEx, Encode(move)), 5u);
  guest_.hgfsd.hang = false;
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 1)), 0u);
  // hgfsd had to undo it: it was not given up.
  EXPECT_EQ(guest_.logins, 1);
}

TEST_F(GuestOperationsTest, RefusalsCrowdNoAuditLineOut) {
  vix::Request refused;
  refused.opcode = vix::kValidateCredentials;
  refused.credential_type = 99;
  EXPECT_THAT(Audited([&] {
                for (int i = 0; i < 200000; ++i) {
                  refused.opcode = i % 2 == 0 ? uint32_t{vix::kValidateCredentials} : 10000u + i;
                  guest_.SendRaw(refused);
                }
                guest_.Send(vix::kStartProgram, StartBody("/bin/id"));
              }),
              ElementsAre("- operation=ValidateCredentialsInGuest target=\"\" result=6",
                          "- operation=Opcode10001 target=\"\" result=3025",
                          "alice operation=StartProgramInGuest target=\"/bin/id\" result=0"));
}

TEST_F(GuestOperationsTest, StartedProgramsAndSessionsAreShown) {
  GuestOperations& operations = guest_.operations();
  EXPECT_EQ(operations.DescribeSessions().sessions_size(), 0);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/date", "-u secret")), 0u);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/none")), 4u);
  const v1::ListSessionsReply sessions = operations.DescribeSessions();
  ASSERT_EQ(sessions.sessions_size(), 1);
  EXPECT_EQ(sessions.sessions(0).user(), "alice");
  EXPECT_EQ(sessions.sessions(0).service(), "vixd");
  EXPECT_FALSE(sessions.sessions(0).busy());
  EXPECT_GT(sessions.sessions(0).authenticated_time(), 0);
  const ProgramsView view = operations.DescribePrograms();
  ASSERT_EQ(view.programs.programs_size(), 1);
  EXPECT_EQ(view.programs.programs(0).program(), "/bin/date");
  EXPECT_EQ(view.vixd.size(), 1u);
  EXPECT_EQ(view.programs.DebugString().find("secret"), std::string::npos);
}

TEST_F(GuestOperationsTest, PolicyThatRefusesAllEndsOpenSessions) {
  GuestOperationsOptions options = FakeGuest::Options();
  options.policy_file = TempFile("all.textproto", "");
  guest_.Restart(options);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  TempFile("all.textproto", "disable_guest_operations: true");
  guest_.operations().Reload();
  TempFile("all.textproto", "");
  guest_.operations().Reload();
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  EXPECT_EQ(guest_.logins, 2);
}

TEST_F(GuestOperationsTest, PolicyCanAskForTheExplicitFormOfAnArchive) {
  const auto upload_to = [this](const std::string& path) {
    vix::TransferToGuestRequest request;
    request.path = path;
    request.overwrite = true;
    return guest_.Send(vix::kInitiateFileTransferToGuest, Encode(request));
  };
  GuestOperationsOptions options = FakeGuest::Options();
  options.policy_file = TempFile("policy.textproto", "");
  guest_.Restart(options);
  guest_.hgfsd.PutDirectory("/tmp/d");
  EXPECT_EQ(upload_to("/tmp/d"), 0u);
  TempFile("policy.textproto", "explicit_archives: true");
  guest_.operations().Reload();
  EXPECT_EQ(upload_to("/tmp/d"), 20001u);
  EXPECT_EQ(upload_to("/archive:/tmp/d"), 0u);
  EXPECT_EQ(upload_to("/tmp/d/new"), 0u);
}

TEST_F(GuestOperationsTest, PolicyIsAskedAndReloaded) {
  GuestOperationsOptions options = FakeGuest::Options();
  options.policy_file =
      TempFile("policy.textproto",
               "disabled_operations: \"ListFilesInGuest\" deny: \"bob\" deny: \"carol\" "
               "programs: \"/bin/date\"");
  guest_.Restart(options);
  EXPECT_THAT(Audited([&] { guest_.Send(vix::kListFiles, ListBody("/tmp", 1)); }),
              ElementsAre("alice operation=ListFilesInGuest target=\"\" result=20005"));
  // What the policy says about a user is for those who have the password.
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "carol", "x"), 3050u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "nobody", "x"), 3050u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "bob", "b"), 20005u);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/sh")), 20005u);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/date", "; sh")), 20005u);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/date", "-u")), 0u);
  TempFile("policy.textproto", "disable_guest_operations: true");
  guest_.operations().Reload();
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 20005u);
  vix::Request request;
  request.opcode = vix::kGetToolsState;
  EXPECT_EQ(guest_.SendRaw(request), 0u);
  TempFile("policy.textproto", "");
  guest_.operations().Reload();
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "bob", "b"), 0u);
}

}  // namespace
}  // namespace toolboxd
