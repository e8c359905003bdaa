// SPDX-License-Identifier: Apache-2.0

// session as a whole: who gets nothing although PAM would agree, what a login leaves behind, and
// what the shipped PAM stacks decide. With real users in a private /etc.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "base/testing/whole_file.h"
#include "base/unique_fd.h"
#include "session/confinement.h"
#include "session/handshake.h"
#include "session/login.h"
#include "session/testing/launcher.h"
#include "session/testing/private_etc.h"
#include "session/user.h"

namespace toolboxd::session {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kPassword[] = "correct horse 7!";

std::string g_folder;
std::string g_session;

uid_t Uid(const std::string& name) { return FindUser(name)->uid; }

LaunchOptions Options(const std::vector<std::string>& more, const std::string& service = "vixd") {
  LaunchOptions options;
  options.command = {g_session, "--pam_service=toolboxd-test", "--service_dir=" + g_folder,
                     "--runtime_dir=" + g_folder + "/run"};
  options.command.insert(options.command.end(), more.begin(), more.end());
  options.command.push_back(service);
  return options;
}

Reply Ask(const LaunchOptions& options, const Request& request) {
  Launched session(options);
  return session.Ask(request).value_or(Reply{});
}

Result LogIn(const std::string& stack, const std::string& user) {
  return Ask(Options({"--pam_service=" + stack}), {"vixd", user, kPassword}).result;
}

// --- callers without a password

// A connection that a process of `peer` makes after `confine`.
Reply AskConfined(uid_t peer, const std::function<bool()>& confine) {
  LaunchOptions options = Options({"--peer_login"});
  options.peer = peer;
  options.confine = confine;
  return Ask(options, {"vixd", "", ""});
}

TEST(PeerLogin, CallerWithoutASandboxIsServed) {
  EXPECT_EQ(AskConfined(Uid("tb-bob"), [] { return true; }).result, Result::kOk);
  EXPECT_EQ(AskConfined(0, [] { return true; }).result, Result::kOk);
}

TEST(PeerLogin, CallerThatCannotGainPrivilegesGetsNothing) {
  for (const uid_t peer : {Uid("tb-bob"), uid_t{0}}) {
    const Reply reply =
        AskConfined(peer, [] { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; });
    EXPECT_EQ(reply.result, Result::kAccountRefused);
    EXPECT_THAT(reply.text, HasSubstr("no_new_privs"));
  }
}

TEST(PeerLogin, CallerInANamespaceOfItsOwnGetsNothing) {
  struct Kind {
    int flag;
    const char* name;
  };
  for (const Kind& kind :
       {Kind{CLONE_NEWNS, "(mnt)"}, Kind{CLONE_NEWNET, "(net)"}, Kind{CLONE_NEWIPC, "(ipc)"},
        Kind{CLONE_NEWUTS, "(uts)"}, Kind{CLONE_NEWUSER, "(user)"}}) {
    const Reply reply = AskConfined(0, [&kind] { return unshare(kind.flag) == 0; });
    EXPECT_EQ(reply.result, Result::kAccountRefused) << kind.name;
    EXPECT_THAT(reply.text, HasSubstr(kind.name));
  }
}

TEST(PeerLogin, CallerWithOtherLimitsGetsNothing) {
  EXPECT_THAT(AskConfined(Uid("tb-bob"), [] { return chroot("/etc") == 0; }).text,
              HasSubstr("root directory"));
  EXPECT_THAT(
      AskConfined(0, [] { return prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT, 0, 0, 0) == 0; }).text,
      HasSubstr("bounding set"));
}

// What is seen under its number would be another process.
TEST(PeerLogin, CallerThatHasEndedGetsNothing) {
  LaunchOptions options = Options({"--peer_login"});
  options.peer = Uid("tb-bob");
  options.confine = [] { return true; };
  options.peer_ends = true;
  EXPECT_THAT(Ask(options, {"vixd", "", ""}).text, HasSubstr("has ended"));
}

// Before Linux 6.5.
TEST(PeerLogin, ProcessThatIsYoungerThanTheLookIsNotTheCaller) {
  EXPECT_EQ(FindConfinementOfProcess(getpid(), 0), "");
  EXPECT_EQ(FindConfinementOfProcess(getpid(), 1), "it has ended");
  EXPECT_NE(FindConfinementOfProcess(0x3fffff, 0), "");
}

