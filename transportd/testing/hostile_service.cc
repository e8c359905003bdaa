// SPDX-License-Identifier: Apache-2.0

#include "transportd/testing/hostile_service.h"

#include <string>

#include "absl/time/clock.h"
#include "toolboxd/v1/file_handler.grpc.pb.h"
#include "toolboxd/v1/files.grpc.pb.h"
#include "toolboxd/v1/function.grpc.pb.h"
#include "toolboxd/v1/processes.grpc.pb.h"
#include "toolboxd/v1/rpc_handler.grpc.pb.h"

namespace toolboxd::testing {
namespace {

// Two bytes each.
constexpr int kEntries = 60000;

bool IsSilent(Trick trick) {
  return trick == Trick::kSilence || trick == Trick::kAnswerAfterCancel;
}

// The end of a call that says nothing until it is cancelled.
grpc::Status WaitForCancel(grpc::ServerContext* context, Trick trick) {
  while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
  return trick == Trick::kSilence ? grpc::Status::CANCELLED : grpc::Status::OK;
}

bool IsTrickle(Trick trick) {
  return trick == Trick::kTrickleOfNothing || trick == Trick::kTrickleOfBytes;
}

size_t ChunkSize(Trick trick) {
  switch (trick) {
    case Trick::kByteAtATime:
    case Trick::kTrickleOfBytes:
      return 1;
    case Trick::kLargeChunk:
      return 125000;
    case Trick::kLargeReply:
      return 4 << 20;
    case Trick::kAttributesAmidContent:
    case Trick::kContentFirst:
      return 1000;
    default:
      return 0;
  }
}

std::string Text(Trick trick) {
  return std::string(trick == Trick::kLargeReply ? 4 << 20 : 0, 'x');
}

// Sends a message again and again until the call is cancelled.
template <typename Stream, typename Reply>
grpc::Status Repeat(grpc::ServerContext* context, Stream* stream, const Reply& reply, Trick trick,
                    std::atomic<int>& sent) {
  for (;;) {
    for (int i = 0; i < 2; ++i) {
      if (context->IsCancelled() || !stream->Write(reply)) return grpc::Status::CANCELLED;
      ++sent;
    }
    if (IsTrickle(trick)) absl::SleepFor(absl::Milliseconds(50));
  }
}

}  // namespace

class HostileService::Handler final : public v1::FileHandler::Service {
 public:
  explicit Handler(HostileService* owner) : owner_(*owner) {}

  grpc::Status Stat(grpc::ServerContext* context, const v1::StatRequest*,
                    v1::FileInfo* reply) override {
    const Trick trick = owner_.trick;
    if (IsSilent(trick)) return WaitForCancel(context, trick);
    reply->set_type(v1::REGULAR);
    reply->set_size(1 << 20);
    reply->set_name(Text(trick));
    return grpc::Status::OK;
  }

  grpc::Status Read(grpc::ServerContext* context, const v1::ReadRequest*,
                    grpc::ServerWriter<v1::ReadReply>* writer) override {
    const Trick trick = owner_.trick;
    if (trick == Trick::kNothing) return grpc::Status::OK;
    v1::ReadReply reply;
    reply.mutable_opened()->set_size(1 << 20);
    // The file is open before the rest of them begin.
    if (trick != Trick::kContentFirst) writer->Write(reply);
    if (IsSilent(trick)) return WaitForCancel(context, trick);
    reply.set_data(std::string(ChunkSize(trick), 'x'));
    if (trick == Trick::kAttributesAmidContent) {
      writer->Write(reply);
      reply.mutable_opened()->set_size(1 << 20);
    }
    return Repeat(context, writer, reply, trick, owner_.sent);
  }

  grpc::Status Write(grpc::ServerContext* context, grpc::ServerReader<v1::WriteRequest>* reader,
                     v1::WriteReply*) override {
    const Trick trick = owner_.trick;
    if (trick == Trick::kNothing) return grpc::Status::OK;
    reader->SendInitialMetadata();
    if (IsSilent(trick)) return WaitForCancel(context, trick);
    // Takes one message every now and then, or none; never the commit.
    v1::WriteRequest request;
    while (IsTrickle(trick) && reader->Read(&request)) absl::SleepFor(absl::Milliseconds(50));
    return WaitForCancel(context, Trick::kSilence);
  }

 private:
  HostileService& owner_;
};

class HostileService::Files final : public v1::Files::Service {
 public:
  explicit Files(HostileService* owner) : owner_(*owner) {}

