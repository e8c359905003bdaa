// SPDX-License-Identifier: Apache-2.0

#include "deployd/inbox_service.h"

#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/eventually.h"
#include "base/testing/whole_file.h"
#include "daemon/channel.h"
#include "deployd/limits.h"
#include "deployd/testing/customization_fixture.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;

using InboxServiceTest = CustomizationTest;

TEST_F(InboxServiceTest, UploadOutsideTheInboxIsRefused) {
  const std::string inbox = Begin();
  for (const std::string& path :
       {dir_.File("precious"), inbox + "../../precious", inbox + "a/b", inbox, inbox + ".",
        inbox + "..", inbox + ".upload-1", std::string("precious"), inbox + std::string("a\0b", 3),
        inbox + std::string(256, 'a')}) {
    EXPECT_EQ(Upload(path, "bad").error_code(), grpc::StatusCode::PERMISSION_DENIED) << path;
  }
  EXPECT_TRUE(fs::is_empty(inbox));
}

TEST_F(InboxServiceTest, UploadIsALinkNowhere) {
  const std::string inbox = Begin();
  fs::create_symlink(dir_.File("precious"), inbox + "link");
  EXPECT_TRUE(Upload(inbox + "link", "new").ok());
  EXPECT_FALSE(fs::is_symlink(inbox + "link"));
  EXPECT_EQ(ReadWholeFile(inbox + "link"), "new");
}

TEST_F(InboxServiceTest, UploadWithoutABeginIsRefused) {
  EXPECT_EQ(Upload(dir_.File("work/a"), "x").error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(InboxServiceTest, ModesOfUploads) {
  using Open = v1::OpenForWriting;
  const std::string path = Begin() + "imcf";
  EXPECT_EQ(Upload(path, "x", Open::OPEN_EXISTING).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Upload(path, "x", Open::TRUNCATE_EXISTING).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_TRUE(Upload(path, "abc", Open::CREATE_NEW).ok());
  EXPECT_EQ(Upload(path, "x", Open::CREATE_NEW).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_TRUE(Upload(path, "x", Open::OPEN_EXISTING).ok());
  EXPECT_EQ(ReadWholeFile(path), "xbc");
  EXPECT_TRUE(Upload(path, "yz", Open::CREATE).ok());
  EXPECT_EQ(ReadWholeFile(path), "yzc");
  EXPECT_TRUE(Upload(path, "n", Open::TRUNCATE_EXISTING).ok());
  EXPECT_EQ(ReadWholeFile(path), "n");
  grpc::ClientContext context;
  v1::StatRequest request;
  request.set_path(path);
  v1::FileInfo info;
  ASSERT_TRUE(files_stub_->Stat(&context, request, &info).ok());
  EXPECT_EQ(info.size(), 1u);
  EXPECT_EQ(info.type(), v1::REGULAR);
  EXPECT_EQ(info.mode(), S_IFREG | 0600u);
}

TEST_F(InboxServiceTest, UploadsAreBounded) {
  const std::string inbox = Begin();
  EXPECT_EQ(Upload(inbox + "a", std::string(kMaxPackageBytes + 1, 'x')).error_code(),
            grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_TRUE(fs::is_empty(inbox));
  EXPECT_TRUE(Upload(inbox + "a", std::string(kMaxPackageBytes - 1, 'x')).ok());
  EXPECT_EQ(Upload(inbox + "b", "xx").error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_TRUE(Upload(inbox + "a", std::string(kMaxPackageBytes, 'x')).ok());
  EXPECT_TRUE(Upload(inbox + "a", "small").ok());
  for (const char* name : {"b", "c", "d"}) EXPECT_TRUE(Upload(inbox + name, "x").ok());
  EXPECT_EQ(Upload(inbox + "e", "x").error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(InboxServiceTest, UploadsAtATimeAreBoundedAndLeaveNothing) {
  const std::string inbox = Begin();
  const auto open = [&](grpc::ClientContext& context, v1::WriteReply& reply) {
    SetTimeout(kPatience, &context);
    auto stream = files_stub_->Write(&context, &reply);
    v1::WriteRequest request;
    request.mutable_open()->set_path(inbox + "a");
    request.mutable_open()->set_mode(v1::OpenForWriting::CREATE);
    stream->Write(request);
    stream->WaitForInitialMetadata();
    return stream;
  };
  grpc::ClientContext contexts[5];
  v1::WriteReply replies[5];
  std::vector<std::unique_ptr<grpc::ClientWriter<v1::WriteRequest>>> streams;
  streams.reserve(5);
  for (int i = 0; i < 5; ++i) streams.push_back(open(contexts[i], replies[i]));
  EXPECT_EQ(streams[4]->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  for (int i = 0; i < 4; ++i) {
    contexts[i].TryCancel();
    streams[i]->Finish();
  }
  EXPECT_TRUE(Eventually([&] { return fs::is_empty(inbox); }));
}

TEST_F(InboxServiceTest, FilesCannotBeRead) {
  const std::string path = Begin() + "imcf";
  ASSERT_TRUE(Upload(path, Vector()).ok());
  grpc::ClientContext context;
  v1::ReadRequest request;
  request.set_path(path);
  const auto stream = files_stub_->Read(&context, request);
  v1::ReadReply reply;
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace toolboxd::deployd
