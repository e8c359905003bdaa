// SPDX-License-Identifier: Apache-2.0

// Guest operations: logins, policy, errors of the protocol and of services, and what is shown of
// them. Files, programs and audit lines have tests of their own.

#include "transportd/guest_operations/guest_operations.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "transportd/testing/guest_operations_test.h"

namespace toolboxd {
namespace {

using std::string_literals::operator""s;
using ::testing::ElementsAre;
using toolboxd::testing::FakeGuest;

TEST_F(GuestOperationsTest, ToolsStateNeedsNoLogin) {
  vix::Request request;
  request.opcode = vix::kGetToolsState;
  EXPECT_EQ(guest_.SendRaw(request), 0u);
  std::string bytes;
  EXPECT_TRUE(absl::Base64Unescape(guest_.result(), &bytes));
}

TEST_F(GuestOperationsTest, CredentialsHaveTheirErrorCodes) {
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "alice", "x"), 3050u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "nobody", "x"), 3050u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "../alice", "a"), 3u);
  EXPECT_EQ(guest_.Send(vix::kCheckUserAccount, "", "bob", "x"), 3015u);
  vix::Request request;
  request.opcode = vix::kValidateCredentials;
  for (const uint32_t type : {0, 2, 3, 5, 6, 7, 10}) {
    request.credential_type = type;
    EXPECT_EQ(guest_.SendRaw(request), 6u) << type;
  }
  request.credential_type = 1;
  EXPECT_EQ(guest_.SendRaw(request), 10001u);
  const std::string not_base64("\4\0\0\0\4\0\0\0!!!!\0", 13);
  request.credential = not_base64;
  EXPECT_EQ(guest_.SendRaw(request), 3050u);
}

// Nothing wakes an idle guest.
TEST_F(GuestOperationsTest, MaintenanceIsNeededFromAnOperationOnUntilNothingIsOpen) {
  GuestOperationsOptions options = testing::FakeGuest::Options();
  options.maintenance = absl::ZeroDuration();
  options.sessions.idle_close = absl::ZeroDuration();
  guest_.Restart(options);
  int uses = 0;
  guest_.operations().SetOnUse([&uses] { ++uses; });
  EXPECT_FALSE(guest_.operations().NeedsMaintenance());
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  EXPECT_EQ(uses, 1);
  EXPECT_TRUE(guest_.operations().NeedsMaintenance());
  guest_.operations().Maintain();
  EXPECT_FALSE(guest_.operations().NeedsMaintenance());
  options.maintenance = absl::Minutes(1);
  guest_.Restart(options);
  EXPECT_NE(guest_.Send(vix::kValidateCredentials, "", "alice", "wrong"), 0u);
  EXPECT_TRUE(guest_.operations().NeedsMaintenance());
}

TEST_F(GuestOperationsTest, EveryOperationIsBusyDuringAStandstill) {
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  guest_.operations().BeginStandstill();
  EXPECT_TRUE(guest_.operations().standstill());
  for (const uint32_t opcode :
       {vix::kValidateCredentials, vix::kStartProgram, vix::kListProcessesEx, vix::kHgfsSendPacket,
        vix::kGetToolsState, vix::kCheckUserAccount}) {
    EXPECT_EQ(guest_.Send(opcode, ""), 5u) << opcode;
  }
  EXPECT_FALSE(guest_.operations().RunHgfs("").ok);
  guest_.operations().Maintain();
  EXPECT_TRUE(guest_.vixd.started().empty());
  EXPECT_EQ(guest_.logins, 1);
  guest_.operations().EndStandstill();
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  EXPECT_TRUE(guest_.operations().RunHgfs("").ok);
}

// docs/protocol/vix.md 4.6: a ticket that does not exist is not a success.
TEST_F(GuestOperationsTest, ThereAreNoTickets) {
  EXPECT_EQ(guest_.Send(vix::kAcquireCredentials, std::string(8, '\0')), 6u);
  EXPECT_EQ(guest_.Send(vix::kReleaseCredentials, ""), 6u);
  EXPECT_EQ(guest_.Send(vix::kAcquireCredentials, std::string(8, '\0'), "alice", "x"), 6u);
  EXPECT_EQ(guest_.logins, 0);
}

TEST_F(GuestOperationsTest, MalformedMessagesHaveTheirErrorCodes) {
  for (const std::string& arguments : {""s, "\"x\""s, "\"x\"\0"s, "\"x\"\0\1\2\3"s}) {
    const TcloReply reply = guest_.operations().RunVix(arguments);
    EXPECT_TRUE(reply.ok);
    EXPECT_EQ(reply.data, "10000 0 \0"s);
  }
  EXPECT_EQ(guest_.Send(vix::kDeleteFileEx, "\0\0\0\0\xFF\xFF\xFF\xFF"s), 10001u);
  EXPECT_EQ(guest_.Send(vix::kDeleteFileEx, PathBody("")), 3u);
  EXPECT_EQ(guest_.Send(vix::kDeleteFileEx, PathBody("\xFF")), 27u);
  // The body is decoded before the credential.
  EXPECT_EQ(guest_.Send(vix::kDeleteFileEx, PathBody(""), "alice", "x"), 3u);
  EXPECT_EQ(guest_.logins, 0);
}

