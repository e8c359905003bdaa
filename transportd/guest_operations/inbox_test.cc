// SPDX-License-Identifier: Apache-2.0

// TCLO "f ": what a host without a credential reaches, with and without an inbox.

#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"
#include "transportd/files/grpc_file_store.h"
#include "transportd/guest_operations/guest_operations.h"
#include "transportd/hgfs/messages.h"
#include "transportd/hgfs/path.h"
#include "transportd/testing/fake_guest.h"
#include "transportd/testing/fake_hgfsd.h"
#include "transportd/testing/hgfs_host.h"
#include "transportd/testing/service_host.h"

namespace toolboxd {
namespace {

class InboxTest : public ::testing::Test {
 protected:
  // From now on there is an inbox, which deployd's part here serves.
  void OpenInbox() {
    deployd_.PutDirectory("/in-1");
    inbox_ = std::make_shared<files::GrpcFileStore>(
        host_.Channel(), files::GrpcFileStoreOptions{.content_only = true});
    guest_.operations().SetInbox([this] { return inbox_; });
  }

  const ShortTempDir temp_;
  toolboxd::testing::FakeHgfsd deployd_;
  toolboxd::testing::ServiceHost host_{{deployd_.handler()}};
  std::shared_ptr<files::FileStore> inbox_;
  toolboxd::testing::FakeGuest guest_;
  // Without a credential.
  toolboxd::testing::HgfsHost hgfs_{[this](absl::string_view packet) -> std::optional<std::string> {
    const TcloReply reply = guest_.operations().RunHgfs(packet);
    if (!reply.ok) return std::nullopt;
    if (reply.after_reply) reply.after_reply();
    return reply.data;
  }};
};

TEST_F(InboxTest, PackageOf600KilobytesArrivesUnchanged) {
  OpenInbox();
  ASSERT_EQ(hgfs_.CreateSession(), hgfs::Status::kSuccess);
  uint32_t handle = 0;
  ASSERT_EQ(hgfs_.Open("/in-1/imcf-a", hgfs::kWriteOnly, handle), hgfs::Status::kSuccess);
  std::string package;
  for (int i = 0; package.size() < 600000; ++i) package += static_cast<char>(i * 7 + i / 251);
  constexpr size_t kChunk = 0xF000;
  for (size_t at = 0; at < package.size(); at += kChunk) {
    ASSERT_EQ(hgfs_.Write(handle, at, package.substr(at, kChunk)), hgfs::Status::kSuccess) << at;
  }
  ASSERT_EQ(hgfs_.Close(handle), hgfs::Status::kSuccess);
  EXPECT_EQ(deployd_.Get("/in-1/imcf-a").content, package);
}

TEST_F(InboxTest, WithoutAnInboxNoFileIsReached) {
  ASSERT_EQ(hgfs_.CreateSession(), hgfs::Status::kSuccess);
  uint32_t handle = 0;
  EXPECT_EQ(hgfs_.Open("/etc/passwd", hgfs::kWriteOnly, handle), hgfs::Status::kAccessDenied);
}

TEST_F(InboxTest, FileIsLostWithItsInbox) {
  OpenInbox();
  ASSERT_EQ(hgfs_.CreateSession(), hgfs::Status::kSuccess);
  uint32_t handle = 0;
  ASSERT_EQ(hgfs_.Open("/in-1/imcf-a", hgfs::kWriteOnly, handle), hgfs::Status::kSuccess);
  inbox_ = nullptr;
  EXPECT_EQ(hgfs_.Write(handle, 0, "x"), hgfs::Status::kAccessDenied);
  EXPECT_EQ(hgfs_.Close(handle), hgfs::Status::kAccessDenied);
}

// deployd exits when it has no connection.
TEST_F(InboxTest, UploadThatWasBrokenOffEndsWithItsInbox) {
  OpenInbox();
  ASSERT_EQ(hgfs_.CreateSession(), hgfs::Status::kSuccess);
  uint32_t handle = 0;
  ASSERT_EQ(hgfs_.Open("/in-1/imcf-a", hgfs::kWriteOnly, handle), hgfs::Status::kSuccess);
  ASSERT_EQ(hgfs_.Write(handle, 0, "x"), hgfs::Status::kSuccess);
  const std::weak_ptr<files::FileStore> store = inbox_;
  inbox_ = nullptr;
  EXPECT_FALSE(store.expired());
  guest_.operations().CloseInboxFiles();
  EXPECT_TRUE(store.expired());
  // The host may go on with its session.
  OpenInbox();
  ASSERT_EQ(hgfs_.Open("/in-1/imcf-b", hgfs::kWriteOnly, handle), hgfs::Status::kSuccess);
  EXPECT_EQ(hgfs_.Write(handle, 0, "x"), hgfs::Status::kSuccess);
  EXPECT_EQ(hgfs_.Close(handle), hgfs::Status::kSuccess);
  EXPECT_FALSE(deployd_.Has("/in-1/imcf-a"));
}

TEST_F(InboxTest, ManagementOfFilesIsNotServed) {
  OpenInbox();
  deployd_.Put("/in-1/imcf-a", "package");
  ASSERT_EQ(hgfs_.CreateSession(), hgfs::Status::kSuccess);
  hgfs::DeleteRequest request;
  const std::string name = hgfs::EncodePath("/in-1/imcf-a");
  request.name.cp_name = name;
  hgfs::EmptyReply reply;
  EXPECT_EQ(hgfs_.Call(hgfs::Op::kDeleteFileV3, request, reply), hgfs::Status::kNotSupported);
  EXPECT_TRUE(deployd_.Has("/in-1/imcf-a"));
}

TEST_F(InboxTest, PolicyOfGuestUsersDoesNotCloseTheInbox) {
  GuestOperationsOptions options = toolboxd::testing::FakeGuest::Options();
  options.policy_file = temp_.File("policy");
  std::ofstream(options.policy_file) << "disabled_operations: \"HgfsSendPacket\"\n";
  guest_.Restart(options);
  EXPECT_EQ(hgfs_.CreateSession(), hgfs::Status::kTransportError);
  OpenInbox();
  EXPECT_EQ(hgfs_.CreateSession(), hgfs::Status::kSuccess);
}

}  // namespace
}  // namespace toolboxd
