// SPDX-License-Identifier: Apache-2.0

// HGFS Setattr by name on paths that are not on disk (docs/protocol/hgfs.md 5.8, 5.9).

#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/status.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/grpc_status.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/file_handler.grpc.pb.h"
#include "transportd/guest_operations/guest_operations.h"
#include "transportd/hgfs/messages.h"
#include "transportd/hgfs/path.h"
#include "transportd/testing/fake_function.h"
#include "transportd/testing/fake_hgfsd.h"
#include "transportd/testing/fake_vixd.h"
#include "transportd/testing/hgfs_host.h"
#include "transportd/testing/service_host.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/message.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd {
namespace {

// Knows some paths, which can be opened.
class Content final : public v1::FileHandler::Service {
 public:
  explicit Content(std::set<std::string> paths, uint64_t size = 0)
      : paths_(std::move(paths)), size_(size) {}

  grpc::Status Stat(grpc::ServerContext*, const v1::StatRequest* request,
                    v1::FileInfo* reply) override {
    Record("Stat", request->user());
    if (!paths_.contains(request->path())) return ToGrpc(MakeError(v1::NOT_FOUND, "unknown"));
    reply->set_type(v1::REGULAR);
    reply->set_size(size_);
    return grpc::Status::OK;
  }
  grpc::Status Read(grpc::ServerContext*, const v1::ReadRequest* request,
                    grpc::ServerWriter<v1::ReadReply>* writer) override {
    Record("Read", request->user());
    v1::ReadReply reply;
    reply.mutable_opened();
    writer->Write(reply);
    return grpc::Status::OK;
  }
  grpc::Status Write(grpc::ServerContext*, grpc::ServerReader<v1::WriteRequest>* reader,
                     v1::WriteReply*) override {
    v1::WriteRequest request;
    if (reader->Read(&request)) Record("Write", request.open().user());
    return ToGrpc(MakeError(v1::NO_SPACE, "full"));
  }

  // The calls so far and their users, as "Stat alice".
  std::set<std::string> calls() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

 private:
  void Record(absl::string_view call, absl::string_view user) {
    absl::MutexLock lock(&mutex_);
    calls_.insert(absl::StrCat(call, " ", user));
  }

  const std::set<std::string> paths_;
  const uint64_t size_;
  mutable absl::Mutex mutex_;
  std::set<std::string> calls_ ABSL_GUARDED_BY(mutex_);
};

class VirtualAttributesTest : public ::testing::Test {
 protected:
  VirtualAttributesTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
    builder.RegisterService(&extension_content_);
    builder.RegisterService(&function_);
    extension_ = builder.BuildAndStart();
    const std::string routes = temp_.path() + "/routes.d";
    mkdir(routes.c_str(), 0755);
    std::ofstream(routes + "/echo.textproto")
        << "extension { target: \"unix:" << socket_ << "\" file_scheme: \"echo\" }\n"
        << "extension { target: \"unix:" << socket_ << "\" function: \"sum\" }\n";
    GuestOperationsOptions options;
    options.policy_file = "/nonexistent";
    options.routes_directory = routes;
    SessionOpener opener;
    opener.connect = [this](SessionService service, absl::Time) {
      return (service == SessionService::kHgfsd ? hgfsd_host_ : vixd_host_).Connect();
    };
    opener.await_greeting = [](int, absl::Time) { return UniqueFd(); };
    opener.request = [](int, SessionService, bool, absl::string_view user, absl::string_view,
                        absl::Time) {
      return session::SessionUser{1000, std::string(user)};
    };
    operations_ = std::make_unique<GuestOperations>(std::move(opener), std::move(options));
    hgfsd_.Put("/tmp/f", "content");
    hgfsd_.Put("/echo/real", "content");
    EXPECT_EQ(hgfs_.CreateSession(), hgfs::Status::kSuccess);
  }
  ~VirtualAttributesTest() override {
    operations_.reset();
    extension_->Shutdown(std::chrono::system_clock::now());
  }

  // One operation's error, and its result in result_.
  uint32_t Send(uint32_t opcode, const std::string& body, bool binary = false) {
    const std::string credential = vix::EncodeNamePassword("alice", "a");
    vix::Request request;
    request.opcode = opcode;
    request.body = body;
    if (binary) request.common_flags |= vix::kFlagReturnsBinary;
    request.credential_type = vix::kCredentialNamePassword;
    request.credential = credential;
    const std::string answer = operations_->RunVix(vix::EncodeRelayedCommand(request)).data;
    vix::Reply reply;
    EXPECT_TRUE(vix::ParseReply(answer, reply));
    result_ = std::string(reply.result);
    return reply.error;
  }

  // What SetattrV2 by name answers, with the attributes that a host sends after an upload.
  hgfs::Status SetAttributes(const std::string& path) {
    hgfs::SetattrRequest request;
    const std::string name = hgfs::EncodePath(path);
    request.name.cp_name = name;
    request.attributes.mask = hgfs::kMaskSpecialPermissions | hgfs::kMaskOwnerPermissions |
                              hgfs::kMaskGroupPermissions | hgfs::kMaskOtherPermissions;
    request.attributes.owner = 7;
    hgfs::EmptyReply reply;
    return hgfs_.Call(hgfs::Op::kSetattrV2, request, reply);
  }
  uint32_t ModeOf(const std::string& path) { return hgfsd_.Get(path).info.mode() & 07777; }

