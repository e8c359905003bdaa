// SPDX-License-Identifier: Apache-2.0

// Content through the server, as it goes and as it fails.

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/errors.pb.h"
#include "transportd/hgfs/path.h"
#include "transportd/hgfs/testing/server_fixture.h"

namespace toolboxd::hgfs {
namespace {

TEST_F(HgfsServerTest, DownloadAsVmxDoesIt) {
  for (const size_t size :
       {0, 1, 61439, 61440, 61441, 63487, 63488, 63489, 122879, 122880, 122881, 1 << 20}) {
    run_deferred_ = !run_deferred_;
    hgfsd_.Put("/tmp/f", Pattern(size));
    hgfsd_.reads = 0;
    CreateSession();
    GetattrReply attributes;
    ASSERT_EQ(Stat("/tmp/f", attributes), Status::kSuccess);
    EXPECT_EQ(attributes.attributes.size, size);
    uint32_t handle;
    ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
    std::string content;
    std::string data;
    do {
      ASSERT_EQ(ReadAt(handle, content.size(), 0xF000, data), Status::kSuccess);
      content += data;
    } while (data.size() == 0xF000);
    EXPECT_EQ(content, Pattern(size));
    EXPECT_EQ(CloseFile(handle), Status::kSuccess);
    EXPECT_EQ(hgfsd_.reads, 1);
  }
}

TEST_F(HgfsServerTest, OpenTransfersAreShownWithWhatTheyMoved) {
  hgfsd_.Put("/tmp/f", Pattern(1000));
  CreateSession();
  EXPECT_TRUE(server_.Transfers().empty());
  uint32_t download;
  uint32_t upload;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kReadOnly, 0, download), Status::kSuccess);
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/g", kWriteOnly, kCreateEmpty, upload), Status::kSuccess);
  std::string data;
  ASSERT_EQ(ReadAt(download, 0, 600, data), Status::kSuccess);
  ASSERT_EQ(WriteAt(upload, false, 0, "12345"), Status::kSuccess);
  const std::vector<OpenTransfer> transfers = server_.Transfers();
  ASSERT_EQ(transfers.size(), 2u);
  EXPECT_EQ(transfers[0].path, "/tmp/f");
  EXPECT_EQ(transfers[0].user, "alice");
  EXPECT_FALSE(transfers[0].to_guest);
  EXPECT_EQ(transfers[0].bytes, 600u);
  EXPECT_EQ(transfers[1].path, "/tmp/g");
  EXPECT_TRUE(transfers[1].to_guest);
  EXPECT_EQ(transfers[1].bytes, 5u);
  EXPECT_LT(transfers[0].number, transfers[1].number);
  EXPECT_EQ(CloseFile(download), Status::kSuccess);
  EXPECT_EQ(CloseFile(upload), Status::kSuccess);
  EXPECT_TRUE(server_.Transfers().empty());
  EXPECT_EQ(server_.bytes_from_guest(), 600u);
  EXPECT_EQ(server_.bytes_to_guest(), 5u);
}

TEST_F(HgfsServerTest, OffsetsAreHonoured) {
  hgfsd_.Put("/tmp/f", Pattern(200000));
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
  std::string data;
  for (const uint64_t offset : {100000, 0, 150000, 7, 199999, 200000}) {
    ASSERT_EQ(ReadAt(handle, offset, 1000, data), Status::kSuccess);
    EXPECT_EQ(data, Pattern(200000).substr(offset, 1000)) << offset;
  }
  ASSERT_EQ(ReadAt(handle, uint64_t{1} << 62, 1000, data), Status::kSuccess);
  EXPECT_EQ(data, "");
}

TEST_F(HgfsServerTest, HugeReadIsCappedToAPacket) {
  hgfsd_.Put("/tmp/f", Pattern(200000));
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
  std::string data;
  ASSERT_EQ(ReadAt(handle, 0, 0xFFFFFFFF, data), Status::kSuccess);
  EXPECT_EQ(data.size(), kMaxPayload);
  ASSERT_EQ(ReadAt(handle, data.size(), 0xFFFFFFFF, data), Status::kSuccess);
  EXPECT_EQ(data, Pattern(200000).substr(kMaxPayload, kMaxPayload));
}

