// SPDX-License-Identifier: Apache-2.0

// A host that talks to an HGFS server whose files are a fake hgfsd's.

#ifndef TOOLBOXD_TRANSPORTD_HGFS_TESTING_SERVER_FIXTURE_H_
#define TOOLBOXD_TRANSPORTD_HGFS_TESTING_SERVER_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "transportd/files/grpc_file_store.h"
#include "transportd/hgfs/path.h"
#include "transportd/hgfs/server.h"
#include "transportd/testing/fake_hgfsd.h"
#include "transportd/testing/service_host.h"

namespace toolboxd::hgfs {

// A host that talks to the server as VMX does.
class HgfsServerTest : public ::testing::Test {
 protected:
  HgfsServerTest() {
    files::GrpcFileStoreOptions options;
    options.timeout = absl::Milliseconds(300);
    options.long_timeout = absl::Milliseconds(600);
    options.on_broken = [this](const absl::Status&) { ++broken_; };
    alice_ = {"alice", std::make_shared<files::GrpcFileStore>(host_.Channel(), options)};
    bob_ = {"bob", alice_.files};
  }

  // Sends a payload within a session and decodes the answer's.
  template <typename Request, typename Reply>
  Status Call(Op op, const Request& request, Reply& reply, const Client* client = nullptr) {
    Packet packet;
    const std::string payload = Encode(op, request);
    packet.op = static_cast<uint32_t>(op);
    packet.session_id = session_;
    packet.payload = payload;
    bytes_ = server_.Dispatch(EncodePacket(packet), client != nullptr ? *client : alice_);
    if (run_deferred_) server_.RunDeferredWork();
    Packet answer;
    EXPECT_TRUE(DecodePacket(bytes_, answer));
    EXPECT_EQ(answer.request_id, packet.request_id);
    EXPECT_EQ(answer.op, packet.op);
    if (answer.status != Status::kSuccess) return answer.status;
    EXPECT_TRUE(Decode(op, answer.payload, reply));
    return Status::kSuccess;
  }
  template <typename Request>
  Status Call(Op op, const Request& request) {
    EmptyReply reply;
    return Call(op, request, reply);
  }

  void CreateSession() {
    CreateSessionReply reply;
    ASSERT_EQ(Call(Op::kCreateSessionV4, CreateSessionRequest(), reply), Status::kSuccess);
    ASSERT_NE(reply.session_id, 0u);
    session_ = reply.session_id;
  }

  Status OpenFile(Op op, const std::string& path, uint32_t mode, uint32_t flags, uint32_t& handle) {
    OpenRequest request;
    const std::string name = EncodePath(path);
    request.mode = mode;
    request.flags = flags;
    request.owner = 6;
    request.name.cp_name = name;
    OpenReply reply;
    const Status status = Call(op, request, reply);
    handle = reply.handle;
    return status;
  }

  Status ReadAt(uint32_t handle, uint64_t offset, uint32_t size, std::string& data) {
    ReadRequest request;
    request.handle = handle;
    request.offset = offset;
    request.size = size;
    ReadReply reply;
    const Status status = Call(Op::kReadV3, request, reply);
    data = std::string(reply.data);
    return status;
  }

  Status WriteAt(uint32_t handle, bool append, uint64_t offset, const std::string& data) {
    WriteRequest request;
    request.handle = handle;
    request.flags = append ? kWriteAppend : 0;
    request.offset = offset;
    request.size = data.size();
    request.data = data;
    WriteReply reply;
    const Status status = Call(Op::kWriteV3, request, reply);
    if (status != Status::kSuccess) return status;
    EXPECT_EQ(reply.size, data.size());
    return Status::kSuccess;
  }

  Status CloseFile(uint32_t handle) {
    HandleRequest request;
    request.handle = handle;
    return Call(Op::kClose, request);
  }

  Status Stat(const std::string& path, GetattrReply& reply, Op op = Op::kGetattrV2) {
    NameRequest request;
    const std::string name = EncodePath(path);
    request.name.cp_name = name;
    return Call(op, request, reply);
  }

  toolboxd::testing::FakeHgfsd hgfsd_;
  toolboxd::testing::ServiceHost host_{{hgfsd_.files(), hgfsd_.handler()}};
  absl::Time now_ = absl::FromUnixSeconds(1000);
  // What was recorded, as "user operation target code".
  std::vector<std::string> audit_;
  Server server_{[this](const AuditRecord& record) {
                   audit_.push_back(absl::StrCat(record.user, " ", AuditName(*record.operation),
                                                 " ", record.target, " ",
                                                 absl::StatusCodeToString(record.result.code())));
                 },
                 [this] { return now_; }};
  Client alice_;
  Client bob_;
  // As the channel does it; what follows may not depend on it.
  bool run_deferred_ = true;
  uint64_t session_ = 0;
  std::string bytes_;
  int broken_ = 0;
};

// Content that shows where a byte came from.
inline std::string Pattern(size_t size) {
  std::string content(size, '\0');
  for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 31 + i / 4096);
  return content;
}

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_TESTING_SERVER_FIXTURE_H_