TEST(PeerLogin, PolicyIsAskedAboutTheUser) {
  const std::string said = g_folder + "/said";
  std::ofstream(g_folder + "/transportd")
      << "#!/bin/sh\necho \"$(id -un) $*\" >>" << said << "\ncase $* in *tb-bob) exit 1;; esac\n";
  chmod((g_folder + "/transportd").c_str(), 0755);
  std::ofstream(said) << "";
  chmod(said.c_str(), 0666);
  const LaunchOptions options = Options({"--peer_login", "--policy=/etc/policy"});
  EXPECT_EQ(Ask(options, {"vixd", "tb-alice", ""}).result, Result::kOk);
  const Reply reply = Ask(options, {"vixd", "tb-bob", ""});
  EXPECT_EQ(reply.result, Result::kAccountRefused);
  EXPECT_THAT(reply.text, HasSubstr("policy"));
  EXPECT_EQ(ReadWholeFile(said),
            "toolboxd-transport --policy=/etc/policy --permits_login=tb-alice\n"
            "toolboxd-transport --policy=/etc/policy --permits_login=tb-bob\n");
  // With a password transportd has decided already.
  EXPECT_EQ(Ask(Options({"--policy=/etc/policy"}), {"vixd", "tb-bob", kPassword}).result,
            Result::kOk);
  unlink((g_folder + "/transportd").c_str());
  EXPECT_EQ(Ask(options, {"vixd", "tb-alice", ""}).result, Result::kAccountRefused);
}

TEST(PeerLogin, CapabilityOfTheLookIsNotPassedOn) {
  const std::string without = "CapPrm:\t";
  Launched session(Options({"--peer_login"}, "hgfsd"));
  ASSERT_EQ(session.Ask({"hgfsd", "root", ""})->result, Result::kOk);
  const std::string report = session.ReadReport();
  const size_t at = report.find(without);
  ASSERT_NE(at, std::string::npos) << report;
  const uint64_t permitted = strtoull(report.c_str() + at + without.size(), nullptr, 16);
  EXPECT_NE(permitted & 1ULL << CAP_CHOWN, 0u);
  EXPECT_EQ(permitted & (1ULL << CAP_SYS_PTRACE | 1ULL << CAP_SETPCAP), 0u);
}

TEST(ServiceUsers, HaveNoSessions) {
  for (const char* user :
       {"toolboxd-transport", "tb-other-name", "toolboxd-deploy", "tb-deploys-other-name"}) {
    EXPECT_EQ(LogIn("toolboxd-test", user), Result::kAccountRefused) << user;
  }
  LaunchOptions options = Options({"--peer_login"});
  options.peer = Uid("toolboxd-transport");
  EXPECT_EQ(Ask(options, {"vixd", "", ""}).result, Result::kAccountRefused);
  options.peer = 0;
  EXPECT_EQ(Ask(options, {"vixd", "toolboxd-transport", ""}).result, Result::kAccountRefused);
}

// --- PAM

TEST(Pam, HypervisorIsARemoteHost) {
  std::ofstream("/etc/security/tb-access.conf") << "-:tb-bob:192.0.0.8\n-:tb-alice:LOCAL\n";
  const LaunchOptions by_peer = Options({"--peer_login", "--pam_service=toolboxd-access"});
  EXPECT_EQ(LogIn("toolboxd-access", "tb-bob"), Result::kAccountRefused);
  EXPECT_EQ(LogIn("toolboxd-access", "tb-alice"), Result::kOk);
  EXPECT_EQ(Ask(by_peer, {"vixd", "tb-bob", ""}).result, Result::kOk);
  EXPECT_EQ(Ask(by_peer, {"vixd", "tb-alice", ""}).result, Result::kAccountRefused);
}

// libaudit and pam_access resolve it: a name server that does not answer would be waited for.
TEST(Pam, HypervisorIsNotAName) {
  in_addr address;
  EXPECT_EQ(inet_pton(AF_INET, kHypervisor, &address), 1);
}