TEST_F(HgfsServerTest, UploadAsVmxDoesIt) {
  const std::string content = Pattern(300000);
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  for (size_t at = 0; at < content.size(); at += 0xF000) {
    // The offset is always 0: the flag says where.
    ASSERT_EQ(WriteAt(handle, true, 0, content.substr(at, 0xF000)), Status::kSuccess);
  }
  EXPECT_FALSE(hgfsd_.Has("/tmp/f"));
  GetattrReply attributes;
  ASSERT_EQ(Stat("/tmp/f", attributes), Status::kSuccess);
  EXPECT_EQ(attributes.attributes.size, content.size());

  SetattrRequest setattr;
  const std::string name = EncodePath("/tmp/f");
  setattr.name.cp_name = name;
  setattr.attributes.mask = kMaskSpecialPermissions | kMaskOwnerPermissions |
                            kMaskGroupPermissions | kMaskOtherPermissions | kMaskWriteTime;
  setattr.attributes.owner = 7;
  setattr.attributes.group = 5;
  setattr.attributes.write_time = ToNtTime(5000000000);
  setattr.hints = kHintSetWriteTime;
  ASSERT_EQ(Call(Op::kSetattrV2, setattr), Status::kSuccess);
  EXPECT_EQ(CloseFile(handle), Status::kSuccess);
  EXPECT_EQ(hgfsd_.Get("/tmp/f").content, content);
  EXPECT_EQ(hgfsd_.Get("/tmp/f").info.mode() & 07777, 0750u);
  EXPECT_EQ(hgfsd_.Get("/tmp/f").info.modification_time(), 5000000000);
}

TEST_F(HgfsServerTest, TimeThatTheHostDoesNotGiveIsTheCurrentOne) {
  hgfsd_.Put("/tmp/f", "content");
  CreateSession();
  SetattrRequest setattr;
  const std::string name = EncodePath("/tmp/f");
  setattr.name.cp_name = name;
  setattr.attributes.mask = kMaskWriteTime;
  const int64_t before = absl::ToUnixNanos(absl::Now());
  ASSERT_EQ(Call(Op::kSetattrV2, setattr), Status::kSuccess);
  EXPECT_GE(hgfsd_.Get("/tmp/f").info.modification_time(), before);
}

// The host closes its file after any error.
TEST_F(HgfsServerTest, UploadOfWhichAPacketWasRefusedLeavesTheTarget) {
  hgfsd_.Put("/tmp/f", "before");
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  ASSERT_EQ(WriteAt(handle, true, 0, "first"), Status::kSuccess);
  // Any of the session's: without its attributes the file may be open to others.
  Packet refused;
  refused.op = static_cast<uint32_t>(Op::kSetattrV2);
  refused.session_id = session_;
  server_.Refuse(EncodePacket(refused));
  EXPECT_EQ(WriteAt(handle, true, 0, "third"), Status::kGenericError);
  EXPECT_EQ(CloseFile(handle), Status::kGenericError);
  EXPECT_EQ(hgfsd_.Get("/tmp/f").content, "before");
  EXPECT_EQ(broken_, 0);
}

TEST_F(HgfsServerTest, UploadWithAMalformedWriteLeavesTheTarget) {
  hgfsd_.Put("/tmp/f", "before");
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  ASSERT_EQ(WriteAt(handle, true, 0, "first"), Status::kSuccess);
  WriteRequest request;
  request.handle = handle;
  request.flags = kWriteAppend;
  request.size = 1000;
  request.data = "cut off";
  WriteReply reply;
  EXPECT_EQ(Call(Op::kWriteV3, request, reply), Status::kProtocolError);
  EXPECT_EQ(CloseFile(handle), Status::kGenericError);
  EXPECT_EQ(hgfsd_.Get("/tmp/f").content, "before");
}

