// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/started_programs.h"

#include <string>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/processes.grpc.pb.h"
#include "transportd/testing/service_host.h"

namespace toolboxd {
namespace {

constexpr int64_t kStart = 1700000000;

ProgramsView ViewOf(const StartedPrograms& programs) {
  ProgramsView view;
  programs.AddTo(view.programs);
  return view;
}

TEST(StartedPrograms, NewestComesFirstAndTheOldestAreForgotten) {
  StartedPrograms programs;
  for (size_t pid = 1; pid <= StartedPrograms::kMaxPrograms + 1; ++pid) {
    programs.Add("alice", pid, std::string(1000, 'x'), absl::FromUnixSeconds(kStart));
  }
  const v1::ListProgramsReply reply = ViewOf(programs).programs;
  ASSERT_EQ(reply.programs_size(), static_cast<int>(StartedPrograms::kMaxPrograms));
  EXPECT_EQ(reply.programs(0).pid(), StartedPrograms::kMaxPrograms + 1);
  EXPECT_EQ(reply.programs(reply.programs_size() - 1).pid(), 2);
  EXPECT_EQ(reply.programs(0).program().size(), StartedPrograms::kMaxPath);
  EXPECT_EQ(reply.programs(0).start_time(), kStart);
}

TEST(StartedPrograms, UserWhoStartsManyCrowdsNoOtherOut) {
  StartedPrograms programs;
  programs.Add("bob", 1, "/bin/true", absl::FromUnixSeconds(kStart));
  for (size_t pid = 2; pid <= 3 * StartedPrograms::kMaxPrograms; ++pid) {
    programs.Add("alice", pid, "/bin/true", absl::FromUnixSeconds(kStart));
  }
  const v1::ListProgramsReply reply = ViewOf(programs).programs;
  ASSERT_EQ(reply.programs_size(), static_cast<int>(StartedPrograms::kMaxPrograms));
  EXPECT_EQ(reply.programs(0).pid(), 3 * StartedPrograms::kMaxPrograms);
  EXPECT_EQ(reply.programs(reply.programs_size() - 1).user(), "bob");
}

TEST(StartedPrograms, TextIsPrintable) {
  StartedPrograms programs;
  programs.Add("al\xffice", 1, "/bin/\x1b", absl::FromUnixSeconds(kStart));
  EXPECT_EQ(ViewOf(programs).programs.programs(0).user(), "al?ice");
  EXPECT_EQ(ViewOf(programs).programs.programs(0).program(), "/bin/?");
}

// Knows 1, which runs, 2, which has ended, and 3, which was started later than the host's.
class Vixd final : public v1::Processes::Service {
 public:
  grpc::Status List(grpc::ServerContext*, const v1::ListProcessesRequest* request,
                    grpc::ServerWriter<v1::ListProcessesReply>* writer) override {
    v1::ListProcessesReply reply;
    asked = request->pids_size();
    for (const int64_t pid : {1, 2, 3}) {
      v1::Process* process = reply.add_processes();
      process->set_pid(pid);
      process->set_start_time(pid == 3 ? kStart + 1000 : kStart);
      if (pid != 2) continue;
      process->set_end_time(kStart + 5);
      process->set_exit_code(7);
    }
    writer->Write(reply);
    return grpc::Status::OK;
  }

  int asked = 0;
};

TEST(StartedPrograms, VixdOfTheUserKnowsTheStates) {
  Vixd vixd;
  testing::ServiceHost host({&vixd});
  StartedPrograms programs;
  for (const int64_t pid : {1, 2, 3, 4}) {
    programs.Add("alice", pid, "/bin/a", absl::FromUnixSeconds(kStart));
  }
  programs.Add("bob", 1, "/bin/a", absl::FromUnixSeconds(kStart));
  ProgramsView view = ViewOf(programs);
  view.vixd["alice"] = host.Channel();
  view.vixd["carol"] = host.Channel();
  const v1::ListProgramsReply reply = AskForStates(std::move(view), absl::InfiniteFuture(), [] {
    return std::make_unique<grpc::ClientContext>();
  });
  ASSERT_EQ(reply.programs_size(), 5);
  EXPECT_EQ(vixd.asked, 4);
  // Bob's; then alice's from the newest.
  EXPECT_EQ(reply.programs(0).state(), v1::StartedProgram::STATE_UNSPECIFIED);
  EXPECT_EQ(reply.programs(1).state(), v1::StartedProgram::STATE_UNSPECIFIED);
  EXPECT_EQ(reply.programs(2).state(), v1::StartedProgram::STATE_UNSPECIFIED);
  EXPECT_EQ(reply.programs(3).state(), v1::StartedProgram::ENDED);
  EXPECT_EQ(reply.programs(3).exit_code(), 7);
  EXPECT_EQ(reply.programs(4).state(), v1::StartedProgram::RUNNING);
}

}  // namespace
}  // namespace toolboxd