// The stacks as they are installed.
class ShippedStackTest : public testing::TestWithParam<const char*> {};

TEST_P(ShippedStackTest, UserHasAnAuditId) {
  Launched session(Options({std::string("--pam_service=") + GetParam()}));
  ASSERT_EQ(session.Ask({"vixd", "tb-alice", kPassword})->result, Result::kOk);
  EXPECT_THAT(session.ReadReport(),
              HasSubstr("\nloginuid=" + std::to_string(Uid("tb-alice")) + "\n"));
}

TEST_P(ShippedStackTest, EnvironmentHasTheMachinesLanguageAndWhatTheAdministratorSets) {
  MustRun("mkdir -p /etc/default /etc/toolboxd");
  for (const char* file : {"/etc/default/locale", "/etc/locale.conf"}) {
    std::ofstream(file) << "LANG=\"de_DE.UTF-8\"\nLC_TIME=C\n";
  }
  std::ofstream("/etc/toolboxd/environment") << "# a comment\nPATH=/usr/sbin:/bin\nLC_TIME=en_GB\n";
  Launched session(Options({std::string("--pam_service=") + GetParam()}));
  ASSERT_EQ(session.Ask({"vixd", "tb-alice", kPassword})->result, Result::kOk);
  const std::string report = session.ReadReport();
  EXPECT_THAT(report, HasSubstr("env LANG=de_DE.UTF-8\n"));
  EXPECT_THAT(report, HasSubstr("env LC_TIME=en_GB\n"));
  EXPECT_THAT(report, HasSubstr("env PATH=/usr/sbin:/bin\n"));
}

TEST_P(ShippedStackTest, LoginDoesWithoutTheFilesOfTheEnvironment) {
  MustRun("rm -f /etc/default/locale /etc/locale.conf /etc/toolboxd/environment");
  Launched session(Options({std::string("--pam_service=") + GetParam()}));
  ASSERT_EQ(session.Ask({"vixd", "tb-alice", kPassword})->result, Result::kOk);
  EXPECT_THAT(session.ReadReport(), HasSubstr("env PATH=/usr/local/bin:"));
}

TEST_P(ShippedStackTest, NologinKeepsUsersOut) {
  std::ofstream("/etc/nologin") << "maintenance\n";
  EXPECT_EQ(LogIn(GetParam(), "tb-alice"), Result::kAccountRefused);
  EXPECT_EQ(LogIn(GetParam(), "root"), Result::kOk);
  unlink("/etc/nologin");
  EXPECT_EQ(LogIn(GetParam(), "tb-alice"), Result::kOk);
}

TEST_P(ShippedStackTest, UserWithoutALoginShellIsRefused) {
  EXPECT_EQ(LogIn(GetParam(), "tb-nologin"), Result::kAccountRefused);
}

INSTANTIATE_TEST_SUITE_P(Files, ShippedStackTest,
                         testing::Values("toolboxd-debian", "toolboxd-redhat"));

// --- the service's log

TEST(Streams, AreTheUsersOwn) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = g_folder + "/journal";
  path.copy(address.sun_path, path.size());
  const UniqueFd journal(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(journal.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(journal.get(), 1), 0);
  chmod(path.c_str(), 0666);
  Launched session(Options({"--journal=" + path}));
  ASSERT_EQ(session.Ask({"vixd", "tb-alice", kPassword})->result, Result::kOk);
  const std::string report = session.ReadReport();
  EXPECT_THAT(report, HasSubstr("streams=/dev/null socket:"));
  EXPECT_THAT(report, HasSubstr("env JOURNAL_STREAM="));
  EXPECT_THAT(report, HasSubstr("fds=0 1 2 3 \n"));

  const UniqueFd stream(accept(journal.get(), nullptr, nullptr));
  ucred peer;
  socklen_t size = sizeof peer;
  ASSERT_EQ(getsockopt(stream.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size), 0);
  EXPECT_EQ(peer.uid, Uid("tb-alice"));
  EXPECT_NE(peer.pid, session.pid());
  unlink(path.c_str());
}

