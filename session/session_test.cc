// SPDX-License-Identifier: Apache-2.0

// session as a whole, with real users and PAM stacks in a private /etc.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/testing/whole_file.h"
#include "base/unique_fd.h"
#include "session/handshake.h"
#include "session/testing/launcher.h"
#include "session/testing/private_etc.h"
#include "session/user.h"

namespace toolboxd::session {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;

constexpr char kPassword[] = "correct horse 7!";

std::string g_folder;
std::string g_session;

void WriteScript(const std::string& name, const std::string& text) {
  std::ofstream(g_folder + "/" + name) << "#!/bin/sh\n" << text;
  chmod((g_folder + "/" + name).c_str(), 0755);
}

uid_t Uid(const std::string& name) { return FindUser(name)->uid; }

class SessionTest : public testing::Test {
 protected:
  // Arguments for session; the last ones win.
  LaunchOptions Options(const std::vector<std::string>& more = {},
                        const std::string& service = "vixd") {
    LaunchOptions options;
    options.command = {g_session, "--pam_service=toolboxd-test", "--service_dir=" + g_folder,
                       "--runtime_dir=" + g_folder + "/run"};
    options.command.insert(options.command.end(), more.begin(), more.end());
    options.command.push_back(service);
    return options;
  }

  Reply Ask(const LaunchOptions& options, const Request& request) {
    Launched session(options);
    const std::optional<Reply> reply = session.Ask(request);
    EXPECT_TRUE(reply.has_value());
    return reply.value_or(Reply{});
  }
  Result AskResult(const std::string& user, const std::string& password) {
    return Ask(Options(), {"vixd", user, password}).result;
  }
};

TEST_F(SessionTest, RightPasswordBecomesTheUserAndNothingMore) {
  Launched session(Options());
  ASSERT_EQ(session.Ask({"vixd", "tb-alice", kPassword})->result, Result::kOk);
  const std::string report = session.ReadReport();
  const User alice = *FindUser("tb-alice");
  const std::string uid = std::to_string(alice.uid), gid = std::to_string(alice.gid);

  EXPECT_THAT(report, HasSubstr("uids=" + uid + " " + uid + " " + uid + "\n"));
  EXPECT_THAT(report, HasSubstr("gids=" + gid + " " + gid + " " + gid + "\n"));
  EXPECT_THAT(report, HasSubstr("groups=mail tb-alice users \n"));
  EXPECT_THAT(report, HasSubstr("back=no\n"));
  EXPECT_THAT(report, HasSubstr("CapEff:\t0000000000000000\n"));
  EXPECT_THAT(report, HasSubstr("CapPrm:\t0000000000000000\n"));
  EXPECT_THAT(report, HasSubstr("fds=0 1 2 3 \n"));
  EXPECT_THAT(report, HasSubstr("env HOME=/etc/home/tb-alice\nenv USER=tb-alice\n"
                                "env LOGNAME=tb-alice\nenv SHELL=/bin/bash\nenv PATH="));
  EXPECT_THAT(report, HasSubstr("\nenv FROM_PAM=yes\nenv TOOLBOXD_RUNTIME_DIR=" + g_folder +
                                "/run/user/" + uid + "\numask=0027\n"));
  EXPECT_THAT(report, HasSubstr("nproc=517\n"));
  EXPECT_THAT(report, HasSubstr("cwd=/etc/home/tb-alice\n"));
  EXPECT_THAT(report, HasSubstr("argv=vixd \n"));
  EXPECT_THAT(report, HasSubstr("leader=yes\n"));
  EXPECT_THAT(report, HasSubstr("death_signal=15\n"));
  EXPECT_THAT(report, HasSubstr("SigBlk:\t0000000000000000\n"));
  EXPECT_THAT(report, HasSubstr("SigIgn:\t0000000000000000\n"));
}

TEST_F(SessionTest, WordsAfterTheServiceAreItsArguments) {
  LaunchOptions options = Options();
  options.command.emplace_back("--log_level=debug");
  options.command.emplace_back("--help");
  Launched session(options);
  ASSERT_EQ(session.Ask({"vixd", "tb-alice", kPassword})->result, Result::kOk);
  EXPECT_THAT(session.ReadReport(), HasSubstr("argv=vixd --log_level=debug --help \n"));
}

TEST_F(SessionTest, RuntimeDirectoryIsTheUsersAlone) {
  ASSERT_EQ(AskResult("tb-alice", kPassword), Result::kOk);
  struct stat info;
  const uid_t uid = Uid("tb-alice");
  ASSERT_EQ(stat((g_folder + "/run/user/" + std::to_string(uid)).c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, uid);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
}

// A process that stops whatever of alice's gets one of the next process numbers, as often as it
// can. For the lifetime.
class Stopper {
 public:
  Stopper() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    pid_ = fork();
    if (pid_ == 0) {
      const User alice = *FindUser("tb-alice");
      pid_t first;
      if (setresgid(alice.gid, alice.gid, alice.gid) != 0 ||
          setresuid(alice.uid, alice.uid, alice.uid) != 0 ||
          read(ends[0], &first, sizeof first) != sizeof first) {
        _exit(1);
      }
      for (;;) {
        for (int i = 1; i <= kNumbers; ++i) kill(first + i, SIGSTOP);
      }
    }
    close(ends[0]);
    start_.reset(ends[1]);
  }
  ~Stopper() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    for (int i = 1; first_ > 1 && i <= kNumbers; ++i) kill(first_ + i, SIGCONT);
  }

