// SPDX-License-Identifier: Apache-2.0

// vixd's Processes service for tests.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_FAKE_VIXD_H_
#define TOOLBOXD_TRANSPORTD_TESTING_FAKE_VIXD_H_

#include <atomic>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/processes.grpc.pb.h"

namespace toolboxd::testing {

// Starts nothing and remembers its requests. Thread-safe.
class FakeVixd final : public v1::Processes::Service {
 public:
  grpc::Status Start(grpc::ServerContext* context, const v1::StartProgramRequest* request,
                     v1::StartProgramReply* reply) override {
    if (Hangs(context)) return grpc::Status::CANCELLED;
    if (request->program() == "/none") return ToGrpc(MakeError(v1::NOT_FOUND, "none"));
    absl::MutexLock lock(&mutex_);
    started_.push_back(*request);
    reply->set_pid(1000 + started_.size());
    return grpc::Status::OK;
  }

  grpc::Status List(grpc::ServerContext* context, const v1::ListProcessesRequest* request,
                    grpc::ServerWriter<v1::ListProcessesReply>* writer) override {
    if (Hangs(context)) return grpc::Status::CANCELLED;
    v1::ListProcessesReply reply;
    size_t bytes = 0;
    for (int pid = 1; pid <= processes; ++pid) {
      if (request->pids_size() != 0 && request->pids(0) != pid) continue;
      v1::Process* process = reply.add_processes();
      process->set_pid(pid);
      process->set_name("process<" + std::to_string(pid) + ">" + std::string(name_size, 'n'));
      process->set_command_line(std::string(command_line_size, '<'));
      // As vixd does it.
      bytes += process->ByteSizeLong();
      if (bytes < (64 << 10)) continue;
      if (!writer->Write(reply)) return grpc::Status::CANCELLED;
      reply.Clear();
      bytes = 0;
    }
    writer->Write(reply);
    return grpc::Status::OK;
  }

  grpc::Status Terminate(grpc::ServerContext*, const v1::TerminateRequest* request,
                         v1::TerminateReply*) override {
    if (request->pid() == 1) return ToGrpc(MakeError(v1::PERMISSION_DENIED, "init", 1));
    if (request->pid() > processes) return ToGrpc(MakeError(v1::NO_SUCH_PROCESS, "none", 3));
    return grpc::Status::OK;
  }

  grpc::Status ReadEnvironment(grpc::ServerContext* context, const v1::ReadEnvironmentRequest*,
                               v1::ReadEnvironmentReply* reply) override {
    if (Hangs(context)) return grpc::Status::CANCELLED;
    reply->add_variables("HOME=/root");
    reply->add_variables("A=<1>");
    return grpc::Status::OK;
  }

  std::vector<v1::StartProgramRequest> started() const {
    absl::MutexLock lock(&mutex_);
    return started_;
  }

  // Every call waits until it is cancelled.
  std::atomic<bool> hang{false};
  // How many processes the machine has, and how long their command lines are.
  std::atomic<int> processes{3};
  std::atomic<int> name_size{0};
  std::atomic<int> command_line_size{0};

 private:
  bool Hangs(grpc::ServerContext* context) {
    while (hang && !context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
    return context->IsCancelled();
  }

  mutable absl::Mutex mutex_;
  std::vector<v1::StartProgramRequest> started_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::testing

#endif  // TOOLBOXD_TRANSPORTD_TESTING_FAKE_VIXD_H_
