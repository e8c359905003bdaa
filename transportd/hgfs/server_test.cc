// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/server.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "transportd/hgfs/open_file.h"
#include "transportd/hgfs/path.h"
#include "transportd/hgfs/testing/server_fixture.h"
#include "transportd/sessions/session_channel.h"
#include "transportd/wire/testing/test_data.h"

namespace toolboxd::hgfs {
namespace {

TEST_F(HgfsServerTest, NamesThatLeaveTheTreeAreInvalid) {
  CreateSession();
  OpenRequest request;
  request.name.cp_name = absl::string_view("root\0tmp\0..\0etc", 15);
  OpenReply reply;
  EXPECT_EQ(Call(Op::kOpen, request, reply), Status::kInvalidName);
}

TEST_F(HgfsServerTest, SessionsAndHandlesBelongToTheirUser) {
  hgfsd_.Put("/tmp/f", "secret");
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
  ReadRequest read;
  read.handle = handle;
  read.size = 6;
  ReadReply reply;
  EXPECT_EQ(Call(Op::kReadV3, read, reply, &bob_), Status::kStaleSession);
  EmptyReply empty;
  EXPECT_EQ(Call(Op::kDestroySessionV4, EmptyReply(), empty, &bob_), Status::kStaleSession);
  EXPECT_EQ(Call(Op::kReadV3, read, reply), Status::kSuccess);
  EXPECT_EQ(reply.data, "secret");
}

TEST_F(HgfsServerTest, WithoutCredentialOnlySessionsAreManaged) {
  const Client no_user;
  CreateSessionReply created;
  ASSERT_EQ(Call(Op::kCreateSessionV4, CreateSessionRequest(), created, &no_user),
            Status::kSuccess);
  session_ = created.session_id;
  NameRequest request;
  request.name.cp_name = "root";
  GetattrReply reply;
  EXPECT_EQ(Call(Op::kGetattrV2, request, reply, &no_user), Status::kAccessDenied);
  EmptyReply empty;
  EXPECT_EQ(Call(Op::kDestroySessionV4, EmptyReply(), empty, &no_user), Status::kSuccess);
}

TEST_F(HgfsServerTest, ModeMayAskForSequentialAccess) {
  hgfsd_.Put("/tmp/f", "content");
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly | kSequential, 0, handle), Status::kSuccess);
  std::string data;
  ASSERT_EQ(ReadAt(handle, 0, 7, data), Status::kSuccess);
  EXPECT_EQ(data, "content");
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/g", kWriteOnly | kSequential, kCreateEmpty, handle),
            Status::kSuccess);
  EXPECT_EQ(CloseFile(handle), Status::kSuccess);
  for (const uint32_t mode : {2u, 2u | kSequential, 3u, 8u}) {
    EXPECT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", mode, 0, handle), Status::kAccessDenied) << mode;
  }
}

TEST_F(HgfsServerTest, UnknownSessionsAndHandlesAreStale) {
  uint32_t handle;
  EXPECT_EQ(OpenFile(Op::kOpen, "/tmp", kReadOnly, 0, handle), Status::kStaleSession);
  CreateSession();
  std::string data;
  EXPECT_EQ(ReadAt(7, 0, 10, data), Status::kInvalidHandle);
  EXPECT_EQ(WriteAt(7, true, 0, "x"), Status::kInvalidHandle);
  EXPECT_EQ(CloseFile(7), Status::kInvalidHandle);
  EXPECT_EQ(Call(Op::kDestroySessionV4, EmptyReply()), Status::kSuccess);
  EXPECT_EQ(Call(Op::kDestroySessionV4, EmptyReply()), Status::kStaleSession);
}

TEST_F(HgfsServerTest, IdleSessionsExpireWithTheirFiles) {
  hgfsd_.Put("/tmp/f", "x");
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
  const long shared = alice_.files.use_count();
  now_ += SessionTable::kIdleExpiry;
  server_.Maintain();
  EXPECT_EQ(server_.sessions(), 0u);
  EXPECT_LT(alice_.files.use_count(), shared);
}

