// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/testing/client.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "grpcpp/create_channel_posix.h"
#include "gtest/gtest.h"

namespace toolboxd::hgfsd {
namespace {

v1::WriteRequest OpenRequest(const std::string& path) {
  v1::WriteRequest request;
  request.mutable_open()->set_path(path);
  request.mutable_open()->set_mode(v1::OpenForWriting::CREATE_OR_TRUNCATE);
  return request;
}

}  // namespace

Connection MakeConnection() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::shared_ptr<grpc::Channel> ChannelOn(UniqueFd end) {
  fcntl(end.get(), F_SETFL, O_NONBLOCK);
  return grpc::CreateInsecureChannelFromFd("hgfsd", end.release());
}

Upload::Upload(v1::FileHandler::Stub& stub, const v1::WriteRequest& open)
    : stream_(stub.Write(&context_, &reply_)) {
  stream_->Write(open);
  stream_->WaitForInitialMetadata();
}

Upload::Upload(v1::FileHandler::Stub& stub, const std::string& path)
    : Upload(stub, OpenRequest(path)) {}

bool Upload::Append(absl::string_view data) {
  v1::WriteRequest request;
  request.mutable_chunk()->set_append(true);
  request.mutable_chunk()->set_data(data.data(), data.size());
  return stream_->Write(request);
}

grpc::Status Upload::Commit() {
  v1::WriteRequest request;
  request.mutable_commit();
  stream_->Write(request);
  return Finish();
}

grpc::Status Upload::Finish() {
  stream_->WritesDone();
  return stream_->Finish();
}

Download Read(v1::FileHandler::Stub& stub, const std::string& path, uint64_t offset,
              uint32_t chunk) {
  grpc::ClientContext context;
  v1::ReadRequest request;
  request.set_path(path);
  request.set_offset(offset);
  request.set_chunk_size(chunk);
  auto stream = stub.Read(&context, request);
  Download result;
  v1::ReadReply reply;
  while (stream->Read(&reply)) {
    if (reply.has_opened()) {
      EXPECT_FALSE(result.opened.has_value());
      result.opened = reply.opened();
    } else {
      EXPECT_TRUE(result.opened.has_value());
      result.data += reply.data();
      result.largest = std::max(result.largest, reply.data().size());
    }
  }
  result.status = stream->Finish();
  return result;
}

}  // namespace toolboxd::hgfsd
