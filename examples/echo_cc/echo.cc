// SPDX-License-Identifier: Apache-2.0

// A complete extension of toolboxd: it answers a TCLO command, serves content below a path scheme,
// and offers a function. docs/extending.md says what an extension must do, and how to bind this
// one.
//
//   bazel run //examples/echo_cc:echo -- /run/echo/echo.sock

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>
#include <string>

#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "toolboxd/v1/file_handler.grpc.pb.h"
#include "toolboxd/v1/function.grpc.pb.h"
#include "toolboxd/v1/rpc_handler.grpc.pb.h"

namespace {

using toolboxd::v1::FileHandler;
using toolboxd::v1::FileInfo;
using toolboxd::v1::Function;
using toolboxd::v1::RpcHandler;

// The host sends "Echo_Cc hello" and receives "OK hello".
class EchoRpc final : public RpcHandler::Service {
  grpc::Status Handle(grpc::ServerContext*, const toolboxd::v1::RpcHandlerRequest* request,
                      toolboxd::v1::RpcHandlerReply* reply) override {
    if (request->arguments().empty()) {
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "nothing to echo");
    }
    reply->set_data(request->arguments());
    return grpc::Status::OK;
  }
};

// A download of "/echocc:/some/text" has the content "/some/text".
class EchoFiles final : public FileHandler::Service {
  grpc::Status Stat(grpc::ServerContext*, const toolboxd::v1::StatRequest* request,
                    FileInfo* info) override {
    Describe(request->path(), info);
    return grpc::Status::OK;
  }

  grpc::Status Read(grpc::ServerContext*, const toolboxd::v1::ReadRequest* request,
                    grpc::ServerWriter<toolboxd::v1::ReadReply>* writer) override {
    const std::string content = Content(request->path());
    toolboxd::v1::ReadReply reply;
    Describe(request->path(), reply.mutable_opened());
    writer->Write(reply);
    if (request->offset() < content.size()) {
      reply.set_data(content.substr(request->offset()));
      writer->Write(reply);
    }
    return grpc::Status::OK;
  }

  static std::string Content(const std::string& path) {
    const size_t colon = path.find(':');
    return colon == std::string::npos ? path : path.substr(colon + 1);
  }

  static void Describe(const std::string& path, FileInfo* info) {
    info->set_name(path);
    info->set_type(toolboxd::v1::REGULAR);
    info->set_mode(0100444);
    info->set_size(Content(path).size());
  }
};

// StartProgram "echo.Upper": standard output is standard input in capitals.
class UpperFunction final : public Function::Service {
  grpc::Status Run(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<toolboxd::v1::RunReply, toolboxd::v1::RunRequest>* stream) override {
    toolboxd::v1::RunRequest request;
    while (stream->Read(&request) && !request.has_close_stdin()) {
      if (!request.has_stdin()) continue;
      std::string text = request.stdin();
      std::transform(text.begin(), text.end(), text.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      toolboxd::v1::RunReply reply;
      reply.set_stdout(std::move(text));
      stream->Write(reply);
    }
    toolboxd::v1::RunReply reply;
    reply.mutable_exit()->set_code(0);
    stream->Write(reply);
    return grpc::Status::OK;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s SOCKET\n", argv[0]);
    return 2;
  }
  unlink(argv[1]);
  EchoRpc rpc;
  EchoFiles files;
  UpperFunction function;
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("unix:") + argv[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&rpc);
  builder.RegisterService(&files);
  builder.RegisterService(&function);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    std::fprintf(stderr,
                 "cannot listen on %s: does its directory exist, and may this user write to it?\n",
                 argv[1]);
    return 1;
  }
  std::printf("echo: ready\n");
  std::fflush(stdout);
  server->Wait();
  return 0;
}
