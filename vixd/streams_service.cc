// SPDX-License-Identifier: Apache-2.0

#include "vixd/streams_service.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/stream_path.h"
#include "daemon/grpc_status.h"
#include "proto/file_opened.h"

namespace toolboxd::vixd {
namespace {

constexpr uint32_t kDefaultChunk = 64 * 1024;
constexpr uint32_t kMaxChunk = 1024 * 1024;

absl::StatusOr<StreamPath> Parse(const std::string& path) {
  const std::optional<StreamPath> parsed = ParseStreamPath(path);
  if (!parsed.has_value()) {
    return MakeError(
        v1::NOT_FOUND,
        absl::StrCat("vixd serves /proc/<pid>/stdin, stdout and stderr, not '", path, "'"));
  }
  return *parsed;
}

// Describes a stream as a file that only its owner may use, in one direction. `output` is null for
// standard input.
void Describe(const std::string& path, const OpenedOutput* output, v1::FileInfo* info) {
  info->set_name(path);
  info->set_type(v1::REGULAR);
  info->set_uid(getuid());
  info->set_gid(getgid());
  if (output == nullptr) {
    info->set_mode(S_IFREG | 0200);
    info->set_effective_permissions(2);
    return;
  }
  info->set_mode(S_IFREG | 0400);
  info->set_effective_permissions(4);
  info->set_size(output->size);
  struct stat file;
  if (fstat(output->file.get(), &file) != 0) return;
  const auto nanoseconds = [](const timespec& time) {
    return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
  };
  info->set_access_time(nanoseconds(file.st_atim));
  info->set_modification_time(nanoseconds(file.st_mtim));
  info->set_change_time(nanoseconds(file.st_ctim));
  info->set_inode(file.st_ino);
  info->set_allocated_bytes(static_cast<uint64_t>(file.st_blocks) * 512);
}

// A chunk of input must start where the last one ended.
absl::Status CheckOffset(const v1::WriteChunk& chunk, uint64_t received) {
  if (chunk.append() || chunk.offset() == received) return absl::OkStatus();
  return MakeError(v1::INVALID_ARGUMENT, absl::StrCat("standard input continues at byte ", received,
                                                      ", not at ", chunk.offset()));
}

}  // namespace

grpc::Status StreamsService::Stat(grpc::ServerContext* context, const v1::StatRequest* request,
                                  v1::FileInfo* reply) {
  const absl::StatusOr<StreamPath> path = Parse(request->path());
  if (!path.ok()) return ToGrpc(path.status());
  if (path->stream == StandardStream::kStdin) {
    const absl::StatusOr<Record> program = FindProgramWithIo(programs_, *path);
    if (!program.ok()) return ToGrpc(program.status());
    Describe(request->path(), nullptr, reply);
    return grpc::Status::OK;
  }
  const absl::StatusOr<OpenedOutput> output =
      OpenOutput(programs_, *path, [context] { return context->IsCancelled(); });
  if (!output.ok()) return ToGrpc(output.status());
  Describe(request->path(), &*output, reply);
  return grpc::Status::OK;
}

grpc::Status StreamsService::Read(grpc::ServerContext* context, const v1::ReadRequest* request,
                                  grpc::ServerWriter<v1::ReadReply>* writer) {
  const absl::StatusOr<StreamPath> path = Parse(request->path());
  if (!path.ok()) return ToGrpc(path.status());
  const absl::StatusOr<OpenedOutput> output =
      OpenOutput(programs_, *path, [context] { return context->IsCancelled(); });
  if (!output.ok()) return ToGrpc(output.status());
  v1::ReadReply reply;
  Describe(request->path(), &*output, reply.mutable_opened());
  if (!writer->Write(reply)) return grpc::Status::CANCELLED;

  const uint32_t wanted = request->chunk_size() == 0 ? kDefaultChunk : request->chunk_size();
  uint64_t offset = request->offset();
  for (;;) {
    std::string& data = *reply.mutable_data();
    data.resize(std::min(wanted, kMaxChunk));
    const ssize_t got =
        pread(output->file.get(), data.data(), data.size(), static_cast<off_t>(offset));
    if (got < 0) return ToGrpc(ErrnoError(errno, request->path()));
    if (got == 0) break;
    data.resize(got);
    offset += got;
    if (!writer->Write(reply)) return grpc::Status::CANCELLED;
  }
  if (!output->cut) return grpc::Status::OK;
  return ToGrpc(
      MakeError(v1::NO_SPACE,
                absl::StrCat("only the first ", output->size,
                             " bytes of the output were kept (--output_limit, --spool_limit)")));
}

grpc::Status StreamsService::Write(grpc::ServerContext* context,
                                   grpc::ServerReader<v1::WriteRequest>* reader,
                                   v1::WriteReply* reply) {
  const auto cancelled = [context] { return context->IsCancelled(); };
  v1::WriteRequest request;
  if (!reader->Read(&request) || !request.has_open()) {
    return ToGrpc(MakeError(v1::INVALID_ARGUMENT, "the first request must be `open`"));
  }
  const absl::StatusOr<StreamPath> path = Parse(request.open().path());
  if (!path.ok()) return ToGrpc(path.status());
  absl::StatusOr<InputWriter> input = InputWriter::Open(programs_, *path, limits_);
  if (!input.ok()) return ToGrpc(input.status());
  if (request.open().mode() == v1::OpenForWriting::CREATE_NEW) {
    return ToGrpc(
        MakeError(v1::ALREADY_EXISTS, "standard input exists already and cannot be created"));
  }
  context->AddInitialMetadata(kFileOpened, "1");
  reader->SendInitialMetadata();

  uint64_t received = 0;
  while (reader->Read(&request)) {
    if (request.has_commit()) {
      input->Commit();
      reply->set_size(received);
      return grpc::Status::OK;
    }
    if (!request.has_chunk()) continue;
    absl::Status status = CheckOffset(request.chunk(), received);
    if (status.ok()) status = input->Write(request.chunk().data(), cancelled);
    if (!status.ok()) return ToGrpc(status);
    received += request.chunk().data().size();
  }
  // Not the end of the input: another writer may follow.
  return ToGrpc(MakeError(v1::INVALID_ARGUMENT, "the request stream ended without `commit`"));
}

}  // namespace toolboxd::vixd