  // Those after this one.
  void Stop(pid_t first) {
    first_ = first;
    EXPECT_EQ(write(start_.get(), &first, sizeof first), static_cast<ssize_t>(sizeof first));
  }

 private:
  static constexpr int kNumbers = 6;
  pid_t pid_ = -1;
  pid_t first_ = 0;
  UniqueFd start_;
};

// transportd counts the places of the services that run, and waits for logins.
TEST_F(SessionTest, LoginIsAnsweredBeforeItsUserCanStopTheProcess) {
  for (int i = 0; i < 10 && !HasFailure(); ++i) {
    std::optional<Stopper> alice(std::in_place);
    Launched session(Options());
    alice->Stop(session.pid());
    const std::optional<Reply> reply = session.Ask({"vixd", "tb-alice", kPassword});
    EXPECT_TRUE(reply.has_value() && reply->result == Result::kOk);
    alice.reset();
  }
}

TEST_F(SessionTest, LoginIsAnsweredThoughTheUsersHomeDoesNotAnswer) {
  UniqueFd server(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(server.ok()) << "there is no /dev/fuse";
  const User alice = *FindUser("tb-alice");
  const std::string options = "fd=" + std::to_string(server.get()) +
                              ",rootmode=40000,user_id=" + std::to_string(alice.uid) +
                              ",group_id=" + std::to_string(alice.gid);
  const char* const home = "/etc/home/tb-alice";
  ASSERT_EQ(mount("fuse", home, "fuse", MS_NOSUID | MS_NODEV, options.c_str()), 0);
  {
    Launched session(Options());
    const std::optional<Reply> reply = session.Ask({"vixd", "tb-alice", kPassword});
    EXPECT_TRUE(reply.has_value() && reply->result == Result::kOk);
    // Ends the file system: it answers with errors from now on.
    server.reset();
    if (reply.has_value()) {
      EXPECT_THAT(session.ReadReport(), HasSubstr("cwd=/\n"));
    }
  }
  EXPECT_EQ(umount2(home, MNT_DETACH), 0);
}

TEST_F(SessionTest, BadLoginsLookTheSame) {
  struct Attempt {
    const char* user;
    const char* password;
  };
  std::string first;
  for (const Attempt& attempt :
       {Attempt{"tb-alice", "wrong"}, Attempt{"tb-nobody", "wrong"}, Attempt{"tb-alice", ""},
        Attempt{"../tb-alice", kPassword}, Attempt{"tb-alice\n", kPassword}, Attempt{"", kPassword},
        Attempt{"tb-locked", kPassword}}) {
    Launched session(Options());
    const std::optional<Reply> reply = session.Ask({"vixd", attempt.user, attempt.password});
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->result, Result::kBadLogin) << attempt.user;
    if (first.empty()) first = reply->text;
    EXPECT_EQ(reply->text, first);
    EXPECT_EQ(reply->uid, kNoUid);
    EXPECT_EQ(reply->user, "");
    EXPECT_TRUE(session.IsClosed());
  }
}