TEST_F(HgfsServerTest, RefusedPacketHarmsNoUploadOfAnotherSessionAndNoDownload) {
  hgfsd_.Put("/tmp/f", Pattern(1000));
  CreateSession();
  const uint64_t other_session = session_;
  CreateSession();
  uint32_t upload;
  uint32_t download;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/g", kWriteOnly, kCreateEmpty, upload), Status::kSuccess);
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kReadOnly, 0, download), Status::kSuccess);
  Packet refused;
  refused.op = static_cast<uint32_t>(Op::kWriteV3);
  refused.session_id = other_session;
  server_.Refuse(EncodePacket(refused));
  refused.session_id = session_ + 1;
  server_.Refuse(EncodePacket(refused));
  server_.Refuse("nonsense");
  EXPECT_EQ(WriteAt(upload, true, 0, "whole"), Status::kSuccess);
  EXPECT_EQ(CloseFile(upload), Status::kSuccess);
  EXPECT_EQ(hgfsd_.Get("/tmp/g").content, "whole");
  refused.session_id = session_;
  server_.Refuse(EncodePacket(refused));
  std::string data;
  EXPECT_EQ(ReadAt(download, 0, 1000, data), Status::kSuccess);
  EXPECT_EQ(data, Pattern(1000));
}

TEST_F(HgfsServerTest, SessionWhoseEndWasRefusedEndsWithItsFilesAtMaintenance) {
  hgfsd_.Put("/tmp/f", Pattern(100000));
  CreateSession();
  const uint64_t refused_session = session_;
  uint32_t download;
  uint32_t upload;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kReadOnly, 0, download), Status::kSuccess);
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/g", kWriteOnly, kCreateEmpty, upload), Status::kSuccess);
  CreateSession();
  Packet refused;
  refused.op = static_cast<uint32_t>(Op::kClose);
  refused.session_id = refused_session;
  server_.Refuse(EncodePacket(refused));
  server_.Maintain();
  EXPECT_EQ(server_.sessions(), 2);
  refused.op = static_cast<uint32_t>(Op::kDestroySessionV4);
  server_.Refuse(EncodePacket(refused));
  // Nothing is done while it is refused: file systems may be frozen.
  EXPECT_EQ(server_.Transfers().size(), 2);
  server_.Maintain();
  EXPECT_EQ(server_.sessions(), 1);
  EXPECT_TRUE(server_.Transfers().empty());
  EXPECT_FALSE(hgfsd_.Has("/tmp/g"));
}

TEST_F(HgfsServerTest, FilesOfASessionWhoseEndWasRefusedGiveWayToThoseOfOthersFirst) {
  hgfsd_.Put("/tmp/f", Pattern(1000));
  CreateSession();
  const uint64_t alive = session_;
  uint32_t download;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kReadOnly, 0, download), Status::kSuccess);
  CreateSession();
  uint32_t other;
  for (size_t i = 1; i < SessionTable::kMaxHandlesPerUser; ++i) {
    ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kReadOnly, 0, other), Status::kSuccess);
  }
  Packet refused;
  refused.op = static_cast<uint32_t>(Op::kDestroySessionV4);
  refused.session_id = session_;
  server_.Refuse(EncodePacket(refused));
  // Before the next maintenance.
  session_ = alive;
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kReadOnly, 0, other), Status::kSuccess);
  }
  std::string data;
  EXPECT_EQ(ReadAt(download, 0, 500, data), Status::kSuccess);
}

TEST_F(HgfsServerTest, SessionThatIsUsedAfterItsEndWasRefusedStays) {
  hgfsd_.Put("/tmp/f", Pattern(1000));
  CreateSession();
  uint32_t download;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kReadOnly, 0, download), Status::kSuccess);
  Packet refused;
  refused.op = static_cast<uint32_t>(Op::kDestroySessionV4);
  refused.session_id = session_;
  server_.Refuse(EncodePacket(refused));
  std::string data;
  EXPECT_EQ(ReadAt(download, 0, 500, data), Status::kSuccess);
  server_.Maintain();
  EXPECT_EQ(ReadAt(download, 500, 500, data), Status::kSuccess);
}