TEST_F(GuestOperationsTest, OtherOpcodesAreNotSupported) {
  EXPECT_EQ(guest_.Send(99999, ""), 3025u);
  EXPECT_EQ(guest_.Send(0, ""), 3025u);
  for (const uint32_t opcode : {8u, 201u, 203u, 206u}) {
    EXPECT_EQ(guest_.Send(opcode, ""), 3003u) << opcode;
  }
  // Guest aliases.
  for (const uint32_t opcode : {197u, 198u, 199u, 200u, 207u}) {
    EXPECT_EQ(guest_.Send(opcode, ""), 6u) << opcode;
  }
  EXPECT_EQ(guest_.Send(vix::kLogout, ""), 0u);
}

TEST_F(GuestOperationsTest, HungServiceCostsOneErrorEach) {
  guest_.vixd.hang = true;
  const absl::Time begin = absl::Now();
  EXPECT_EQ(guest_.Send(vix::kReadEnvironmentVariables, std::string(8, '\0')), 5u);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(2));
  guest_.vixd.hang = false;
  EXPECT_EQ(guest_.Send(vix::kReadEnvironmentVariables, std::string(8, '\0')), 0u);
  // The session that hung was dropped.
  EXPECT_EQ(guest_.logins, 2);
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 1)), 0u);
}

// Beside another user a call takes 0.9 s at most.
TEST_F(GuestOperationsTest, ServiceThatStartsSlowlyBesideOthersAnswersTheNextCall) {
  GuestOperationsOptions options = FakeGuest::Options();
  options.timeout = absl::Seconds(30);
  guest_.Restart(options);
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 1), "bob", "b"), 0u);
  guest_.vixd.hang = true;
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/a")), 5u);
  guest_.vixd.hang = false;
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/a")), 0u);
  EXPECT_EQ(guest_.vixd.started().size(), 1u);
  // One of each user.
  EXPECT_EQ(guest_.logins, 2);
}

TEST_F(GuestOperationsTest, ServiceThatDiedIdleIsReplacedUnnoticed) {
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/a")), 0u);
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 1)), 0u);
  guest_.KillVixd();
  guest_.KillHgfsd();
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/b")), 0u);
  EXPECT_EQ(guest_.Send(vix::kListFiles, ListBody("/tmp", 1)), 0u);
}

TEST_F(GuestOperationsTest, RightPasswordOfADeniedUserIsRefusedByThePolicy) {
  GuestOperationsOptions options = FakeGuest::Options();
  options.policy_file = TempFile("denied.textproto", "allow: \"alice\"");
  guest_.Restart(options);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "bob", "b"), 20005u);
  EXPECT_EQ(guest_.Send(vix::kCheckUserAccount, "", "bob", "b"), 20005u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
}

// Databases that ignore case, or that add a domain, know a user by several spellings.
TEST_F(GuestOperationsTest, EverythingGoesByTheUserThatPamSettledOn) {
  guest_.passwords["ALICE"] = "a";
  guest_.canonical_names["ALICE"] = "alice";
  guest_.hgfsd.Put("/tmp/f", "x");
  EXPECT_THAT(Audited([&] { guest_.Send(vix::kListFiles, ListBody("/tmp", 1), "ALICE"); }),
              ElementsAre("alice operation=ListFilesInGuest target=\"/tmp\" result=0"));
  // The HGFS session that one spelling made is the other one's.
  CreateSession();
  hgfs::NameRequest request;
  const std::string name = hgfs::EncodePath("/tmp/f");
  request.name.cp_name = name;
  hgfs::GetattrReply reply;
  EXPECT_EQ(HgfsOf("ALICE", "a", hgfs::Op::kGetattrV2, request, reply), hgfs::Status::kSuccess);
  ASSERT_EQ(guest_.Send(vix::kStartProgram, StartBody("http.RoundTrip", "localhost:80"), "ALICE"),
            0u);
  std::string output;
  EXPECT_EQ(hgfs_.Upload(absl::StrCat("/proc/", guest_.result(), "/stdin"), ""),
            hgfs::Status::kSuccess);
  GuestOperationsOptions options = FakeGuest::Options();
  options.policy_file = TempFile("canonical.textproto", "deny: \"alice\"");
  guest_.Restart(options);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "ALICE"), 20005u);
}