TEST_F(SessionTest, ReplyNamesTheUserThatPamSettledOn) {
  for (const char* service : {"vixd", "verify"}) {
    const Reply reply = Ask(Options(), {service, "tb-alice", kPassword});
    EXPECT_EQ(reply.result, Result::kOk);
    EXPECT_EQ(reply.uid, Uid("tb-alice"));
    EXPECT_EQ(reply.user, "tb-alice");
  }
  // A second name of the same uid, as databases that ignore case have them: PAM keeps what was
  // typed, and the database's entry is what counts.
  MustRun("sed -n 's/^tb-alice:/TB-Alice:/p' /etc/passwd >>/etc/passwd");
  MustRun("sed -n 's/^tb-alice:/TB-Alice:/p' /etc/shadow >>/etc/shadow");
  const Reply reply = Ask(Options(), {"vixd", "TB-Alice", kPassword});
  EXPECT_EQ(reply.result, Result::kOk);
  EXPECT_EQ(reply.uid, Uid("tb-alice"));
}

TEST_F(SessionTest, OddNamesAndPasswordsAreBadLogins) {
  for (const std::string& name : {std::string("a/b"), std::string(".."), std::string("-x"),
                                  std::string("tb-alice\0x", 10), std::string(60000, 'a')}) {
    EXPECT_EQ(AskResult(name, kPassword), Result::kBadLogin);
  }
  EXPECT_EQ(AskResult("tb-alice", std::string(kPassword) + std::string("\0x", 2)),
            Result::kBadLogin);
  EXPECT_EQ(AskResult("tb-alice", std::string(60000, 'p')), Result::kBadLogin);
}

TEST_F(SessionTest, ExpiredAccountIsReportedOnlyAfterTheRightPassword) {
  EXPECT_EQ(AskResult("tb-expired", kPassword), Result::kAccountRefused);
  EXPECT_EQ(AskResult("tb-expired", "wrong"), Result::kBadLogin);
  EXPECT_EQ(AskResult("tb-stale", kPassword), Result::kAccountRefused);
  EXPECT_EQ(AskResult("tb-lapsed", kPassword), Result::kAccountRefused);
}

TEST_F(SessionTest, OnlyTheSocketsServiceIsServed) {
  for (const char* service : {"hgfsd", "", "session", "../vixd"}) {
    EXPECT_EQ(Ask(Options(), {service, "tb-alice", kPassword}).result, Result::kUnknownService);
  }
}

TEST_F(SessionTest, VerifyChecksAndStartsNothing) {
  Launched session(Options());
  EXPECT_EQ(session.Ask({"verify", "tb-alice", kPassword})->result, Result::kOk);
  EXPECT_TRUE(session.IsClosed());
  EXPECT_EQ(session.Wait(), 0);
  EXPECT_EQ(Ask(Options(), {"verify", "tb-alice", "wrong"}).result, Result::kBadLogin);
  EXPECT_EQ(Ask(Options(), {"verify", "tb-expired", kPassword}).result, Result::kAccountRefused);
}

TEST_F(SessionTest, OnlyAllowedPeersAreServed) {
  LaunchOptions options = Options();
  options.peer = Uid("tb-bob");
  EXPECT_TRUE(Launched(options).IsClosed());

  options = Options({"--allow_uid=tb-bob"});
  options.peer = Uid("tb-bob");
  EXPECT_EQ(Ask(options, {"vixd", "tb-alice", kPassword}).result, Result::kOk);
}

