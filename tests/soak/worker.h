// SPDX-License-Identifier: Apache-2.0

// One user who does everything that guest operations offer, again and again.

#ifndef TOOLBOXD_TESTS_SOAK_WORKER_H_
#define TOOLBOXD_TESTS_SOAK_WORKER_H_

#include <cstdint>
#include <random>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/guest.h"
#include "tests/soak/journal.h"
#include "vmxsim/client.h"
#include "vmxsim/guest/guest_client.h"

namespace toolboxd::soak {

struct Manner {
  // With the number of the step it decides what is done.
  uint64_t seed = 1;
  // How long an answer may take; afterwards it counts as lost.
  absl::Duration patience = absl::Seconds(60);
  // Also what vmtoolsd does not have: archives, programs with input and output, functions, and
  // extensions, which are those of examples/echo_cc.
  bool everything = true;
};

// The guest's files are this machine's. For one thread.
class Worker {
 public:
  // `folder` is the user's own and empty.
  Worker(vmxsim::Client host, std::string user, const std::string& password, std::string folder,
         const Manner& manner, Journal* journal);

  // One operation, or the few that belong together.
  void Step();

  // Whether each program that was started has written its number exactly once, and none that was
  // refused has done so twice. Once the programs have ended.
  absl::Status CheckNumbers() const;
  // Whether transfers have left no other file than the one that they were for.
  absl::Status CheckFolder() const;

 private:
  using Operation = absl::Status (Worker::*)();

  absl::Status ReadEnvironment();
  absl::Status RunProgram();
  absl::Status EndProgram();
  absl::Status ChangeDirectories();
  absl::Status ListDirectory();
  absl::Status ChangeFile();
  absl::Status Upload();
  absl::Status Download();
  // What vmtoolsd does not have.
  absl::Status CopyAsArchive();
  absl::Status RunWithInput();
  absl::Status RunFunction();
  absl::Status UseExtension();

  absl::StatusOr<std::string> Call(uint32_t opcode, const std::string& body);
  // A program or function of the guest's own lookup, with `input`; what it has written.
  absl::StatusOr<std::string> Filter(absl::string_view program, const std::string& input);
  absl::StatusOr<int64_t> Start(const std::string& script);
  absl::Status Terminate(int64_t pid);
  // The same, again and again while a snapshot refuses it.
  absl::Status EndAfterRefusals(int64_t pid);
  absl::StatusOr<int64_t> AwaitExit(int64_t pid);
  std::string Content(size_t size);

  vmxsim::Client host_;
  vmxsim::GuestClient client_;
  const std::string user_, folder_;
  const bool everything_;
  std::mt19937_64 random_;
  Journal& journal_;
  uint64_t step_ = 0;
  // What the file may be that is uploaded: the last one, none at first, and those that failed
  // since.
  std::set<std::string> uploads_ = {""};
  // Numbers of programs whose start was answered with success, and of the others.
  std::set<uint64_t> started_, refused_;
};

}  // namespace toolboxd::soak

#endif  // TOOLBOXD_TESTS_SOAK_WORKER_H_