TEST(Streams, GoNowhereWithoutAJournal) {
  for (const char* journal : {"--journal=", "--journal=/nonexistent"}) {
    Launched session(Options({journal}));
    ASSERT_EQ(session.Ask({"vixd", "tb-alice", kPassword})->result, Result::kOk);
    const std::string report = session.ReadReport();
    EXPECT_THAT(report, HasSubstr("streams=/dev/null /dev/null /dev/null \n"));
    EXPECT_THAT(report, Not(HasSubstr("JOURNAL_STREAM")));
  }
}

// --- the user's file system

class OwnFileSystemTest : public testing::Test {
 protected:
  OwnFileSystemTest() { MustRun("rm -rf " + base_); }
  ~OwnFileSystemTest() override {
    MustRun("cd " + base_ + "/user && for each in *; do umount $each 2>/dev/null; done; true");
    MustRun("rm -rf " + base_);
  }
  Reply LogIn(const std::string& user, const std::string& options = "size=1m,nr_inodes=100") {
    return Ask(Options({"--runtime_dir=" + base_, "--runtime_tmpfs=" + options}),
               {"vixd", user, kPassword});
  }
  std::string Folder(const std::string& user) const {
    return base_ + "/user/" + std::to_string(Uid(user));
  }
  static struct statvfs Of(const std::string& path) {
    struct statvfs info {};
    EXPECT_EQ(statvfs(path.c_str(), &info), 0) << path;
    return info;
  }

  const std::string base_ = g_folder + "/own";
};

TEST_F(OwnFileSystemTest, IsLimitedAndTheUsersAlone) {
  ASSERT_EQ(LogIn("tb-alice").result, Result::kOk);
  const struct statvfs info = Of(Folder("tb-alice"));
  EXPECT_EQ(info.f_blocks * info.f_frsize, 1u << 20);
  EXPECT_EQ(info.f_files, 100u);
  EXPECT_EQ(info.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC), ST_NOSUID | ST_NODEV | ST_NOEXEC);
  struct stat owner;
  ASSERT_EQ(stat(Folder("tb-alice").c_str(), &owner), 0);
  EXPECT_EQ(owner.st_uid, Uid("tb-alice"));
  EXPECT_EQ(owner.st_mode & 07777, 0700u);
}

TEST_F(OwnFileSystemTest, FillingItUpHurtsNoOtherUser) {
  ASSERT_EQ(LogIn("tb-alice").result, Result::kOk);
  ASSERT_EQ(LogIn("tb-bob").result, Result::kOk);
  const auto bobs = Of(Folder("tb-bob")).f_bavail;
  MustRun("dd if=/dev/zero of=" + Folder("tb-alice") +
          "/fill bs=64k count=100 2>/dev/null || true");
  EXPECT_EQ(Of(Folder("tb-alice")).f_bavail, 0u);
  EXPECT_EQ(Of(Folder("tb-bob")).f_bavail, bobs);
  struct stat full, shared;
  ASSERT_EQ(stat((Folder("tb-alice") + "/fill").c_str(), &full), 0);
  ASSERT_EQ(stat(base_.c_str(), &shared), 0);
  EXPECT_NE(full.st_dev, shared.st_dev);
  EXPECT_EQ(LogIn("tb-bob").result, Result::kOk);
}

TEST_F(OwnFileSystemTest, SessionsOfAUserShareIt) {
  ASSERT_EQ(LogIn("tb-alice").result, Result::kOk);
  std::ofstream(Folder("tb-alice") + "/record") << "kept";
  ASSERT_EQ(LogIn("tb-alice", "size=2m").result, Result::kOk);
  EXPECT_EQ(ReadWholeFile(Folder("tb-alice") + "/record"), "kept");
}