TEST_F(SessionTest, SilenceIsAllowedButASlowRequestIsNot) {
  Launched session(Options());
  std::this_thread::sleep_for(milliseconds(1000));
  const auto start = steady_clock::now();
  session.Send(EncodeRequest({"vixd", "tb-alice", kPassword}).substr(0, 12));
  const std::optional<Reply> reply = session.ReadReply();
  const auto passed = steady_clock::now() - start;
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->result, Result::kCannotStart);
  EXPECT_GE(passed, milliseconds(4900));
  EXPECT_LT(passed, milliseconds(6000));
}

TEST_F(SessionTest, HostileFramesAreAnsweredAndDropped) {
  for (const std::string& frame :
       {std::string("\xff\xff\xff\xff", 4), std::string("\0\0\0\0", 4), std::string("\0\1\0\1", 4),
        std::string("\0\0\0\6\0\4vi\0\0", 10)}) {
    Launched session(Options());
    session.Send(frame);
    const std::optional<Reply> reply = session.ReadReply();
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->result, Result::kCannotStart);
  }
}

TEST_F(SessionTest, MissingProgramIsAnError) {
  EXPECT_EQ(Ask(Options({"--service_dir=/nonexistent"}), {"vixd", "tb-alice", kPassword}).result,
            Result::kCannotStart);
}

// The service's own end is the connection's: session then closes the PAM session.
TEST_F(SessionTest, PamSessionIsClosedWhenTheServiceEnds) {
  unlink((g_folder + "/pam.log").c_str());
  Launched session(Options());
  ASSERT_EQ(session.Ask({"vixd", "tb-alice", kPassword})->result, Result::kOk);
  session.ReadReport();
  EXPECT_EQ(ReadWholeFile(g_folder + "/pam.log"), "open_session tb-alice\n");
  session.Hang();
  EXPECT_EQ(session.Wait(), 0);
  EXPECT_EQ(ReadWholeFile(g_folder + "/pam.log"),
            "open_session tb-alice\nclose_session tb-alice\n");
}

TEST_F(SessionTest, TerminatedSessionEndsItsServiceAndClosesThePamSession) {
  unlink((g_folder + "/pam.log").c_str());
  Launched session(Options());
  ASSERT_EQ(session.Ask({"vixd", "tb-alice", kPassword})->result, Result::kOk);
  session.ReadReport();
  ASSERT_GT(session.pid(), 1);
  kill(session.pid(), SIGTERM);
  EXPECT_TRUE(session.IsClosed());
  session.Wait();
  EXPECT_THAT(ReadWholeFile(g_folder + "/pam.log"), HasSubstr("close_session"));
}

TEST_F(SessionTest, KilledSessionEndsItsService) {
  Launched session(Options());
  ASSERT_EQ(session.Ask({"vixd", "tb-alice", kPassword})->result, Result::kOk);
  session.ReadReport();
  ASSERT_GT(session.pid(), 1);
  kill(session.pid(), SIGKILL);
  EXPECT_TRUE(session.IsClosed());
}

// Reads all writable memory of a process.
std::string Memory(pid_t pid) {
  const std::string proc = "/proc/" + std::to_string(pid);
  std::ifstream maps(proc + "/maps");
  std::ifstream mem(proc + "/mem", std::ios::binary);
  std::string all;
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin, end;
    char writable;
    if (sscanf(line.c_str(), "%lx-%lx %*c%c", &begin, &end, &writable) != 3) continue;
    // Larger ones are reserved, not used: AddressSanitizer has terabytes of them.
    if (writable != 'w' || end - begin > (256u << 20)) continue;
    std::string part(end - begin, '\0');
    mem.seekg(static_cast<std::streamoff>(begin));
    if (mem.read(part.data(), static_cast<std::streamsize>(part.size()))) all += part;
    mem.clear();
  }
  return all;
}

