// SPDX-License-Identifier: Apache-2.0

#include "vixd/testing/vixd_client.h"

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "daemon/grpc_status.h"
#include "grpcpp/create_channel_posix.h"

namespace toolboxd::vixd {
namespace {

constexpr size_t kChunk = 256 * 1024;

class Context : public grpc::ClientContext {
 public:
  Context() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30)); }
};

}  // namespace

VixdClient::VixdClient(int connection) {
  fcntl(connection, F_SETFL, fcntl(connection, F_GETFL) | O_NONBLOCK);
  channel_ = grpc::CreateInsecureChannelFromFd("vixd", connection);
  processes_ = v1::Processes::NewStub(channel_);
  files_ = v1::FileHandler::NewStub(channel_);
  functions_ = v1::Function::NewStub(channel_);
}

absl::StatusOr<pid_t> VixdClient::Start(const v1::StartProgramRequest& request) {
  Context context;
  v1::StartProgramReply reply;
  absl::Status status = FromGrpc(processes_->Start(&context, request, &reply));
  if (!status.ok()) return status;
  return static_cast<pid_t>(reply.pid());
}

absl::StatusOr<pid_t> VixdClient::StartWithIo(const std::string& program,
                                              const std::string& arguments) {
  v1::StartProgramRequest request;
  request.set_program(program);
  request.set_arguments(arguments);
  request.set_with_io(true);
  return Start(request);
}

std::vector<v1::Process> VixdClient::List(const std::vector<int64_t>& pids) {
  Context context;
  v1::ListProcessesRequest request;
  for (const int64_t pid : pids) request.add_pids(pid);
  std::vector<v1::Process> processes;
  auto reader = processes_->List(&context, request);
  for (v1::ListProcessesReply reply; reader->Read(&reply);) {
    processes.insert(processes.end(), reply.processes().begin(), reply.processes().end());
  }
  if (!reader->Finish().ok()) processes.clear();
  return processes;
}

std::optional<v1::Process> VixdClient::WaitForEnd(pid_t pid) {
  for (int i = 0; i < 1000; ++i) {
    const std::vector<v1::Process> found = List({pid});
    if (found.size() == 1 && found[0].has_end_time()) return found[0];
    usleep(10'000);
  }
  return std::nullopt;
}

absl::Status VixdClient::Terminate(int64_t pid) {
  Context context;
  v1::TerminateRequest request;
  request.set_pid(pid);
  v1::TerminateReply reply;
  return FromGrpc(processes_->Terminate(&context, request, &reply));
}

std::vector<std::string> VixdClient::ReadEnvironment(const std::vector<std::string>& names) {
  Context context;
  v1::ReadEnvironmentRequest request;
  for (const std::string& name : names) request.add_names(name);
  v1::ReadEnvironmentReply reply;
  if (!processes_->ReadEnvironment(&context, request, &reply).ok()) return {"failed"};
  return {reply.variables().begin(), reply.variables().end()};
}

absl::StatusOr<v1::FileInfo> VixdClient::Stat(const std::string& path) {
  Context context;
  v1::StatRequest request;
  request.set_path(path);
  v1::FileInfo info;
  absl::Status status = FromGrpc(files_->Stat(&context, request, &info));
  if (!status.ok()) return status;
  return info;
}

absl::StatusOr<std::string> VixdClient::Read(const std::string& path, uint64_t offset,
                                             uint32_t chunk) {
  Context context;
  v1::ReadRequest request;
  request.set_path(path);
  request.set_offset(offset);
  request.set_chunk_size(chunk);
  std::string content;
  auto reader = files_->Read(&context, request);
  for (v1::ReadReply reply; reader->Read(&reply);) content += reply.data();
  absl::Status status = FromGrpc(reader->Finish());
  if (!status.ok()) return status;
  return content;
}

absl::Status VixdClient::Write(const std::string& path, const std::string& content) {
  return WriteStream(path, content, End::kCommit);
}

absl::Status VixdClient::WriteWithoutCommit(const std::string& path, const std::string& content) {
  return WriteStream(path, content, End::kNone);
}

absl::Status VixdClient::WriteStream(const std::string& path, const std::string& content, End end) {
  Context context;
  v1::WriteReply reply;
  auto writer = files_->Write(&context, &reply);
  v1::WriteRequest request;
  request.mutable_open()->set_path(path);
  request.mutable_open()->set_mode(v1::OpenForWriting::CREATE_OR_TRUNCATE);
  bool open = writer->Write(request);
  for (size_t done = 0; open && done < content.size(); done += kChunk) {
    request.mutable_chunk()->set_offset(done);
    request.mutable_chunk()->set_data(content.substr(done, kChunk));
    open = writer->Write(request);
  }
  request.mutable_commit();
  if (open && end == End::kCommit) writer->Write(request);
  writer->WritesDone();
  return FromGrpc(writer->Finish());
}

VixdClient::RunResult VixdClient::Run(const v1::StartFunction& start, const std::string& input) {
  Context context;
  auto stream = functions_->Run(&context);
  v1::RunRequest request;
  *request.mutable_start() = start;
  stream->Write(request);
  for (size_t done = 0; done < input.size(); done += kChunk) {
    request.set_stdin(input.substr(done, kChunk));
    if (!stream->Write(request)) break;
  }
  request.mutable_close_stdin();
  stream->Write(request);
  RunResult result;
  for (v1::RunReply reply; stream->Read(&reply);) {
    result.output += reply.stdout();
    result.errors += reply.stderr();
    if (reply.has_exit()) result.exit_code = reply.exit().code();
  }
  result.status = FromGrpc(stream->Finish());
  return result;
}

}  // namespace toolboxd::vixd