TEST_F(HgfsServerTest, NumberOfSessionsOfAUserIsBoundedAndTheOldestGoesFirst) {
  CreateSession();
  const uint64_t first = session_;
  CreateSession();
  const uint64_t second = session_;
  for (size_t i = 2; i < SessionTable::kMaxSessionsPerUser; ++i) CreateSession();
  GetattrReply reply;
  session_ = first;
  EXPECT_EQ(Stat("/tmp", reply), Status::kSuccess);
  CreateSession();
  EXPECT_EQ(server_.sessions(), SessionTable::kMaxSessionsPerUser);
  EXPECT_EQ(Stat("/tmp", reply), Status::kSuccess);
  session_ = first;
  EXPECT_EQ(Stat("/tmp", reply), Status::kSuccess);
  session_ = second;
  EXPECT_EQ(Stat("/tmp", reply), Status::kStaleSession);
}

// As many users as fill the table, and packets without a credential.
TEST_F(HgfsServerTest, UsersAtTheirLimitsLeaveSessionsForOthers) {
  alice_.user = "bob";
  CreateSession();
  const uint64_t bobs = session_;
  for (size_t user = 0; user <= SessionTable::kMaxSessions / SessionTable::kMaxSessionsPerUser;
       ++user) {
    alice_.user = user == 0 ? "" : absl::StrCat("user", user);
    for (size_t i = 0; i < SessionTable::kMaxSessionsPerUser + 10; ++i) CreateSession();
  }
  EXPECT_EQ(server_.sessions(), SessionTable::kMaxSessions);
  GetattrReply reply;
  alice_.user = "bob";
  session_ = bobs;
  EXPECT_EQ(Stat("/tmp", reply), Status::kSuccess);
  alice_.user = "carol";
  for (int i = 0; i < 100; ++i) {
    CreateSession();
    EXPECT_EQ(Stat("/tmp", reply), Status::kSuccess);
  }
  EXPECT_EQ(server_.sessions(), SessionTable::kMaxSessions);
}

TEST_F(HgfsServerTest, NumberOfHandlesOfAUserIsBoundedInAllSessionsAndTheOldestGoesFirst) {
  hgfsd_.Put("/tmp/f", "x");
  CreateSession();
  const uint64_t first_session = session_;
  uint32_t first;
  uint32_t second;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, first), Status::kSuccess);
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/new", kWriteOnly, kCreateEmpty, second), Status::kSuccess);
  uint32_t handle;
  for (size_t i = 2; i < SessionTable::kMaxHandlesPerUser; ++i) {
    if (i % 20 == 0) CreateSession();
    ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
  }
  std::string data;
  const uint64_t last_session = std::exchange(session_, first_session);
  EXPECT_EQ(ReadAt(first, 0, 10, data), Status::kSuccess);
  // A file that cannot be opened costs none.
  EXPECT_EQ(OpenFile(Op::kOpen, "/tmp/none", kReadOnly, 0, handle), Status::kNoSuchFile);
  audit_.clear();
  session_ = last_session;
  SearchOpenRequest search;
  const std::string name = EncodePath("/tmp");
  search.name.cp_name = name;
  OpenReply opened;
  EXPECT_EQ(Call(Op::kSearchOpenV3, search, opened), Status::kSuccess);
  session_ = first_session;
  EXPECT_EQ(ReadAt(first, 0, 10, data), Status::kSuccess);
  // The upload has ended, with its record and without its file.
  EXPECT_EQ(CloseFile(second), Status::kInvalidHandle);
  EXPECT_FALSE(hgfsd_.Has("/tmp/new"));
  EXPECT_EQ(
      std::count(audit_.begin(), audit_.end(), "alice FileTransferToGuest /tmp/new CANCELLED"), 1);
}

TEST_F(HgfsServerTest, UsersAtTheirLimitsLeaveHandlesForOthers) {
  hgfsd_.Put("/tmp/f", "x");
  uint32_t handle;
  for (const char* user : {"alice", "carol", "dave"}) {
    alice_.user = user;
    CreateSession();
    for (size_t i = 0; i < SessionTable::kMaxHandlesPerUser + 5; ++i) {
      ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
    }
  }
  alice_.user = "bob";
  CreateSession();
  std::string data;
  uint32_t first;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, first), Status::kSuccess);
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
  }
  EXPECT_EQ(ReadAt(first, 0, 10, data), Status::kSuccess);
  EXPECT_EQ(data, "x");
}