TEST_F(SessionTest, PasswordIsNotInMemoryOnceTheServiceRuns) {
  Launched session(Options());
  ASSERT_EQ(session.Ask({"vixd", "tb-alice", kPassword})->result, Result::kOk);
  const std::string report = session.ReadReport();
  const pid_t service = std::stoi(report.substr(report.find("pid=") + 4));
  for (const pid_t pid : {session.pid(), service}) {
    const std::string memory = Memory(pid);
    EXPECT_THAT(memory, HasSubstr("tb-alice"));
    EXPECT_EQ(memory.find(kPassword), std::string::npos) << pid;
    const std::string proc = "/proc/" + std::to_string(pid);
    EXPECT_THAT(ReadWholeFile(proc + "/cmdline"), Not(HasSubstr(kPassword)));
    EXPECT_THAT(ReadWholeFile(proc + "/environ"), Not(HasSubstr(kPassword)));
  }
}

// toolbox's Authenticate hook: another stack changes who may log in, and how.
TEST_F(SessionTest, PamStackDecidesWhoMayLogIn) {
  const LaunchOptions permit = Options({"--pam_service=toolboxd-permit"});
  const LaunchOptions deny = Options({"--pam_service=toolboxd-deny"});
  const LaunchOptions script = Options({"--pam_service=toolboxd-script"});
  EXPECT_EQ(Ask(permit, {"vixd", "tb-bob", "anything"}).result, Result::kOk);
  EXPECT_EQ(Ask(permit, {"vixd", "tb-nobody", "anything"}).result, Result::kCannotStart);
  EXPECT_EQ(Ask(deny, {"vixd", "tb-alice", kPassword}).result, Result::kBadLogin);
  EXPECT_EQ(Ask(script, {"vixd", "tb-bob", "open sesame"}).result, Result::kOk);
  EXPECT_EQ(Ask(script, {"vixd", "tb-bob", kPassword}).result, Result::kBadLogin);
  EXPECT_EQ(Ask(script, {"vixd", "tb-alice", "open sesame"}).result, Result::kBadLogin);
}

TEST_F(SessionTest, RootMayLogIn) {
  MustRun("echo 'root:" + std::string(kPassword) + "' | chpasswd");
  Launched session(Options());
  ASSERT_EQ(session.Ask({"vixd", "root", kPassword})->result, Result::kOk);
  EXPECT_THAT(session.ReadReport(), HasSubstr("uids=0 0 0\n"));
}

TEST_F(SessionTest, PeerLoginServesTheCallerItself) {
  LaunchOptions options = Options({"--peer_login"});
  options.peer = Uid("tb-bob");
  Launched session(options);
  ASSERT_EQ(session.Ask({"vixd", "", ""})->result, Result::kOk);
  EXPECT_THAT(session.ReadReport(), HasSubstr("env USER=tb-bob\n"));
  EXPECT_EQ(Ask(options, {"vixd", "tb-bob", ""}).result, Result::kOk);
  EXPECT_EQ(Ask(options, {"vixd", "tb-alice", kPassword}).result, Result::kOnlyOwnUser);
  EXPECT_EQ(Ask(options, {"vixd", "root", ""}).result, Result::kOnlyOwnUser);
  EXPECT_EQ(Ask(options, {"verify", "tb-bob", ""}).result, Result::kUnknownService);
}

TEST_F(SessionTest, PeerLoginServesRootAnyUserAndStillChecksTheAccount) {
  const LaunchOptions options = Options({"--peer_login"});
  EXPECT_EQ(Ask(options, {"vixd", "tb-alice", ""}).result, Result::kOk);
  EXPECT_EQ(Ask(options, {"vixd", "tb-expired", ""}).result, Result::kAccountRefused);
  EXPECT_NE(Ask(options, {"vixd", "tb-nobody", ""}).result, Result::kOk);
}

