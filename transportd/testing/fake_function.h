// SPDX-License-Identifier: Apache-2.0

// A Function service for tests.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_FAKE_FUNCTION_H_
#define TOOLBOXD_TRANSPORTD_TESTING_FAKE_FUNCTION_H_

#include <string>

#include "absl/time/clock.h"
#include "toolboxd/v1/function.grpc.pb.h"

namespace toolboxd::testing {

// Answers on stdout with "name(arguments) for user: " and its whole input, and exits with
// the input's length. "fail" fails, "flood" never stops talking, "sleep" waits for its end, "late"
// reads its input after a second and does not repeat it.
class FakeFunction final : public v1::Function::Service {
 public:
  grpc::Status Run(grpc::ServerContext*,
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
    if (start.name() == "late") absl::SleepFor(absl::Seconds(1));
    v1::RunReply reply;
    reply.set_stdout(std::string(65536, 'x'));
    while (start.name() == "flood") {
      if (!stream->Write(reply)) return grpc::Status::CANCELLED;
    }
    std::string input;
    while (stream->Read(&request) && !request.has_close_stdin()) input += request.stdin();
    reply.set_stdout(start.name() + "(" + start.arguments() + ") for " + start.user() + ": " +
                     (start.name() == "late" ? "" : input));
    stream->Write(reply);
    reply.mutable_exit()->set_code(static_cast<int>(input.size()));
    stream->Write(reply);
    return grpc::Status::OK;
  }
};

}  // namespace toolboxd::testing

#endif  // TOOLBOXD_TRANSPORTD_TESTING_FAKE_FUNCTION_H_