  const ShortTempDir temp_;
  const std::string socket_ = temp_.path() + "/echo.sock";
  Content extension_content_{{"/echo:/known"}};
  toolboxd::testing::FakeFunction function_;
  std::unique_ptr<grpc::Server> extension_;
  toolboxd::testing::FakeHgfsd hgfsd_;
  // hgfsd opens a folder with a question mark after it as an archive, whatever follows.
  Content archives_{{"/archive:/tmp", "/tmp", "/tmp?format=tgz", "/tmp?prefix=a&format=tar",
                     "/tmp?report.txt", "/tmp?format=tgz&passwd", "/tmp?"},
                    INT64_MAX};
  toolboxd::testing::ServiceHost hgfsd_host_{{hgfsd_.files(), &archives_}};
  toolboxd::testing::FakeVixd vixd_;
  Content streams_{{"/proc/1001/stdin"}};
  toolboxd::testing::ServiceHost vixd_host_{{&vixd_, &streams_}};
  std::unique_ptr<GuestOperations> operations_;
  std::string result_;
  toolboxd::testing::HgfsHost hgfs_{[this](absl::string_view packet) -> std::optional<std::string> {
    vix::HgfsPacketRequest request;
    request.packet = packet;
    EXPECT_EQ(Send(vix::kHgfsSendPacket, Encode(request), true), 0u);
    return result_;
  }};
};

TEST_F(VirtualAttributesTest, FileOnDiskKeepsAttributes) {
  EXPECT_EQ(SetAttributes("/tmp/f"), hgfs::Status::kSuccess);
  EXPECT_EQ(ModeOf("/tmp/f"), 0700u);
  EXPECT_EQ(SetAttributes("/tmp/missing"), hgfs::Status::kNoSuchFile);
}

TEST_F(VirtualAttributesTest, ArchiveAcceptsAttributes) {
  EXPECT_EQ(SetAttributes("/archive:/tmp"), hgfs::Status::kSuccess);
  EXPECT_EQ(SetAttributes("/tmp?format=tgz"), hgfs::Status::kSuccess);
  EXPECT_EQ(SetAttributes("/tmp?prefix=a&format=tar"), hgfs::Status::kSuccess);
  EXPECT_EQ(SetAttributes("/tmp?format=zip"), hgfs::Status::kNoSuchFile);
}

// Clients send the attributes of the file that they upload, which are not the directory's.
TEST_F(VirtualAttributesTest, DirectoryKeepsItsModeAfterTheUploadOfAnArchive) {
  hgfsd_.PutDirectory("/tmp");
  const uint32_t mode = ModeOf("/tmp");
  EXPECT_EQ(SetAttributes("/tmp"), hgfs::Status::kSuccess);
  EXPECT_EQ(ModeOf("/tmp"), mode);
  hgfsd_.PutDirectory("/tmp?");
  EXPECT_EQ(SetAttributes("/tmp?"), hgfs::Status::kSuccess);
  EXPECT_EQ(ModeOf("/tmp?"), mode);
}

TEST_F(VirtualAttributesTest, MissingFileWithAQuestionMarkIsNotAnArchive) {
  EXPECT_EQ(SetAttributes("/tmp?report.txt"), hgfs::Status::kNoSuchFile);
  EXPECT_EQ(SetAttributes("/tmp?format=tgz&passwd"), hgfs::Status::kNoSuchFile);
  EXPECT_EQ(SetAttributes("/tmp?"), hgfs::Status::kNoSuchFile);
}

TEST_F(VirtualAttributesTest, StandardInputOfAProgramAcceptsAttributes) {
  EXPECT_EQ(SetAttributes("/proc/1001/stdin"), hgfs::Status::kSuccess);
  EXPECT_EQ(SetAttributes("/proc/1002/stdin"), hgfs::Status::kNoSuchFile);
}

TEST_F(VirtualAttributesTest, StandardInputOfAFunctionAcceptsAttributes) {
  vix::StartProgramRequest start;
  start.program = "sum";
  ASSERT_EQ(Send(vix::kStartProgram, Encode(start)), 0u);
  EXPECT_EQ(SetAttributes(absl::StrCat("/proc/", result_, "/stdin")), hgfs::Status::kSuccess);
}

TEST_F(VirtualAttributesTest, PathOfAnExtensionAcceptsAttributes) {
  EXPECT_EQ(SetAttributes("/echo:/known"), hgfs::Status::kSuccess);
  // Content may go to a name that the extension does not show.
  EXPECT_EQ(SetAttributes("/echo:/uploaded"), hgfs::Status::kSuccess);
}

TEST_F(VirtualAttributesTest, ExtensionGetsTheUserWithEachCall) {
  EXPECT_EQ(SetAttributes("/echo:/known"), hgfs::Status::kSuccess);
  for (const hgfs::OpenMode mode : {hgfs::kReadOnly, hgfs::kWriteOnly}) {
    uint32_t handle = 0;
    hgfs_.Open("/echo:/known", mode, handle);
  }
  EXPECT_EQ(extension_content_.calls(),
            (std::set<std::string>{"Read alice", "Stat alice", "Write alice"}));
  // hgfsd runs as the user.
  EXPECT_EQ(SetAttributes("/archive:/tmp"), hgfs::Status::kSuccess);
  EXPECT_EQ(archives_.calls(), std::set<std::string>{"Stat "});
}

TEST_F(VirtualAttributesTest, FileThatAnExtensionDoesNotKnowKeepsAttributes) {
  EXPECT_EQ(SetAttributes("/echo/real"), hgfs::Status::kSuccess);
  EXPECT_EQ(ModeOf("/echo/real"), 0700u);
}

}  // namespace
}  // namespace toolboxd