TEST_F(SessionTest, WithoutRootOnlyTheInvokingUserIsServed) {
  LaunchOptions options = Options({"--runtime_dir=/tmp/tb-alice-run"});
  options.user = options.peer = Uid("tb-alice");
  EXPECT_EQ(Ask(options, {"vixd", "tb-bob", kPassword}).result, Result::kOnlyOwnUser);
  // unix_chkpwd checks the password of its caller.
  EXPECT_EQ(Ask(options, {"vixd", "tb-alice", kPassword}).result, Result::kOk);
  EXPECT_EQ(Ask(options, {"vixd", "tb-alice", "wrong"}).result, Result::kBadLogin);
}

TEST_F(SessionTest, WithoutRootTheOwnUserCanBeTrusted) {
  LaunchOptions options = Options({"--runtime_dir=/tmp/tb-alice-run", "--trust_own_user"});
  options.user = options.peer = Uid("tb-alice");
  EXPECT_EQ(Ask(options, {"vixd", "tb-alice", "anything"}).result, Result::kOk);
  EXPECT_EQ(Ask(options, {"vixd", "tb-bob", "anything"}).result, Result::kOnlyOwnUser);
  // Another peer, even root, is not that user.
  options.peer = 0;
  EXPECT_EQ(Ask(options, {"vixd", "tb-alice", "anything"}).result, Result::kBadLogin);
}

void SetUpMachine(const std::string& probe) {
  EnterPrivateEtc();
  MustRun("rm -rf /tmp/tb-alice-run");
  char folder[] = "/tmp/toolboxd-session-XXXXXX";
  g_folder = mkdtemp(folder);
  chmod(folder, 0755);
  MustRun("cp " + probe + " " + g_folder + "/vixd && chmod 755 " + g_folder + "/vixd");
  MustRun("cp " + g_session + " " + g_folder + "/session && chmod 755 " + g_folder + "/session");
  g_session = g_folder + "/session";

  for (const char* user :
       {"tb-alice", "tb-bob", "tb-locked", "tb-expired", "tb-stale", "tb-lapsed"}) {
    AddUser(user, kPassword);
  }
  MustRun("usermod -aG mail,users tb-alice && usermod -L tb-locked");
  MustRun(
      "chage -E 1 tb-expired && chage -d 0 tb-stale && chage -M 10 -I 5 -d 2020-01-01 tb-lapsed");
  MustRun("echo FROM_PAM=yes > /etc/environment");
  MustRun("echo 'tb-alice soft nproc 517' > /etc/security/limits.d/toolboxd.conf");
  WriteScript("log", "echo $PAM_TYPE $PAM_USER >> " + g_folder + "/pam.log\n");
  WriteScript("check", "test \"$PAM_USER\" = tb-bob && test \"$(cat)\" = 'open sesame'\n");
  WritePamStack("toolboxd-test",
                "auth required pam_unix.so\n"
                "account required pam_unix.so\n"
                "session required pam_env.so readenv=1\n"
                "session required pam_limits.so\n"
                "session optional pam_umask.so umask=0027\n"
                "session optional pam_exec.so " +
                    g_folder + "/log\n");
  const std::string rest = "account required pam_permit.so\nsession required pam_permit.so\n";
  WritePamStack("toolboxd-permit", "auth required pam_permit.so\n" + rest);
  WritePamStack("toolboxd-deny", "auth required pam_deny.so\n" + rest);
  WritePamStack("toolboxd-script", "auth required pam_exec.so quiet expose_authtok " + g_folder +
                                       "/check\nauth required pam_permit.so\n" + rest);
}

}  // namespace
}  // namespace toolboxd::session

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 3) {
    fprintf(stderr, "usage: session_test SESSION PROBE\n");
    return 2;
  }
  toolboxd::session::g_session = argv[1];
  toolboxd::session::SetUpMachine(argv[2]);
  const int result = RUN_ALL_TESTS();
  toolboxd::session::MustRun("rm -rf /tmp/tb-alice-run " + toolboxd::session::g_folder);
  return result;
}
