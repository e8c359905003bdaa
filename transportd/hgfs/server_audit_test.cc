// SPDX-License-Identifier: Apache-2.0

// What the HGFS server records of its clients.

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/errors.pb.h"
#include "transportd/hgfs/open_file.h"
#include "transportd/hgfs/testing/server_fixture.h"

namespace toolboxd::hgfs {
namespace {

using std::string_literals::operator""s;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using HgfsServerAuditTest = HgfsServerTest;

TEST_F(HgfsServerAuditTest, EveryChangeIsRecordedOnce) {
  CreateSession();
  const std::string directory = EncodePath("/tmp/d");
  const std::string file = EncodePath("/tmp/f");
  const std::string other = EncodePath("/tmp/g");
  CreateDirRequest create;
  create.name.cp_name = directory;
  Call(Op::kCreateDirV3, create);
  Call(Op::kCreateDirV3, create);
  DeleteRequest deletion;
  deletion.name.cp_name = directory;
  Call(Op::kDeleteDirV3, deletion);
  hgfsd_.Put("/tmp/f", "x");
  SetattrRequest setattr;
  setattr.name.cp_name = file;
  setattr.attributes.mask = kMaskOwnerPermissions;
  setattr.attributes.owner = 7;
  Call(Op::kSetattrV2, setattr);
  RenameRequest rename;
  rename.from.cp_name = file;
  rename.to.cp_name = other;
  Call(Op::kRenameV3, rename);
  deletion.name.cp_name = other;
  Call(Op::kDeleteFileV2, deletion);
  SearchOpenRequest search;
  const std::string folder = EncodePath("/tmp");
  search.name.cp_name = folder;
  OpenReply opened;
  Call(Op::kSearchOpenV3, search, opened);
  EXPECT_THAT(audit_,
              ElementsAre("alice MakeDirectoryInGuest /tmp/d OK",
                          "alice MakeDirectoryInGuest /tmp/d ALREADY_EXISTS",
                          "alice DeleteDirectoryInGuest /tmp/d OK",
                          "alice ChangeFileAttributesInGuest /tmp/f OK",
                          "alice MoveFileInGuest /tmp/f -> /tmp/g OK",
                          "alice DeleteFileInGuest /tmp/g OK", "alice ListFilesInGuest /tmp OK"));
}

TEST_F(HgfsServerAuditTest, AttributesAreRecordedAsListings) {
  hgfsd_.Put("/tmp/f", "x");
  CreateSession();
  GetattrReply attributes;
  Stat("/tmp/f", attributes);
  Stat("/tmp/none", attributes);
  NameRequest request;
  const std::string name = EncodePath("/tmp/f");
  request.name.cp_name = name;
  VolumeReply volume;
  Call(Op::kQueryVolume, request, volume);
  Call(Op::kDestroySessionV4, EmptyReply());
  EXPECT_THAT(audit_, ElementsAre("alice ListFilesInGuest /tmp/f OK",
                                  "alice ListFilesInGuest /tmp/none NOT_FOUND",
                                  "alice ListFilesInGuest /tmp/f OK"));
}

TEST_F(HgfsServerAuditTest, AttributesOfAnUploadArePartOfIt) {
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/g", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  GetattrReply attributes;
  Stat("/tmp/g", attributes);
  EXPECT_THAT(audit_, IsEmpty());
}

TEST_F(HgfsServerAuditTest, TransferIsRecordedOnceAtItsEnd) {
  hgfsd_.Put("/tmp/f", Pattern(200000));
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
  std::string data;
  for (const uint64_t offset : {0, 100000, 7}) ReadAt(handle, offset, 0xF000, data);
  EXPECT_THAT(audit_, IsEmpty());
  CloseFile(handle);
  EXPECT_THAT(audit_, ElementsAre("alice FileTransferFromGuest /tmp/f OK"));
  audit_.clear();

  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/g", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  WriteAt(handle, true, 0, "new");
  // Its attributes are part of it.
  SetattrRequest setattr;
  const std::string name = EncodePath("/tmp/g");
  setattr.name.cp_name = name;
  setattr.attributes.mask = kMaskOwnerPermissions;
  Call(Op::kSetattrV2, setattr);
  EXPECT_THAT(audit_, IsEmpty());
  CloseFile(handle);
  CloseFile(handle);
  EXPECT_THAT(audit_, ElementsAre("alice FileTransferToGuest /tmp/g OK"));
}

TEST_F(HgfsServerAuditTest, FailedTransferIsRecordedWithItsError) {
  CreateSession();
  uint32_t handle;
  OpenFile(Op::kOpen, "/tmp/none", kReadOnly, 0, handle);
  OpenFile(Op::kOpenV3, "/tmp/f", kReadWrite, 0, handle);
  hgfsd_.fail_after_first_chunk = v1::NO_SPACE;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  WriteAt(handle, true, 0, "new");
  CloseFile(handle);
  EXPECT_THAT(audit_, ElementsAre("alice FileTransferFromGuest /tmp/none NOT_FOUND",
                                  "alice FileTransferToGuest /tmp/f PERMISSION_DENIED",
                                  "alice FileTransferToGuest /tmp/f RESOURCE_EXHAUSTED"));
  audit_.clear();

  hgfsd_.Put("/tmp/g", Pattern(200000));
  hgfsd_.fail_after_first_chunk = v1::IO_ERROR;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/g", kReadOnly, 0, handle), Status::kSuccess);
  std::string data;
  ASSERT_EQ(ReadAt(handle, 0, 0xF000, data), Status::kSuccess);
  ASSERT_EQ(ReadAt(handle, 0xF000, 0xF000, data), Status::kSuccess);
  EXPECT_EQ(ReadAt(handle, kReadChunkBytes, 0xF000, data), Status::kGenericError);
  CloseFile(handle);
  EXPECT_THAT(audit_, ElementsAre("alice FileTransferFromGuest /tmp/g INTERNAL"));
}

TEST_F(HgfsServerAuditTest, AbandonedTransferIsRecordedAsCancelled) {
  hgfsd_.Put("/tmp/f", "x");
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
  Call(Op::kDestroySessionV4, EmptyReply());
  CreateSession();
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/g", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  now_ += SessionTable::kIdleExpiry;
  server_.Maintain();
  EXPECT_THAT(audit_, ElementsAre("alice FileTransferFromGuest /tmp/f CANCELLED",
                                  "alice FileTransferToGuest /tmp/g CANCELLED"));
}

TEST_F(HgfsServerAuditTest, RefusedAttemptsAreRecorded) {
  DeleteRequest deletion;
  deletion.name.cp_name = absl::string_view("root\0tmp\0..\0etc", 15);
  // An unknown session, then a name that leads out of the tree, then a client without a user.
  Call(Op::kDeleteFileV3, deletion);
  CreateSession();
  Call(Op::kDeleteFileV3, deletion);
  const Client nobody;
  CreateSessionReply created;
  Call(Op::kCreateSessionV4, CreateSessionRequest(), created, &nobody);
  session_ = created.session_id;
  EmptyReply empty;
  Call(Op::kDeleteFileV3, deletion, empty, &nobody);
  OpenReply opened;
  Call(Op::kOpen, OpenRequest(), opened, &nobody);
  EXPECT_THAT(audit_, ElementsAre("alice DeleteFileInGuest  FAILED_PRECONDITION",
                                  "alice DeleteFileInGuest root/tmp/../etc INVALID_ARGUMENT",
                                  " DeleteFileInGuest  PERMISSION_DENIED",
                                  " HgfsSendPacket  PERMISSION_DENIED"));
}

// An operation that is added must be recorded, or be listed here as a part of one that is.
TEST(HgfsAudit, EveryOperationHasARecordOrIsPartOfOne) {
  const std::set<Op> parts = {Op::kRead,
                              Op::kReadV3,
                              Op::kWrite,
                              Op::kWriteV3,
                              Op::kClose,
                              Op::kCloseV3,
                              Op::kSearchRead,
                              Op::kSearchReadV2,
                              Op::kSearchReadV3,
                              Op::kSearchClose,
                              Op::kSearchCloseV3,
                              Op::kCreateSessionV4,
                              Op::kDestroySessionV4};
  for (uint32_t number = 0; number < 100; ++number) {
    const Op op = static_cast<Op>(number);
    if (!IsSupported(number)) continue;
    EXPECT_NE(OperationOf(op).has_value(), parts.count(op) != 0) << number;
  }
}

}  // namespace
}  // namespace toolboxd::hgfs