  grpc::Status List(grpc::ServerContext* context, const v1::ListFilesRequest*,
                    v1::ListFilesReply* reply) override {
    const Trick trick = owner_.trick;
    if (IsSilent(trick)) return WaitForCancel(context, trick);
    if (trick == Trick::kManyEntries) {
      for (int i = 0; i < kEntries; ++i) reply->add_entries();
    }
    if (trick == Trick::kLargeReply) reply->add_entries()->set_name(Text(trick));
    return grpc::Status::OK;
  }
  grpc::Status CheckRead(grpc::ServerContext* context, const v1::CheckReadRequest*,
                         v1::FileInfo* reply) override {
    return Describe(context, reply);
  }
  grpc::Status GetInfo(grpc::ServerContext* context, const v1::GetFileInfoRequest*,
                       v1::FileInfo* reply) override {
    return Describe(context, reply);
  }

 private:
  grpc::Status Describe(grpc::ServerContext* context, v1::FileInfo* reply) {
    const Trick trick = owner_.trick;
    if (IsSilent(trick)) return WaitForCancel(context, trick);
    reply->set_symlink_target(Text(trick));
    return grpc::Status::OK;
  }

  HostileService& owner_;
};

class HostileService::Processes final : public v1::Processes::Service {
 public:
  explicit Processes(HostileService* owner) : owner_(*owner) {}

  grpc::Status Start(grpc::ServerContext* context, const v1::StartProgramRequest*,
                     v1::StartProgramReply* reply) override {
    const Trick trick = owner_.trick;
    if (IsSilent(trick)) return WaitForCancel(context, trick);
    reply->set_pid(-7);
    return grpc::Status::OK;
  }
  grpc::Status List(grpc::ServerContext* context, const v1::ListProcessesRequest*,
                    grpc::ServerWriter<v1::ListProcessesReply>* writer) override {
    const Trick trick = owner_.trick;
    if (trick == Trick::kNothing) return grpc::Status::OK;
    if (IsSilent(trick)) return WaitForCancel(context, trick);
    v1::ListProcessesReply reply;
    const int entries = trick == Trick::kManyEntries ? kEntries : ChunkSize(trick) > 0;
    for (int i = 0; i < entries; ++i) reply.add_processes();
    if (trick == Trick::kLargeReply) reply.mutable_processes(0)->set_name(Text(trick));
    return Repeat(context, writer, reply, trick, owner_.sent);
  }
  grpc::Status ReadEnvironment(grpc::ServerContext* context, const v1::ReadEnvironmentRequest*,
                               v1::ReadEnvironmentReply* reply) override {
    const Trick trick = owner_.trick;
    if (IsSilent(trick)) return WaitForCancel(context, trick);
    if (trick == Trick::kLargeReply) reply->add_variables(Text(trick));
    for (int i = 0; trick == Trick::kManyEntries && i < kEntries; ++i) reply->add_variables();
    return grpc::Status::OK;
  }

 private:
  HostileService& owner_;
};

class HostileService::Function final : public v1::Function::Service {
 public:
  explicit Function(HostileService* owner) : owner_(*owner) {}

  grpc::Status Run(grpc::ServerContext* context,
                   grpc::ServerReaderWriter<v1::RunReply, v1::RunRequest>* stream) override {
    const Trick trick = owner_.trick;
    if (trick == Trick::kNothing) return grpc::Status::OK;
    if (IsSilent(trick)) return WaitForCancel(context, trick);
    v1::RunReply reply;
    reply.set_stdout(std::string(ChunkSize(trick), 'x'));
    return Repeat(context, stream, reply, trick, owner_.sent);
  }

 private:
  HostileService& owner_;
};

class HostileService::Rpc final : public v1::RpcHandler::Service {
 public:
  explicit Rpc(HostileService* owner) : owner_(*owner) {}

  grpc::Status Handle(grpc::ServerContext* context, const v1::RpcHandlerRequest*,
                      v1::RpcHandlerReply* reply) override {
    const Trick trick = owner_.trick;
    if (IsSilent(trick)) return WaitForCancel(context, trick);
    reply->set_data(std::string(ChunkSize(trick), 'x'));
    return grpc::Status::OK;
  }

 private:
  HostileService& owner_;
};

HostileService::HostileService(Trick trick)
    : trick(trick),
      handler_(std::make_unique<Handler>(this)),
      files_(std::make_unique<Files>(this)),
      processes_(std::make_unique<Processes>(this)),
      function_(std::make_unique<Function>(this)),
      rpc_(std::make_unique<Rpc>(this)) {}

HostileService::~HostileService() = default;

std::vector<grpc::Service*> HostileService::services() {
  return {handler_.get(), files_.get(), processes_.get(), function_.get(), rpc_.get()};
}

}  // namespace toolboxd::testing
