// SPDX-License-Identifier: Apache-2.0

// A Function service for tests.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_FAKE_FUNCTION_H_
#define TOOLBOXD_TRANSPORTD_TESTING_FAKE_FUNCTION_H_

#include <string>

#include "absl/time/clock.h"
#include "toolboxd/v1/function.grpc.pb.h"

namespace toolboxd::testing {

// Answers on stdout with "name(arguments) for user: " and its whole input, and exits with
// the input's length. "fail" fails, "flood" never stops talking, nor does "mute" without saying
// anything, nor "spell" with one byte at a time; "sleep" waits for its end, "deaf"
// reads nothing, "late" reads its input after a second and does not repeat it.
class FakeFunction final : public v1::Function::Service {
 public:
  grpc::Status Run(grpc::ServerContext* context,
                   grpc::ServerReaderWriter<v1::RunReply, v1::RunRequest>* stream) override {
    v1::RunRequest request;
    if (!stream->Read(&request) || !request.has_start()) return grpc::Status::CANCELLED;
    const v1::StartFunction start = request.start();
    if (start.name() == "fail") return {grpc::StatusCode::INTERNAL, "as asked"};
    if (start.name() == "sleep") {
      while (stream->Read(&request)) {
      }
      return grpc::Status::CANCELLED;
    }
    if (start.name() == "deaf") {
      while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(2));
      return grpc::Status::CANCELLED;
    }
    if (start.name() == "late") absl::SleepFor(absl::Seconds(1));
    v1::RunReply reply;
    if (start.name() == "flood") return SayForever(stream, 65536);
    if (start.name() == "mute") return SayForever(stream, 0);
    if (start.name() == "spell") return SayForever(stream, 1);
    std::string input;
    while (stream->Read(&request) && !request.has_close_stdin()) input += request.stdin();
    reply.set_stdout(start.name() + "(" + start.arguments() + ") for " + start.user() + ": " +
                     (start.name() == "late" ? "" : input));
    stream->Write(reply);
    reply.mutable_exit()->set_code(static_cast<int>(input.size()));
    stream->Write(reply);
    return grpc::Status::OK;
  }

 private:
  static grpc::Status SayForever(grpc::ServerReaderWriter<v1::RunReply, v1::RunRequest>* stream,
                                 size_t size) {
    v1::RunReply reply;
    reply.set_stdout(std::string(size, 'x'));
    while (stream->Write(reply)) {
    }
    return grpc::Status::CANCELLED;
  }
};

}  // namespace toolboxd::testing

#endif  // TOOLBOXD_TRANSPORTD_TESTING_FAKE_FUNCTION_H_
