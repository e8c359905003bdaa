// SPDX-License-Identifier: Apache-2.0

#include "vixd/function_service.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "daemon/grpc_status.h"
#include "vixd/round_trip.h"

namespace toolboxd::vixd {
namespace {

constexpr char kRoundTrip[] = "http.RoundTrip";

using RunStream = grpc::ServerReaderWriter<v1::RunReply, v1::RunRequest>;

class GrpcStreams final : public RoundTripStreams {
 public:
  GrpcStreams(grpc::ServerContext* context, RunStream* stream)
      : context_(*context), stream_(*stream) {}

  bool ReadInput(std::string& bytes) override {
    v1::RunRequest request;
    if (!stream_.Read(&request) || request.part_case() != v1::RunRequest::kStdin) return false;
    bytes = std::move(*request.mutable_stdin());
    return true;
  }
  bool WriteOutput(absl::string_view bytes) override {
    v1::RunReply reply;
    reply.set_stdout(bytes.data(), bytes.size());
    return stream_.Write(reply);
  }
  bool IsCancelled() const override { return context_.IsCancelled(); }

 private:
  grpc::ServerContext& context_;
  RunStream& stream_;
};

}  // namespace

grpc::Status FunctionService::Run(grpc::ServerContext* context, RunStream* stream) {
  v1::RunRequest request;
  if (!stream->Read(&request) || !request.has_start()) {
    return ToGrpc(MakeError(v1::INVALID_ARGUMENT, "the first request must be `start`"));
  }
  const v1::StartFunction& start = request.start();
  if (start.name() != kRoundTrip) {
    return ToGrpc(MakeError(v1::NOT_FOUND, absl::StrCat("there is no function '", start.name(),
                                                        "'; vixd has ", kRoundTrip)));
  }
  const Reach reach = {{start.allowed_destinations().begin(), start.allowed_destinations().end()},
                       !start.no_loopback()};
  GrpcStreams streams(context, stream);
  const absl::Status outcome = RoundTrip(start.arguments(), reach, streams);
  if (context->IsCancelled()) return grpc::Status::CANCELLED;
  v1::RunReply reply;
  if (!outcome.ok()) {
    reply.set_stderr(absl::StrCat(kRoundTrip, ": ", outcome.message(), "\n"));
    stream->Write(reply);
  }
  reply.mutable_exit()->set_code(outcome.ok() ? 0 : 1);
  stream->Write(reply);
  return grpc::Status::OK;
}

}  // namespace toolboxd::vixd