// All users share transportd's memory: each download that a host opens and does not read holds a
// window.
TEST_F(HgfsServerTest, DownloadsThatAreNotReadStayInTheirWindow) {
  constexpr int kFiles = 32;
  hgfsd_.Put("/tmp/f", std::string(8 << 20, 'x'));
  CreateSession();
  for (int i = 0; i < kFiles; ++i) {
    uint32_t handle;
    ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
    std::string data;
    ASSERT_EQ(ReadAt(handle, 0, 0xF000, data), Status::kSuccess);
  }
  uint64_t sent;
  do {
    sent = hgfsd_.sent;
    absl::SleepFor(absl::Milliseconds(200));
  } while (hgfsd_.sent != sent);
  // Besides the window: the chunk that was read, one that is fetched, one that the server holds.
  EXPECT_LE(sent / kFiles, kStreamWindowBytes + 3 * kReadChunkBytes);
}

TEST_F(HgfsServerTest, HungServiceCostsOneError) {
  hgfsd_.Put("/tmp/f", Pattern(3 << 20));
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
  hgfsd_.hang = true;
  GetattrReply attributes;
  EXPECT_EQ(Stat("/tmp/f", attributes), Status::kTransportError);
  EXPECT_EQ(broken_, 1);
  // What was sent ahead can still be read; then the stream's own limit holds.
  Status status = Status::kSuccess;
  std::string data;
  uint64_t offset = 0;
  for (int i = 0; i < 60 && status == Status::kSuccess; ++i) {
    status = ReadAt(handle, offset, 0xF000, data);
    offset += data.size();
  }
  EXPECT_EQ(status, Status::kTransportError);
  hgfsd_.hang = false;
  EXPECT_EQ(Stat("/tmp/f", attributes), Status::kSuccess);
}

TEST_F(HgfsServerTest, ServiceThatDiesInATransferIsATransportError) {
  hgfsd_.Put("/tmp/f", Pattern(3 << 20));
  CreateSession();
  uint32_t reading;
  uint32_t writing;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, reading), Status::kSuccess);
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/g", kWriteOnly, kCreateEmpty, writing), Status::kSuccess);
  host_.Kill();
  Status status = Status::kSuccess;
  std::string data;
  uint64_t offset = 0;
  for (int i = 0; i < 60 && status == Status::kSuccess; ++i) {
    status = ReadAt(reading, offset, 0xF000, data);
    offset += data.size();
  }
  EXPECT_EQ(status, Status::kTransportError);
  WriteAt(writing, true, 0, "x");
  EXPECT_EQ(CloseFile(writing), Status::kTransportError);
  EXPECT_FALSE(hgfsd_.Has("/tmp/g"));
  EXPECT_EQ(CloseFile(reading), Status::kSuccess);
}

TEST_F(HgfsServerTest, DirectoriesAreListedInAllVersions) {
  hgfsd_.Put("/tmp/a", "1");
  hgfsd_.Put("/tmp/b", "22");
  CreateSession();
  const struct {
    Op open, read, close;
  } kVersions[] = {{Op::kSearchOpen, Op::kSearchRead, Op::kSearchClose},
                   {Op::kSearchOpen, Op::kSearchReadV2, Op::kSearchClose},
                   {Op::kSearchOpenV3, Op::kSearchReadV3, Op::kSearchCloseV3}};
  for (const auto& version : kVersions) {
    SearchOpenRequest open;
    const std::string name = EncodePath("/tmp");
    open.name.cp_name = name;
    OpenReply opened;
    ASSERT_EQ(Call(version.open, open, opened), Status::kSuccess);
    std::vector<std::string> names;
    for (uint32_t offset = 0;; ++offset) {
      SearchReadRequest read;
      read.handle = opened.handle;
      read.offset = offset;
      SearchReadReply entry;
      ASSERT_EQ(Call(version.read, read, entry), Status::kSuccess);
      if (entry.name.cp_name.empty()) break;
      names.push_back(std::string(entry.name.cp_name));
    }
    EXPECT_EQ(names, (std::vector<std::string>{".", "..", "a", "b"}));
    HandleRequest close;
    close.handle = opened.handle;
    EXPECT_EQ(Call(version.close, close), Status::kSuccess);
  }
}

