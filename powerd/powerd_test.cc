// SPDX-License-Identifier: Apache-2.0

// powerd as a program: how it starts, which callers it serves, how it ends.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "base/testing/listens.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "base/unique_fd.h"
#include "daemon/channel.h"
#include "daemon/quiet_engine.h"
#include "daemon/testing/reflection_client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/power.grpc.pb.h"

namespace toolboxd {
namespace {

using testing::HasSubstr;

constexpr char kPowerd[] = "powerd/powerd";

class PowerdTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { InstallQuietEngine(); }

  PowerdTest() {
    std::filesystem::create_directories(dir_.File("hooks/poweron"));
    Script("hooks/poweron/10-note", absl::StrCat("echo hook >>", dir_.File("log")));
    Script("shutdown", absl::StrCat("echo \"$@\" >>", dir_.File("log")));
  }
  ~PowerdTest() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  void Script(const std::string& name, const std::string& body) {
    std::ofstream(dir_.File(name)) << "#!/bin/sh\n" << body << "\n";
    ASSERT_EQ(chmod(dir_.File(name).c_str(), 0755), 0);
  }
  std::string Content(const std::string& name) const { return ReadWholeFile(dir_.File(name)); }

  // Starts powerd; never with a back end that could reach this machine.
  void Start(std::vector<std::string> flags, std::vector<std::string> environment = {}) {
    std::vector<std::string> args = {kPowerd,
                                     "--power_backend=direct",
                                     absl::StrCat("--hook_dir=", dir_.File("hooks")),
                                     absl::StrCat("--shutdown_command=", dir_.File("shutdown")),
                                     absl::StrCat("--socket=", socket_),
                                     absl::StrCat("--allow=", getuid())};
    args.insert(args.end(), flags.begin(), flags.end());
    Spawn(args, environment);
  }
  // Standard output and error go to the file "output".
  void Spawn(const std::vector<std::string>& args, const std::vector<std::string>& environment) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, dir_.File("output").c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    std::vector<char*> arg_pointers;
    for (const std::string& arg : args) arg_pointers.push_back(const_cast<char*>(arg.c_str()));
    arg_pointers.push_back(nullptr);
    std::vector<char*> variables;
    for (const std::string& text : environment) {
      variables.push_back(const_cast<char*>(text.c_str()));
    }
    variables.push_back(nullptr);
    ASSERT_EQ(posix_spawn(&pid_, args[0].c_str(), &actions, nullptr, arg_pointers.data(),
                          variables.data()),
              0);
    posix_spawn_file_actions_destroy(&actions);
  }
  int ExitStatus() {
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  // A whole event; true if it was done.
  bool Run(v1::PowerEvent event) {
    auto stub = v1::Power::NewStub(ConnectUnix(socket_));
    grpc::ClientContext context;
    SetTimeout(absl::Seconds(20), &context);
    context.set_wait_for_ready(true);
    auto stream = stub->ChangeState(&context);
    v1::ChangeStateRequest request;
    request.set_begin(event);
    stream->Write(request);
    request.mutable_proceed();
    stream->Write(request);
    v1::ChangeStateUpdate update;
    bool done = false;
    while (stream->Read(&update)) done = update.has_done();
    return stream->Finish().ok() && done;
  }

  ShortTempDir dir_;
  const std::string socket_ = dir_.File("power.sock");
  pid_t pid_ = 0;
};

TEST_F(PowerdTest, RunsEventsAndEndsOnSigterm) {
  Start({});
  EXPECT_TRUE(Run(v1::POWER_ON));
  EXPECT_TRUE(Run(v1::HALT));
  EXPECT_TRUE(Run(v1::REBOOT));
  EXPECT_TRUE(Run(v1::SUSPEND));
  EXPECT_EQ(Content("log"), "hook\n-h now\n-r now\n");
  EXPECT_TRUE(*Describes(ConnectUnix(socket_), "toolboxd.v1.Power"));
  kill(pid_, SIGTERM);
  EXPECT_EQ(ExitStatus(), 0);
  EXPECT_NE(access(socket_.c_str(), F_OK), 0);
}

TEST_F(PowerdTest, EndsWithoutConnectionsAfterItsIdleTime) {
  Start({"--idle_exit=200ms"});
  EXPECT_TRUE(Run(v1::RESUME));
  EXPECT_EQ(ExitStatus(), 0);
}

TEST_F(PowerdTest, SecondInstanceEndsWithAClearMessage) {
  Start({});
  ASSERT_TRUE(Eventually([this] { return Listens(socket_); }));
  const pid_t first = pid_;
  Start({});
  EXPECT_EQ(ExitStatus(), 1);
  EXPECT_THAT(Content("output"), HasSubstr("another instance already serves " + socket_));
  pid_ = first;
  EXPECT_TRUE(Run(v1::POWER_ON));
}

TEST_F(PowerdTest, NotifiesSystemdWhenItIsReadyAndStopping) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string notify = dir_.File("notify");
  strncpy(address.sun_path, notify.c_str(), sizeof(address.sun_path) - 1);
  UniqueFd systemd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(systemd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  Start({}, {absl::StrCat("NOTIFY_SOCKET=", notify), "WATCHDOG_USEC=100000"});
  char buffer[64];
  std::vector<std::string> messages;
  for (int i = 0; i < 3; ++i) {
    messages.emplace_back(buffer, recv(systemd.get(), buffer, sizeof(buffer), 0));
  }
  EXPECT_THAT(messages, testing::ElementsAre("READY=1", "WATCHDOG=1", "WATCHDOG=1"));
  kill(pid_, SIGTERM);
  std::string last;
  do {
    last = std::string(buffer, recv(systemd.get(), buffer, sizeof(buffer), 0));
  } while (last == "WATCHDOG=1");
  EXPECT_EQ(last, "STOPPING=1");
  EXPECT_EQ(ExitStatus(), 0);
}

// systemd's part is played by a shell, because LISTEN_PID is the number of the process itself.
TEST_F(PowerdTest, TakesTheSocketThatSystemdHolds) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, socket_.c_str(), sizeof(address.sun_path) - 1);
  const int listening = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(listening, 8), 0);
  UniqueFd owned(listening);
  const std::string activate =
      absl::StrCat("exec 3<&", listening, "; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\"");
  for (int i = 0; i < 2; ++i) {
    // The call is there first, and starts the daemon, which then ends by itself.
    Spawn({"/bin/sh", "-c", activate, "sh", kPowerd, "--power_backend=direct",
           absl::StrCat("--hook_dir=", dir_.File("hooks")), "--shutdown_command=/bin/false",
           absl::StrCat("--allow=", getuid()), "--idle_exit=100ms"},
          {});
    EXPECT_TRUE(Run(v1::POWER_ON));
    EXPECT_EQ(ExitStatus(), 0);
  }
  EXPECT_EQ(Content("log"), "hook\nhook\n");
}

TEST_F(PowerdTest, WrongCommandLinesPrintOneLineAndExitWithTwo) {
  const std::vector<std::vector<std::string>> wrong = {
      {"--nothing"},        {"argument"},          {"--power_backend=magic"}, {"--allow=@no-such"},
      {"--idle_exit=soon"}, {"--hook_timeout=0s"}, {"--log_level=loud"},      {"--socket_mode=9"}};
  for (const std::vector<std::string>& flags : wrong) {
    Start(flags);
    EXPECT_EQ(ExitStatus(), 2) << flags[0];
    const std::string output = Content("output");
    EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1) << output;
  }
}

TEST_F(PowerdTest, HelpShowsItsFlagsAndTheSharedOnes) {
  Start({"--help"});
  EXPECT_EQ(ExitStatus(), 0);
  const std::string help = Content("output");
  for (const char* flag : {"--socket", "--allow", "--idle_exit", "--hook_dir", "--power_backend"}) {
    EXPECT_THAT(help, HasSubstr(flag));
  }
  Start({"--version"});
  EXPECT_EQ(ExitStatus(), 0);
  EXPECT_THAT(Content("output"), testing::StartsWith("powerd (toolboxd) "));
}

}  // namespace
}  // namespace toolboxd
