// SPDX-License-Identifier: Apache-2.0

#include "transportd/extensions/extensions.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

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

class ExtensionsTest : public ::testing::Test {
 protected:
  ExtensionsTest() {
    mkdir(folder_.c_str(), 0755);
    StartExtension();
  }
  ~ExtensionsTest() override { StopExtension(); }

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

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  std::string Binding(const std::string& what) {
    return absl::StrCat("extension { target: \"unix:", socket_, "\" ", what, " }\n");
  }
  std::string Ask(const Extensions& extensions, absl::string_view command,
                  absl::string_view arguments) {
    absl::optional<TcloReply> reply = extensions.Handle(command, arguments);
    return reply.has_value() ? reply->Encode() : "nobody";
  }

  ShortTempDir temp_;
  const std::string folder_ = temp_.path() + "/routes.d";
  const std::string socket_ = temp_.path() + "/echo.sock";
  EchoService echo_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(ExtensionsTest, NoFolderNoExtensions) {
  const Extensions extensions("/nonexistent", absl::Seconds(1));
  EXPECT_EQ(Ask(extensions, "OS_Halt", ""), "nobody");
  EXPECT_EQ(extensions.FindScheme("echo"), nullptr);
  EXPECT_FALSE(extensions.state().found);
}

TEST_F(ExtensionsTest, CommandsSchemesAndFunctions) {
  Write("a.textproto", Binding("tclo_command: \"OS_Halt\"") + Binding("file_scheme: \"echo\"") +
                           Binding("function: \"echo.Upper\" timeout_milliseconds: 1500"));
  Write("ignored.txt", Binding("tclo_command: \"Other\""));
  const Extensions extensions(folder_, absl::Seconds(1));
  EXPECT_EQ(Ask(extensions, "OS_Halt", "a b\0"s), "OK OS_Halt:a b");
  EXPECT_EQ(Ask(extensions, "OS_Halt", "fail"), "ERROR as asked");
  EXPECT_EQ(Ask(extensions, "Other", ""), "nobody");
  ASSERT_NE(extensions.FindScheme("echo"), nullptr);
  ASSERT_NE(extensions.FindFunction("echo.Upper"), nullptr);
  EXPECT_EQ(extensions.FindFunction("echo.Upper")->timeout, absl::Milliseconds(1500));
  // One service for all.
  EXPECT_EQ(extensions.FindScheme("echo")->socket, extensions.FindFunction("echo.Upper")->socket);
}

TEST_F(ExtensionsTest, ARestartedExtensionIsFoundAgain) {
  Write("a.textproto", Binding("tclo_command: \"echo\""));
  const Extensions extensions(folder_, absl::Seconds(5));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask(extensions, "echo", "x"), "OK echo:x");
    StopExtension();
    StartExtension();
  }
  StopExtension();
  EXPECT_TRUE(absl::StartsWith(Ask(extensions, "echo", "x"), "ERROR "));
}

TEST_F(ExtensionsTest, HungExtensionIsAnError) {
  Write("a.textproto", Binding("tclo_command: \"X\" timeout_milliseconds: 100"));
  const Extensions extensions(folder_, absl::Seconds(1));
  const absl::Time begin = absl::Now();
  EXPECT_EQ(Ask(extensions, "X", "hang"), "ERROR Deadline Exceeded");
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
  EXPECT_EQ(Ask(extensions, "X", "1"), "OK X:1");
}

TEST_F(ExtensionsTest, BadFilesAreSkippedAndLaterOnesWin) {
  Write("1.textproto", Binding("tclo_command: \"X\" timeout_milliseconds: 111"));
  Write("2.textproto", Binding("function: \"f\"") + "nonsense");
  Write("3.textproto", Binding("function: \"f\"") + Binding(""));
  Write("4.textproto", "extension { target: \"dns:example.com\" function: \"f\" }");
  Write("5.textproto", Binding("file_scheme: \"a/b\""));
  Write("6.textproto", Binding("function: \"g\" timeout_milliseconds: 1") +
                           Binding("function: \"g\" timeout_milliseconds: 2"));
  const Extensions extensions(folder_, absl::Seconds(1));
  EXPECT_EQ(Ask(extensions, "X", "1"), "OK X:1");
  EXPECT_EQ(extensions.FindFunction("f"), nullptr);
  EXPECT_EQ(extensions.FindScheme("a/b"), nullptr);
  ASSERT_NE(extensions.FindFunction("g"), nullptr);
  EXPECT_EQ(extensions.FindFunction("g")->timeout, absl::Milliseconds(2));
  EXPECT_TRUE(extensions.state().found);
  ASSERT_EQ(extensions.state().faults.size(), 4u);
  EXPECT_TRUE(absl::StrContains(extensions.state().faults[0], "2.textproto: line 2"))
      << extensions.state().faults[0];
}

TEST_F(ExtensionsTest, ReloadGivesCommandsBack) {
  Write("a.textproto", Binding("tclo_command: \"X\""));
  Extensions extensions(folder_, absl::Seconds(1));
  EXPECT_EQ(Ask(extensions, "X", "1"), "OK X:1");
  unlink((folder_ + "/a.textproto").c_str());
  extensions.Load();
  EXPECT_EQ(Ask(extensions, "X", "1"), "nobody");
  Write("b.textproto", Binding("tclo_command: \"Y\""));
  extensions.Load();
  EXPECT_EQ(Ask(extensions, "Y", "1"), "OK Y:1");
}

}  // namespace
}  // namespace toolboxd