TEST_F(HgfsServerTest, WrittenDataIsSentAfterTheReply) {
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  run_deferred_ = false;
  ASSERT_EQ(WriteAt(handle, true, 0, "abc"), Status::kSuccess);
  EXPECT_EQ(hgfsd_.received, 0u);
  server_.RunDeferredWork();
  for (int i = 0; i < 1000 && hgfsd_.received < 3; ++i) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(hgfsd_.received, 3u);
  // Without that call the next packets send it.
  ASSERT_EQ(WriteAt(handle, true, 0, "def"), Status::kSuccess);
  ASSERT_EQ(WriteAt(handle, true, 0, "ghi"), Status::kSuccess);
  ASSERT_EQ(CloseFile(handle), Status::kSuccess);
  EXPECT_EQ(hgfsd_.Get("/tmp/f").content, "abcdefghi");
}

TEST_F(HgfsServerTest, WrittenDataThatCouldNotBeSentIsSentByMaintain) {
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  run_deferred_ = false;
  ASSERT_EQ(WriteAt(handle, true, 0, "abc"), Status::kSuccess);
  for (int i = 0; i < 1000 && hgfsd_.received < 3; ++i) {
    server_.Maintain();
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(hgfsd_.received, 3u);
}

TEST_F(HgfsServerTest, DeferredWorkOfAClosedFileIsSkipped) {
  hgfsd_.Put("/tmp/f", "content");
  CreateSession();
  uint32_t handle;
  std::string data;
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
  run_deferred_ = false;
  ASSERT_EQ(ReadAt(handle, 0, 3, data), Status::kSuccess);
  ASSERT_EQ(CloseFile(handle), Status::kSuccess);
  server_.RunDeferredWork();
  ASSERT_EQ(OpenFile(Op::kOpen, "/tmp/f", kReadOnly, 0, handle), Status::kSuccess);
  ASSERT_EQ(ReadAt(handle, 0, 3, data), Status::kSuccess);
  now_ += SessionTable::kIdleExpiry;
  server_.Maintain();
  server_.RunDeferredWork();
  EXPECT_EQ(server_.sessions(), 0u);
}

TEST_F(HgfsServerTest, UploadThatTheServiceEndsItselfHasFailed) {
  hgfsd_.end_after_first_chunk = true;
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  ASSERT_EQ(WriteAt(handle, true, 0, "x"), Status::kSuccess);
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_NE(CloseFile(handle), Status::kSuccess);
}

TEST_F(HgfsServerTest, FailureOfADeferredWriteIsReturnedByLaterPackets) {
  hgfsd_.fail_after_first_chunk = v1::NO_SPACE;
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  Status status = Status::kSuccess;
  int packets = 0;
  for (; packets < 1000 && status == Status::kSuccess; ++packets) {
    status = WriteAt(handle, true, 0, "x");
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(status, Status::kNoSpace);
  EXPECT_EQ(WriteAt(handle, true, 0, "x"), Status::kNoSpace);
  EXPECT_EQ(CloseFile(handle), Status::kNoSpace);
}

TEST_F(HgfsServerTest, WritesGoToTheirOffsets) {
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  ASSERT_EQ(WriteAt(handle, false, 3, "def"), Status::kSuccess);
  ASSERT_EQ(WriteAt(handle, false, 0, "abc"), Status::kSuccess);
  ASSERT_EQ(WriteAt(handle, true, 0, "D"), Status::kSuccess);
  ASSERT_EQ(CloseFile(handle), Status::kSuccess);
  EXPECT_EQ(hgfsd_.Get("/tmp/f").content, "abcDef");
}

TEST_F(HgfsServerTest, AppendGoesToTheEndOfContentThatStays) {
  for (const uint32_t flags : {kOpenExisting, kCreate}) {
    hgfsd_.Put("/tmp/f", "0123");
    CreateSession();
    uint32_t handle;
    ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, flags, handle), Status::kSuccess);
    GetattrReply attributes;
    ASSERT_EQ(Stat("/tmp/f", attributes), Status::kSuccess);
    EXPECT_EQ(attributes.attributes.size, 4u);
    ASSERT_EQ(WriteAt(handle, true, 0, "ab"), Status::kSuccess);
    ASSERT_EQ(WriteAt(handle, true, 0, "c"), Status::kSuccess);
    ASSERT_EQ(Stat("/tmp/f", attributes), Status::kSuccess);
    EXPECT_EQ(attributes.attributes.size, 7u);
    ASSERT_EQ(CloseFile(handle), Status::kSuccess);
    EXPECT_EQ(hgfsd_.Get("/tmp/f").content, "0123abc");
  }
}

