// SPDX-License-Identifier: Apache-2.0

// Guest operations on files, and transfers.

#include "transportd/guest_operations/file_operations.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "transportd/testing/guest_operations_test.h"

namespace toolboxd {
namespace {

using toolboxd::testing::FakeGuest;

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
  EXPECT_EQ(hgfs_.Upload("/tmp/f", content.substr(0, 60000)), hgfs::Status::kSuccess);
  guest_.hgfsd.Put("/tmp/g", content);
  std::string downloaded;
  EXPECT_EQ(hgfs_.Download("/tmp/g", downloaded), hgfs::Status::kSuccess);
  EXPECT_EQ(downloaded, content);
  EXPECT_EQ(guest_.logins, 1);
  EXPECT_TRUE(guest_.had_deferred_work());
  // Another user's packet in this session.
  hgfs::NameRequest request;
  request.name.cp_name = "root";
  hgfs::GetattrReply reply;
  EXPECT_EQ(HgfsOf("bob", "b", hgfs::Op::kGetattrV2, request, reply), hgfs::Status::kStaleSession);
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

// A packet in the middle of an upload, and why it does not arrive. The host closes its file then.
TEST_F(GuestOperationsTest, UploadOfWhichAPacketWasRefusedLeavesTheTarget) {
  const std::string policy = TempFile("policy", "");
  GuestOperationsOptions options = testing::FakeGuest::Options();
  options.policy_file = policy;
  guest_.Restart(options);
  const auto reload = [&](const std::string& text) {
    TempFile("policy", text);
    guest_.operations().Reload();
  };
  std::string password = "a";
  uint32_t error = 0;
  testing::HgfsHost host([&](absl::string_view packet) -> std::optional<std::string> {
    vix::HgfsPacketRequest request;
    request.packet = packet;
    error = guest_.Send(vix::kHgfsSendPacket, Encode(request), "alice", password, true);
    return error == 0 ? std::optional(guest_.result()) : std::nullopt;
  });
  struct Case {
    const char* name;
    uint32_t error;
    std::function<void()> begin, end;
  };
  const Case cases[] = {
      {"a snapshot", 5, [&] { guest_.operations().BeginStandstill(); },
       [&] { guest_.operations().EndStandstill(); }},
      {"a wrong password", 3050, [&] { password = "x"; }, [&] { password = "a"; }},
      {"a policy", 20005, [&] { reload("disabled_operations: \"HgfsSendPacket\""); },
       [&] { reload(""); }},
  };
  for (const Case& refusal : cases) {
    SCOPED_TRACE(refusal.name);
    guest_.hgfsd.Put("/tmp/f", "before");
    ASSERT_EQ(host.CreateSession(), hgfs::Status::kSuccess);
    uint32_t handle = 0;
    ASSERT_EQ(host.Open("/tmp/f", hgfs::kWriteOnly, handle), hgfs::Status::kSuccess);
    ASSERT_EQ(host.Append(handle, "first"), hgfs::Status::kSuccess);
    refusal.begin();
    EXPECT_EQ(host.Append(handle, "second"), hgfs::Status::kTransportError);
    EXPECT_EQ(error, refusal.error);
    refusal.end();
    EXPECT_NE(host.Close(handle), hgfs::Status::kSuccess);
    EXPECT_EQ(guest_.hgfsd.Get("/tmp/f").content, "before");
  }
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
    return std::pair(hgfs_.Call(hgfs::Op::kGetattrV2, request, attributes),
                     hgfs_.Call(hgfs::Op::kQueryVolume, request, volume));
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

}  // namespace
}  // namespace toolboxd
