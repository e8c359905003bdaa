// SPDX-License-Identifier: Apache-2.0

// All of it: a socket as systemd holds it, session, PAM, vixd as a test user, gRPC; with a
// password, and by toolboxctl connect without one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/testing/eventually.h"
#include "base/testing/listens.h"
#include "daemon/testing/reflection_client.h"
#include "grpcpp/create_channel.h"
#include "session/client.h"
#include "session/testing/private_etc.h"
#include "vixd/shim/signals.h"
#include "vixd/testing/vixd_client.h"

namespace toolboxd::vixd {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr char kPassword[] = "a password";

std::string g_dir;

absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

// A program that ends with this object, and whose output can be read.
class Background {
 public:
  explicit Background(const std::vector<std::string>& command, uid_t uid = 0) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], 1);
      close(ends[0]);
      close(ends[1]);
      std::vector<char*> arguments;
      for (const std::string& text : command) {
        arguments.push_back(const_cast<char*>(text.c_str()));
      }
      arguments.push_back(nullptr);
      if (uid != 0 && (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)) _exit(98);
      execvp(arguments[0], arguments.data());
      _exit(99);
    }
    close(ends[1]);
    output_ = fdopen(ends[0], "r");
  }
  ~Background() {
    if (SignalProcess(pid_, SIGTERM)) waitpid(pid_, nullptr, 0);
    fclose(output_);
  }
  std::string ReadLine() {
    char line[1024] = "";
    if (fgets(line, sizeof line, output_) == nullptr) return "";
    std::string text = line;
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }
  int Wait() {
    int status = -1;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WEXITSTATUS(status);
  }

 private:
  pid_t pid_;
  FILE* output_;
};

// What the socket units do.
std::unique_ptr<Background> Listen(const std::string& socket, const std::string& option) {
  auto listener = std::make_unique<Background>(std::vector<std::string>{
      "systemd-socket-activate", "--accept", "-l", socket, g_dir + "/session", option,
      "--pam_service=toolboxd-test", "--runtime_dir=" + g_dir + "/run", "vixd"});
  EXPECT_TRUE(Eventually([&] { return Listens(socket); }));
  EXPECT_EQ(chmod(socket.c_str(), 0666), 0);
  return listener;
}

class SystemTest : public testing::Test {
 protected:
  SystemTest()
      : host_(Listen(g_dir + "/vixd.sock", "--allow_uid=0")),
        login_(Listen(g_dir + "/vixd-login.sock", "--peer_login")) {}
  ~SystemTest() override {
    unlink((g_dir + "/vixd.sock").c_str());
    unlink((g_dir + "/vixd-login.sock").c_str());
  }

  std::unique_ptr<VixdClient> Open(const std::string& user) {
    const absl::StatusOr<int> connection =
        session::OpenSession(g_dir + "/vixd.sock", "vixd", user, kPassword, Soon());
    EXPECT_TRUE(connection.ok()) << connection.status();
    return connection.ok() ? std::make_unique<VixdClient>(*connection) : nullptr;
  }
  std::string Output(VixdClient& vixd, const std::string& program, const std::string& arguments) {
    const absl::StatusOr<pid_t> pid = vixd.StartWithIo(program, arguments);
    EXPECT_TRUE(pid.ok()) << pid.status();
    if (!pid.ok() || !vixd.WaitForEnd(*pid).has_value()) return "";
    return vixd.Read(absl::StrCat("/proc/", *pid, "/stdout")).value_or("");
  }
  std::vector<std::string> ConnectCommand(const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {g_dir + "/toolboxctl", "connect", "vixd",
                                        "--session_socket=" + g_dir + "/vixd-login.sock"};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }

  std::unique_ptr<Background> host_;
  std::unique_ptr<Background> login_;
};

TEST_F(SystemTest, ProgramsRunAsTheUserWhoLoggedIn) {
  std::unique_ptr<VixdClient> vixd = Open("tb-alice");
  ASSERT_NE(vixd, nullptr);
  EXPECT_EQ(Output(*vixd, "id", "-un; id -Gn; pwd; umask; echo $HOME $USER $SHELL"),
            "tb-alice\ntb-alice mail\n/etc/home/tb-alice\n0022\n"
            "/etc/home/tb-alice tb-alice /bin/bash\n");
  EXPECT_THAT(Output(*vixd, "cat", "/etc/shadow 2>&1 < /dev/null"),
              HasSubstr("/etc/shadow: Permission denied\n"));
  EXPECT_THAT(Output(*vixd, "env", ""), testing::Not(HasSubstr("TOOLBOXD")));
}

