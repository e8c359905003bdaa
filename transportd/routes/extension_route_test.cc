// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/extension_route.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/testing/short_temp_dir.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/rpc_handler.grpc.pb.h"

namespace toolboxd {
namespace {

using std::string_literals::operator""s;

class EchoService final : public v1::RpcHandler::Service {
 public:
  grpc::Status Handle(grpc::ServerContext* context, const v1::RpcHandlerRequest* request,
                      v1::RpcHandlerReply* reply) override {
    if (request->arguments() == "fail") return {grpc::StatusCode::INTERNAL, "as asked"};
    while (request->arguments() == "hang" && !context->IsCancelled()) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    reply->set_data(request->command() + ":" + request->arguments());
    return grpc::Status::OK;
  }
};

class ExtensionRouteTest : public ::testing::Test {
 protected:
  ExtensionRouteTest() {
    mkdir(folder_.c_str(), 0755);
    StartExtension();
    router_.Add("OS_Halt", [](absl::string_view) { return TcloReply::Ok("built in"); });
  }
  ~ExtensionRouteTest() override { StopExtension(); }

  void StartExtension() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
    builder.RegisterService(&echo_);
    server_ = builder.BuildAndStart();
  }
  void StopExtension() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

  // Binds a command, and nothing else, to the extension.
  void Bind(const std::string& command, const std::string& more = "") {
    std::ofstream(folder_ + "/a.textproto")
        << absl::StrCat("extension { target: \"unix:", socket_, "\" tclo_command: \"", command,
                        "\" ", more, " }\n");
  }
  void BindNothing() { unlink((folder_ + "/a.textproto").c_str()); }

  std::string Ask(const std::string& request) { return router_.Dispatch(request).Encode(); }

  ShortTempDir temp_;
  const std::string folder_ = temp_.path() + "/routes.d";
  const std::string socket_ = temp_.path() + "/echo.sock";
  EchoService echo_;
  std::unique_ptr<grpc::Server> server_;
  Router router_;
};

TEST_F(ExtensionRouteTest, ExtensionAnswersItsCommandWithoutTheFinalNul) {
  Bind("OS_Halt");
  const Extensions extensions(folder_, absl::Seconds(1));
  AddExtensionRoute(router_, &extensions);
  EXPECT_EQ(Ask("OS_Halt a b\0"s), "OK OS_Halt:a b");
  EXPECT_EQ(Ask("OS_Halt"), "OK OS_Halt:");
  EXPECT_EQ(Ask("Other"), "ERROR Unknown Command");
}

TEST_F(ExtensionRouteTest, ExtensionIsAskedBeforeABuiltInHandler) {
  Bind("OS_Halt");
  const Extensions extensions(folder_, absl::Seconds(1));
  EXPECT_EQ(Ask("OS_Halt x"), "OK built in");
  AddExtensionRoute(router_, &extensions);
  EXPECT_EQ(Ask("OS_Halt x"), "OK OS_Halt:x");
}

TEST_F(ExtensionRouteTest, ExtensionIsNotAskedDuringAStandstill) {
  Bind("X");
  const Extensions extensions(folder_, absl::Seconds(1));
  bool standstill = true;
  AddExtensionRoute(router_, &extensions, [&] { return standstill; });
  EXPECT_EQ(Ask("X x"), "ERROR the guest stands still for a snapshot");
  EXPECT_EQ(Ask("OS_Halt x"), "OK built in");
  standstill = false;
  EXPECT_EQ(Ask("X x"), "OK X:x");
}

TEST_F(ExtensionRouteTest, ExtensionsErrorIsTheReply) {
  Bind("X");
  const Extensions extensions(folder_, absl::Seconds(1));
  AddExtensionRoute(router_, &extensions);
  testing::internal::CaptureStderr();
  const TcloReply reply = router_.Dispatch("X fail");
  EXPECT_EQ(reply.Encode(), "ERROR as asked");
  EXPECT_EQ(reply.origin, "the extension at " + socket_);
  // The channel logs every refusal.
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(ExtensionRouteTest, RestartedExtensionIsFoundAgain) {
  Bind("echo");
  const Extensions extensions(folder_, absl::Seconds(5));
  AddExtensionRoute(router_, &extensions);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask("echo x"), "OK echo:x");
    StopExtension();
    StartExtension();
  }
  StopExtension();
  EXPECT_TRUE(absl::StartsWith(Ask("echo x"), "ERROR "));
}

TEST_F(ExtensionRouteTest, HungExtensionIsAnErrorWithinItsTimeout) {
  Bind("X", "timeout_milliseconds: 100");
  const Extensions extensions(folder_, absl::Seconds(1));
  AddExtensionRoute(router_, &extensions);
  const absl::Time begin = absl::Now();
  EXPECT_EQ(Ask("X hang"), "ERROR Deadline Exceeded");
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
  EXPECT_EQ(Ask("X 1"), "OK X:1");
}

TEST_F(ExtensionRouteTest, CommandsFollowAReload) {
  Bind("OS_Halt");
  Extensions extensions(folder_, absl::Seconds(1));
  AddExtensionRoute(router_, &extensions);
  EXPECT_EQ(Ask("OS_Halt 1"), "OK OS_Halt:1");
  BindNothing();
  extensions.Load();
  EXPECT_EQ(Ask("OS_Halt 1"), "OK built in");
  Bind("Y");
  extensions.Load();
  EXPECT_EQ(Ask("Y 1"), "OK Y:1");
}

}  // namespace
}  // namespace toolboxd