TEST_F(HgfsServerTest, FilesAreManagedInAllVersions) {
  CreateSession();
  const std::string directory = EncodePath("/tmp/d");
  const std::string file = EncodePath("/tmp/f");
  const std::string other = EncodePath("/tmp/g");
  for (const auto& [create, remove] :
       {std::pair(Op::kCreateDir, Op::kDeleteDir), std::pair(Op::kCreateDirV2, Op::kDeleteDirV2),
        std::pair(Op::kCreateDirV3, Op::kDeleteDirV3)}) {
    CreateDirRequest request;
    request.owner = 7;
    request.name.cp_name = directory;
    EXPECT_EQ(Call(create, request), Status::kSuccess);
    EXPECT_EQ(Call(create, request), Status::kFileExists);
    DeleteRequest deletion;
    deletion.name.cp_name = directory;
    EXPECT_EQ(Call(remove, deletion), Status::kSuccess);
    EXPECT_EQ(Call(remove, deletion), Status::kNoSuchFile);
  }
  for (const auto& [rename, remove] :
       {std::pair(Op::kRename, Op::kDeleteFile), std::pair(Op::kRenameV2, Op::kDeleteFileV2),
        std::pair(Op::kRenameV3, Op::kDeleteFileV3)}) {
    hgfsd_.Put("/tmp/f", "x");
    RenameRequest request;
    request.from.cp_name = file;
    request.to.cp_name = other;
    EXPECT_EQ(Call(rename, request), Status::kSuccess);
    EXPECT_TRUE(hgfsd_.Has("/tmp/g"));
    DeleteRequest deletion;
    deletion.name.cp_name = other;
    EXPECT_EQ(Call(remove, deletion), Status::kSuccess);
  }
  for (const Op op : {Op::kQueryVolume, Op::kQueryVolumeV3}) {
    NameRequest request;
    request.name.cp_name = file;
    VolumeReply reply;
    EXPECT_EQ(Call(op, request, reply), Status::kSuccess);
    EXPECT_EQ(reply.total_bytes, 10u);
  }
}

TEST_F(HgfsServerTest, UnknownOperationsAreNotSupported) {
  CreateSession();
  for (const uint32_t op : {18u, 19u, 38u, 40u, 43u, 64u, 65u, 255u, 0xFFFFFFFFu}) {
    Packet packet;
    packet.op = op;
    packet.session_id = session_;
    const std::string answer = server_.Dispatch(EncodePacket(packet), alice_);
    ASSERT_TRUE(DecodePacket(answer, packet));
    EXPECT_EQ(packet.status, Status::kNotSupported) << op;
  }
}

TEST_F(HgfsServerTest, AnyBytesAreAnsweredWithAPacket) {
  const std::string good = wire::ReadTestData("transportd/hgfs/testdata/request_open_v3.bin");
  for (size_t size = 0; size <= good.size(); ++size) {
    Packet packet;
    const std::string answer = server_.Dispatch(good.substr(0, size), alice_);
    ASSERT_TRUE(DecodePacket(answer, packet)) << size;
    EXPECT_NE(packet.status, Status::kSuccess);
  }
  // Within a session the payload is looked at.
  CreateSession();
  for (uint32_t op = 0; op <= 40; ++op) {
    if (!IsSupported(op)) continue;
    Packet packet;
    packet.op = op;
    packet.session_id = session_;
    packet.payload = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    ASSERT_TRUE(DecodePacket(server_.Dispatch(EncodePacket(packet), alice_), packet));
    EXPECT_EQ(packet.status, Status::kProtocolError) << op;
  }
}

}  // namespace
}  // namespace toolboxd::hgfs
