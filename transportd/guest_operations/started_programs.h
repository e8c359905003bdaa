// SPDX-License-Identifier: Apache-2.0

// StartedPrograms: what the host has started, for administrators.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_STARTED_PROGRAMS_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_STARTED_PROGRAMS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// The last programs, without their arguments, which may be secrets. Not thread-safe.
class StartedPrograms {
 public:
  static constexpr size_t kMaxPrograms = 128;
  // Bytes of a program's path.
  static constexpr size_t kMaxPath = 256;

  // A program was started at the wall clock's `time`. Beyond the limit the oldest one of the user
  // who has most is forgotten, so that no user crowds others out.
  void Add(absl::string_view user, int64_t pid, absl::string_view program, absl::Time time);

  // The newest first; their states are not known.
  void AddTo(v1::ListProgramsReply& reply) const;

 private:
  void ForgetOne();

  // The oldest first.
  std::deque<v1::StartedProgram> programs_;
};

// Programs, and the connections to the vixd of the users who have one: it knows their states.
struct ProgramsView {
  v1::ListProgramsReply programs;
  std::map<std::string, std::shared_ptr<grpc::Channel>> vixd;
};

// Asks each vixd for its user's programs, for two seconds at most and not beyond `deadline` of the
// wall clock, by calls with contexts of `new_call`. What a vixd does not say stays not known.
// Thread-safe; waits.
v1::ListProgramsReply AskForStates(
    ProgramsView view, absl::Time deadline,
    const std::function<std::unique_ptr<grpc::ClientContext>()>& new_call);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_STARTED_PROGRAMS_H_
