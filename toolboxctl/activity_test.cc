// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/activity.h"

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "toolboxctl/table.h"

namespace toolboxd {
namespace {

v1::ListSessionsReply Sessions() {
  v1::ListSessionsReply reply;
  v1::Session* session = reply.add_sessions();
  session->set_user("alice");
  session->set_uid(1001);
  session->set_service("vixd");
  session->set_authenticated_time(1700000000);
  session->set_used_time(1700000060);
  session->set_busy(true);
  return reply;
}

TEST(Activity, SessionsShowWhoAndSinceWhen) {
  EXPECT_EQ(SessionsText(Sessions(), absl::UTCTimeZone(), {}),
            "user    uid  service  logged in       last used\n"
            "alice  1001  vixd     11-14 22:13:20  11-14 22:14:20  busy\n");
  v1::ListSessionsReply waiting;
  waiting.set_pending_logins(2);
  EXPECT_EQ(SessionsText(waiting, absl::UTCTimeZone(), {}),
            "no sessions\n\nlogins that wait for PAM: 2\n");
}

v1::StartedProgram* Add(int64_t pid, v1::StartedProgram::State state, const char* path,
                        v1::ListProgramsReply& reply) {
  v1::StartedProgram* program = reply.add_programs();
  program->set_user("alice");
  program->set_pid(pid);
  program->set_state(state);
  program->set_program(path);
  program->set_start_time(1700000000);
  return program;
}

TEST(Activity, ProgramsShowTheirStates) {
  v1::ListProgramsReply reply;
  Add(4194305, v1::StartedProgram::RUNNING, "http.RoundTrip", reply)->set_function(true);
  Add(4711, v1::StartedProgram::ENDED, "/bin/false", reply)->set_exit_code(1);
  Add(12, v1::StartedProgram::STATE_UNSPECIFIED, "/bin/sleep", reply);
  EXPECT_EQ(ProgramsText(reply, absl::UTCTimeZone(), {}),
            "user    pid  started         state      program\n"
            "alice     -  11-14 22:13:20  running    function http.RoundTrip\n"
            "alice  4711  11-14 22:13:20  exit 1     /bin/false\n"
            "alice    12  11-14 22:13:20  not known  /bin/sleep\n");
  EXPECT_TRUE(absl::StrContains(ProgramsText({}, absl::UTCTimeZone(), {}), "no programs"));
}

v1::ListTransfersReply Transfers(uint64_t bytes) {
  v1::ListTransfersReply reply;
  v1::Transfer* transfer = reply.add_transfers();
  transfer->set_id(3);
  transfer->set_user("alice");
  transfer->set_path("/home/alice/file");
  transfer->set_bytes(bytes);
  transfer->set_age_seconds(2);
  transfer->set_idle_seconds(0.25);
  return reply;
}

TEST(Activity, TransfersShowTheirRateSinceTheLastLook) {
  TransferRates rates;
  const absl::Time now = absl::FromUnixSeconds(1000);
  EXPECT_EQ(rates.Text(Transfers(4096), now, {}),
            "user   direction     bytes       rate   idle  path\n"
            "alice  from guest  4.0 KiB  2.0 KiB/s  0.2 s  /home/alice/file\n");
  EXPECT_TRUE(absl::StrContains(rates.Text(Transfers(4096 + 5120), now + absl::Seconds(1), {}),
                                "9.0 KiB  5.0 KiB/s"));
  EXPECT_TRUE(
      absl::StrContains(rates.Text(Transfers(4096 + 5120), now + absl::Seconds(2), {}), "  -  "));
  EXPECT_EQ(rates.Text({}, now, {}), "no transfers\n");
}

TEST(Activity, FitsEightyColumns) {
  const Terminal terminal = {.width = 80, .colours = false};
  v1::ListTransfersReply transfers = Transfers(uint64_t{1023} << 40);
  transfers.mutable_transfers(0)->set_path(std::string(300, 'p'));
  transfers.mutable_transfers(0)->set_user(std::string(20, 'u'));
  v1::ListProgramsReply programs;
  Add(4194304, v1::StartedProgram::ENDED, std::string(200, 'x').c_str(), programs);
  for (const std::string& text : {TransferRates().Text(transfers, absl::UnixEpoch(), terminal),
                                  ProgramsText(programs, absl::UTCTimeZone(), terminal),
                                  SessionsText(Sessions(), absl::UTCTimeZone(), terminal)}) {
    for (absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(Columns(line), 80u) << line;
  }
}

}  // namespace
}  // namespace toolboxd
