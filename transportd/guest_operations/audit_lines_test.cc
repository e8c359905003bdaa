// SPDX-License-Identifier: Apache-2.0

// The audit lines that guest operations leave.

#include "absl/strings/match.h"
#include "transportd/testing/guest_operations_test.h"

namespace toolboxd {
namespace {

using ::testing::ElementsAre;
using toolboxd::testing::FakeGuest;

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
                hgfs_.Upload("/tmp/f", "secret");
                std::string content;
                hgfs_.Download("/tmp/f", content);
                hgfs_.Download("/tmp/none", content);
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
    hgfs_.Call(hgfs::Op::kDeleteFileV3, request, reply);
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
  ASSERT_EQ(hgfs_.Open("/tmp/f", hgfs::kWriteOnly, handle), hgfs::Status::kSuccess);
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

}  // namespace
}  // namespace toolboxd