TEST_F(SystemTest, ProgramsOutliveTheirConnectionAndOtherUsersCannotReachThem) {
  std::unique_ptr<VixdClient> vixd = Open("tb-alice");
  ASSERT_NE(vixd, nullptr);
  const absl::StatusOr<pid_t> pid = vixd->StartWithIo("sleep", "1; exit 5");
  ASSERT_TRUE(pid.ok());
  vixd = Open("tb-bob");
  ASSERT_NE(vixd, nullptr);
  const std::string path = absl::StrCat("/proc/", *pid, "/stdout");
  EXPECT_FALSE(vixd->Stat(path).ok());
  EXPECT_EQ(vixd->Terminate(*pid).code(), absl::StatusCode::kPermissionDenied);
  vixd = Open("tb-alice");
  ASSERT_NE(vixd, nullptr);
  EXPECT_EQ(vixd->WaitForEnd(*pid)->exit_code(), 5);
}

TEST_F(SystemTest, ConnectOffersReflectionToItsCaller) {
  const uid_t alice = std::stoul(Output(*Open("tb-alice"), "id", "-u"));
  Background connect(ConnectCommand(), alice);
  const std::string socket = connect.ReadLine();
  struct stat info;
  ASSERT_EQ(stat(socket.substr(0, socket.rfind('/')).c_str(), &info), 0) << socket;
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(info.st_uid, alice);

  // Twice: each client has a session of its own.
  for (int i = 0; i < 2; ++i) {
    const auto channel = grpc::CreateChannel("unix:" + socket, grpc::InsecureChannelCredentials());
    const absl::StatusOr<std::set<std::string>> services = ListServices(channel);
    ASSERT_TRUE(services.ok()) << services.status();
    EXPECT_THAT(*services, Contains("toolboxd.v1.Processes"));
    v1::ReadEnvironmentRequest request;
    request.add_names("USER");
    v1::ReadEnvironmentReply reply;
    grpc::ClientContext context;
    EXPECT_TRUE(v1::Processes::NewStub(channel)->ReadEnvironment(&context, request, &reply).ok());
    EXPECT_THAT(reply.variables(), testing::ElementsAre("USER=tb-alice"));
  }
}

TEST_F(SystemTest, ConnectForAnotherUserNeedsRoot) {
  const uid_t alice = std::stoul(Output(*Open("tb-alice"), "id", "-u"));
  EXPECT_EQ(Background(ConnectCommand({"--user=tb-bob"}), alice).Wait(), 1);
  Background connect(ConnectCommand({"--user=tb-bob"}));
  EXPECT_THAT(connect.ReadLine(), HasSubstr("/vixd.sock"));
  EXPECT_EQ(Background({g_dir + "/toolboxctl", "connect", "powerd"}).Wait(), 2);
}

void SetUpMachine(char** programs) {
  session::EnterPrivateEtc();
  char dir[] = "/tmp/vixd-system-XXXXXX";
  g_dir = mkdtemp(dir);
  chmod(dir, 0755);
  unsetenv("XDG_RUNTIME_DIR");
  for (int i = 1; i <= 4; ++i) {
    session::MustRun(absl::StrCat("cp ", programs[i], " ", g_dir, " && chmod 755 ", g_dir, "/*"));
  }
  session::AddUser("tb-alice", kPassword);
  session::AddUser("tb-bob", kPassword);
  session::MustRun("usermod -aG mail tb-alice");
  session::WritePamStack("toolboxd-test",
                         "auth required pam_unix.so\naccount required pam_unix.so\n"
                         "session required pam_unix.so\n");
}

}  // namespace
}  // namespace toolboxd::vixd

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 5) {
    fprintf(stderr, "usage: system_test SESSION VIXD SHIM TOOLBOXCTL\n");
    return 2;
  }
  toolboxd::vixd::SetUpMachine(argv);
  const int result = RUN_ALL_TESTS();
  toolboxd::session::MustRun("rm -rf " + toolboxd::vixd::g_dir);
  return result;
}