TEST_F(HgfsServerTest, FailedUploadIsReportedAndLeavesTheTarget) {
  hgfsd_.Put("/tmp/f", "old");
  hgfsd_.fail_after_first_chunk = v1::NO_SPACE;
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  ASSERT_EQ(WriteAt(handle, true, 0, "new"), Status::kSuccess);
  EXPECT_EQ(CloseFile(handle), Status::kNoSpace);
  EXPECT_EQ(hgfsd_.Get("/tmp/f").content, "old");
  EXPECT_EQ(CloseFile(handle), Status::kInvalidHandle);
}

// The host gets a number; which file or member it was is for the administrator.
TEST_F(HgfsServerTest, FailedCloseIsOneLineInTheLog) {
  hgfsd_.failure = "member 'a\nb\": File exists";
  for (const bool fails : {true, false}) {
    hgfsd_.fail_after_first_chunk = fails ? v1::ALREADY_EXISTS : 0;
    CreateSession();
    uint32_t handle;
    ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f\"g", kWriteOnly, kCreateEmpty, handle),
              Status::kSuccess);
    WriteAt(handle, true, 0, "content");
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(CloseFile(handle), fails ? Status::kFileExists : Status::kSuccess);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              fails ? "toolboxd: warning: upload user=alice target=\"/tmp/f%22g\" failed: "
                      "member 'a\\nb\": File exists\n"
                    : "");
  }
}

TEST_F(HgfsServerTest, OpenReportsWhyItFails) {
  CreateSession();
  uint32_t handle;
  EXPECT_EQ(OpenFile(Op::kOpen, "/tmp/none", kReadOnly, 0, handle), Status::kNoSuchFile);
  EXPECT_EQ(OpenFile(Op::kOpenV3, "/none/f", kWriteOnly, kCreateEmpty, handle),
            Status::kNoSuchFile);
  hgfsd_.Put("/tmp/f", "");
  EXPECT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateSafe, handle), Status::kFileExists);
  EXPECT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kReadWrite, 0, handle), Status::kAccessDenied);
  EXPECT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, 99, handle), Status::kInvalidParameter);
  EXPECT_EQ(broken_, 0);
}

TEST_F(HgfsServerTest, RefusedUploadIsReportedByOpenEveryTime) {
  hgfsd_.Put("/tmp/f", "");
  CreateSession();
  uint32_t handle;
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateSafe, handle), Status::kFileExists)
        << i;
  }
}

TEST_F(HgfsServerTest, ServiceNeedNotReportThatAFileIsOpen) {
  hgfsd_.tells_opened = false;
  CreateSession();
  uint32_t handle;
  ASSERT_EQ(OpenFile(Op::kOpenV3, "/tmp/f", kWriteOnly, kCreateEmpty, handle), Status::kSuccess);
  ASSERT_EQ(WriteAt(handle, true, 0, "x"), Status::kSuccess);
  EXPECT_EQ(CloseFile(handle), Status::kSuccess);
  EXPECT_EQ(hgfsd_.Get("/tmp/f").content, "x");
}

}  // namespace
}  // namespace toolboxd::hgfs
