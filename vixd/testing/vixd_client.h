// SPDX-License-Identifier: Apache-2.0

// VixdClient: short calls to a running vixd, for tests.

#ifndef TOOLBOXD_VIXD_TESTING_VIXD_CLIENT_H_
#define TOOLBOXD_VIXD_TESTING_VIXD_CLIENT_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "toolboxd/v1/file_handler.grpc.pb.h"
#include "toolboxd/v1/function.grpc.pb.h"
#include "toolboxd/v1/processes.grpc.pb.h"

namespace toolboxd::vixd {

class VixdClient {
 public:
  // Owns the connection.
  explicit VixdClient(int connection);

  absl::StatusOr<pid_t> Start(const v1::StartProgramRequest& request);
  // With I/O; `program` is searched in PATH.
  absl::StatusOr<pid_t> StartWithIo(const std::string& program, const std::string& arguments);
  std::vector<v1::Process> List(const std::vector<int64_t>& pids = {});
  // Waits for the program's end, at most ten seconds.
  std::optional<v1::Process> WaitForEnd(pid_t pid);
  absl::Status Terminate(int64_t pid);
  std::vector<std::string> ReadEnvironment(const std::vector<std::string>& names);

  absl::StatusOr<v1::FileInfo> Stat(const std::string& path);
  absl::StatusOr<std::string> Read(const std::string& path, uint64_t offset = 0,
                                   uint32_t chunk = 0);
  // In chunks, then commits.
  absl::Status Write(const std::string& path, const std::string& content);
  // Ends the stream without a commit, which is an error status.
  absl::Status WriteWithoutCommit(const std::string& path, const std::string& content);

  struct RunResult {
    absl::Status status;
    std::string output;
    std::string errors;
    int exit_code = -1;
  };
  RunResult Run(const v1::StartFunction& start, const std::string& input);

 private:
  enum class End { kCommit, kNone };
  absl::Status WriteStream(const std::string& path, const std::string& content, End end);

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Processes::Stub> processes_;
  std::unique_ptr<v1::FileHandler::Stub> files_;
  std::unique_ptr<v1::Function::Stub> functions_;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_TESTING_VIXD_CLIENT_H_