TEST_F(GuestOperationsTest, StartedProgramsAndSessionsAreShown) {
  GuestOperations& operations = guest_.operations();
  EXPECT_EQ(operations.DescribeSessions().sessions_size(), 0);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/date", "-u secret")), 0u);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/none")), 4u);
  const v1::ListSessionsReply sessions = operations.DescribeSessions();
  ASSERT_EQ(sessions.sessions_size(), 1);
  EXPECT_EQ(sessions.sessions(0).user(), "alice");
  EXPECT_EQ(sessions.sessions(0).service(), "vixd");
  EXPECT_FALSE(sessions.sessions(0).busy());
  EXPECT_GT(sessions.sessions(0).authenticated_time(), 0);
  const ProgramsView view = operations.DescribePrograms();
  ASSERT_EQ(view.programs.programs_size(), 1);
  EXPECT_EQ(view.programs.programs(0).program(), "/bin/date");
  EXPECT_EQ(view.vixd.size(), 1u);
  EXPECT_EQ(view.programs.DebugString().find("secret"), std::string::npos);
}

TEST_F(GuestOperationsTest, OpenTransfersAndFunctionsAreShownAndCounted) {
  GuestOperations& operations = guest_.operations();
  CreateSession();
  uint32_t reads = 0, writes = 0;
  guest_.hgfsd.Put("/tmp/from", "content");
  ASSERT_EQ(hgfs_.Open("/tmp/from", hgfs::kReadOnly, reads), hgfs::Status::kSuccess);
  ASSERT_EQ(hgfs_.Open("/tmp/to", hgfs::kWriteOnly, writes), hgfs::Status::kSuccess);
  const v1::ListTransfersReply transfers = operations.DescribeTransfers();
  ASSERT_EQ(transfers.transfers_size(), 2);
  EXPECT_NE(transfers.transfers(0).to_guest(), transfers.transfers(1).to_guest());
  EXPECT_EQ(transfers.transfers(0).user(), "alice");
  EXPECT_NE(transfers.transfers(0).id(), transfers.transfers(1).id());
  ASSERT_EQ(guest_.Send(vix::kStartProgram, StartBody("http.RoundTrip", "localhost:80")), 0u);
  const ProgramsView view = operations.DescribePrograms();
  ASSERT_EQ(view.programs.programs_size(), 1);
  EXPECT_TRUE(view.programs.programs(0).function());
  EXPECT_EQ(view.programs.programs(0).state(), v1::StartedProgram::RUNNING);
  const LiveNumbers numbers = operations.CountLive();
  EXPECT_EQ(numbers.hgfsd_sessions, 1);
  EXPECT_EQ(numbers.transfers_to_guest, 1);
  EXPECT_EQ(numbers.transfers_from_guest, 1);
  EXPECT_EQ(numbers.functions, 1);
  EXPECT_EQ(numbers.pending_logins, 0);
}

TEST_F(GuestOperationsTest, PolicyThatRefusesAllEndsOpenSessions) {
  GuestOperationsOptions options = FakeGuest::Options();
  options.policy_file = TempFile("all.textproto", "");
  guest_.Restart(options);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  TempFile("all.textproto", "disable_guest_operations: true");
  guest_.operations().Reload();
  TempFile("all.textproto", "");
  guest_.operations().Reload();
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 0u);
  EXPECT_EQ(guest_.logins, 2);
}

TEST_F(GuestOperationsTest, PolicyIsAskedAndReloaded) {
  GuestOperationsOptions options = FakeGuest::Options();
  options.policy_file =
      TempFile("policy.textproto",
               "disabled_operations: \"ListFilesInGuest\" deny: \"bob\" deny: \"carol\" "
               "programs: \"/bin/date\"");
  guest_.Restart(options);
  EXPECT_THAT(Audited([&] { guest_.Send(vix::kListFiles, ListBody("/tmp", 1)); }),
              ElementsAre("alice operation=ListFilesInGuest target=\"\" result=20005"));
  // What the policy says about a user is for those who have the password.
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "carol", "x"), 3050u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "nobody", "x"), 3050u);
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "bob", "b"), 20005u);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/sh")), 20005u);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/date", "; sh")), 20005u);
  EXPECT_EQ(guest_.Send(vix::kStartProgram, StartBody("/bin/date", "-u")), 0u);
  TempFile("policy.textproto", "disable_guest_operations: true");
  guest_.operations().Reload();
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, ""), 20005u);
  vix::Request request;
  request.opcode = vix::kGetToolsState;
  EXPECT_EQ(guest_.SendRaw(request), 0u);
  TempFile("policy.textproto", "");
  guest_.operations().Reload();
  EXPECT_EQ(guest_.Send(vix::kValidateCredentials, "", "bob", "b"), 0u);
}

}  // namespace
}  // namespace toolboxd