// A user who may let others into a FUSE file system can mount one there (user_allow_other).
TEST_F(OwnFileSystemTest, ServerOfAUsersThatDoesNotAnswerHoldsUpNoLogin) {
  ASSERT_EQ(LogIn("tb-alice").result, Result::kOk);
  UniqueFd server(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(server.ok()) << "there is no /dev/fuse";
  const std::string options =
      "fd=" + std::to_string(server.get()) +
      ",rootmode=40000,allow_other,group_id=0,user_id=" + std::to_string(Uid("tb-alice"));
  const std::string folder = Folder("tb-alice");
  ASSERT_EQ(mount("fuse", folder.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()), 0);
  EXPECT_EQ(LogIn("tb-alice").result, Result::kOk);
  EXPECT_EQ(LogIn("tb-bob").result, Result::kOk);
  server.reset();
  EXPECT_EQ(umount2(folder.c_str(), MNT_DETACH), 0);
}

// Made before by an older version, whose programs still run.
TEST_F(OwnFileSystemTest, FolderWithRecordsIsNotHidden) {
  MustRun("mkdir -p " + Folder("tb-alice") + " && chown tb-alice " + Folder("tb-alice") +
          " && chmod 711 " + base_ + "/user && touch " + Folder("tb-alice") + "/record");
  ASSERT_EQ(LogIn("tb-alice").result, Result::kOk);
  EXPECT_EQ(access((Folder("tb-alice") + "/record").c_str(), F_OK), 0);
}

TEST_F(OwnFileSystemTest, FailedMountIsAFailedLogin) {
  EXPECT_EQ(LogIn("tb-alice", "size=nonsense").result, Result::kCannotStart);
  struct stat info;
  ASSERT_EQ(stat(Folder("tb-alice").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 0u) << "the user could write to the file system that all share";
}

TEST_F(OwnFileSystemTest, HgfsdNeedsNoFileSystemOfItsOwn) {
  Launched session(Options({std::string("--runtime_dir=").append(base_)}, "hgfsd"));
  ASSERT_EQ(session.Ask({"hgfsd", "tb-alice", kPassword})->result, Result::kOk);
  EXPECT_THAT(session.ReadReport(), Not(HasSubstr("TOOLBOXD_RUNTIME_DIR")));
  EXPECT_NE(access(Folder("tb-alice").c_str(), F_OK), 0);
  MustRun("mkdir -p " + base_ + "/user");
}

// The same number under another name.
void AddOtherName(const std::string& user, const std::string& other) {
  MustRun("useradd -o -u $(id -u " + user + ") -s /bin/bash " + other + " && echo '" + other + ":" +
          kPassword + "' | chpasswd");
}

void SetUpMachine(char** files) {
  EnterPrivateEtc();
  char folder[] = "/tmp/toolboxd-guard-XXXXXX";
  g_folder = mkdtemp(folder);
  chmod(folder, 0755);
  const std::string probe = files[2];
  const std::string install = "install -m 755 " + probe + " " + g_folder + "/";
  for (const char* service : {"vixd", "hgfsd"}) MustRun(install + service);
  g_session = g_folder + "/session";
  MustRun("install -m 755 " + std::string(files[1]) + " " + g_session);

  for (const char* user :
       {"tb-alice", "tb-bob", "tb-nologin", "toolboxd-transport", "toolboxd-deploy"}) {
    if (FindUser(user).has_value()) MustRun("userdel " + std::string(user));
    AddUser(user, kPassword);
  }
  MustRun("echo 'root:" + std::string(kPassword) + "' | chpasswd");
  MustRun("usermod -s /usr/sbin/nologin tb-nologin");
  AddOtherName("toolboxd-transport", "tb-other-name");
  AddOtherName("toolboxd-deploy", "tb-deploys-other-name");
  const std::string unix_stack =
      "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_unix.so\n";
  WritePamStack("toolboxd-test", unix_stack);
  WritePamStack(
      "toolboxd-access",
      "account required pam_access.so accessfile=/etc/security/tb-access.conf\n" + unix_stack);
  WritePamStack("password-auth", unix_stack);
  WritePamStack("toolboxd-debian", ReadWholeFile(files[3]));
  WritePamStack("toolboxd-redhat", ReadWholeFile(files[4]));
}

}  // namespace
}  // namespace toolboxd::session

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 5) {
    fprintf(stderr, "usage: guard_test SESSION PROBE PAM_DEBIAN PAM_REDHAT\n");
    return 2;
  }
  toolboxd::session::SetUpMachine(argv);
  const int result = RUN_ALL_TESTS();
  toolboxd::session::MustRun("rm -rf " + toolboxd::session::g_folder);
  return result;
}
