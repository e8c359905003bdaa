// SPDX-License-Identifier: Apache-2.0

#include "transportd/extensions/extensions.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace {

// The socket's folder is on a file system that does not answer.
std::atomic<bool> g_hangs{false};
// Threads that wait for it.
std::atomic<int> g_waiting{0};

}  // namespace

// In place of libc's.
extern "C" int connect(int fd, const sockaddr* address, socklen_t size) {
  ++g_waiting;
  while (g_hangs) usleep(10'000);
  --g_waiting;
  return static_cast<int>(syscall(SYS_connect, fd, address, size));
}

namespace toolboxd {
namespace {

class ExtensionsTest : public ::testing::Test {
 protected:
  ExtensionsTest() { mkdir(folder_.c_str(), 0755); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  std::string Binding(const std::string& what) {
    return absl::StrCat("extension { target: \"unix:", socket_, "\" ", what, " }\n");
  }

  ShortTempDir temp_;
  const std::string folder_ = temp_.path() + "/routes.d";
  const std::string socket_ = temp_.path() + "/echo.sock";
};

TEST_F(ExtensionsTest, MissingFolderBindsNothing) {
  const Extensions extensions("/nonexistent", absl::Seconds(1));
  EXPECT_EQ(extensions.FindCommand("OS_Halt"), nullptr);
  EXPECT_EQ(extensions.FindScheme("echo"), nullptr);
  EXPECT_FALSE(extensions.state().found);
}

TEST_F(ExtensionsTest, FilesBindCommandsSchemesAndFunctions) {
  Write("a.textproto", Binding("tclo_command: \"OS_Halt\"") + Binding("file_scheme: \"echo\"") +
                           Binding("function: \"echo.Upper\" timeout_milliseconds: 1500"));
  Write("ignored.txt", Binding("tclo_command: \"Other\""));
  const Extensions extensions(folder_, absl::Seconds(1));
  ASSERT_NE(extensions.FindCommand("OS_Halt"), nullptr);
  EXPECT_EQ(extensions.FindCommand("OS_Halt")->timeout, absl::Seconds(1));
  EXPECT_EQ(extensions.FindCommand("Other"), nullptr);
  EXPECT_EQ(extensions.FindCommand("echo"), nullptr);
  ASSERT_NE(extensions.FindScheme("echo"), nullptr);
  ASSERT_NE(extensions.FindFunction("echo.Upper"), nullptr);
  EXPECT_EQ(extensions.FindFunction("echo.Upper")->timeout, absl::Milliseconds(1500));
  for (const ExtensionTarget* target :
       {extensions.FindCommand("OS_Halt"), extensions.FindScheme("echo"),
        extensions.FindFunction("echo.Upper")}) {
    EXPECT_EQ(target->socket, socket_);
  }
}

TEST_F(ExtensionsTest, BindingsAreListedByName) {
  Write("a.textproto", Binding("tclo_command: \"OS_Halt\"") + Binding("file_scheme: \"echo\"") +
                           Binding("function: \"echo.Upper\""));
  const std::vector<Extensions::Binding> bindings =
      Extensions(folder_, absl::Seconds(1)).bindings();
  ASSERT_EQ(bindings.size(), 3u);
  EXPECT_EQ(bindings[0].name, "command OS_Halt");
  EXPECT_EQ(bindings[1].name, "function echo.Upper");
  EXPECT_EQ(bindings[2].name, "scheme echo");
  EXPECT_EQ(bindings[0].socket, socket_);
}

TEST_F(ExtensionsTest, TimeoutsAreLimited) {
  Write("a.textproto", Binding("tclo_command: \"X\" timeout_milliseconds: 3600000"));
  const Extensions extensions(folder_, absl::Seconds(1));
  ASSERT_NE(extensions.FindCommand("X"), nullptr);
  EXPECT_EQ(extensions.FindCommand("X")->timeout, Extensions::kMaxTimeout);
}

TEST_F(ExtensionsTest, BadFilesAreSkippedAndLaterOnesWin) {
  Write("1.textproto", Binding("tclo_command: \"X\" timeout_milliseconds: 111"));
  Write("2.textproto", Binding("function: \"f\"") + "nonsense");
  Write("3.textproto", Binding("function: \"f\"") + Binding(""));
  Write("4.textproto", "extension { target: \"dns:example.com\" function: \"f\" }");
  Write("5.textproto", Binding("file_scheme: \"a/b\""));
  Write("6.textproto", Binding("function: \"g\" timeout_milliseconds: 1") +
                           Binding("function: \"g\" timeout_milliseconds: 2"));
  const Extensions extensions(folder_, absl::Seconds(1));
  EXPECT_NE(extensions.FindCommand("X"), nullptr);
  EXPECT_EQ(extensions.FindFunction("f"), nullptr);
  EXPECT_EQ(extensions.FindScheme("a/b"), nullptr);
  ASSERT_NE(extensions.FindFunction("g"), nullptr);
  EXPECT_EQ(extensions.FindFunction("g")->timeout, absl::Milliseconds(2));
  EXPECT_TRUE(extensions.state().found);
  ASSERT_EQ(extensions.state().faults.size(), 4u);
  EXPECT_TRUE(absl::StrContains(extensions.state().faults[0], "2.textproto: line 2"))
      << extensions.state().faults[0];
}

TEST_F(ExtensionsTest, CommandsThatCarryPasswordsOrTheChannelsLifeCannotBeBound) {
  for (const char* name : {"Vix_1_Relayed_Command", "f", "ping", "reset", "Capabilities_Register",
                           "vmbackup.snapshotDone", "vmbackup.abort", "Vix_1_SyncDriver_Thaw"}) {
    Write("a.textproto", Binding(absl::StrCat("tclo_command: \"", name, "\"")));
    const Extensions extensions(folder_, absl::Seconds(1));
    EXPECT_EQ(extensions.FindCommand(name), nullptr);
    ASSERT_EQ(extensions.state().faults.size(), 1u) << name;
    EXPECT_TRUE(absl::StrContains(extensions.state().faults[0], "cannot be bound"));
    // Names of files and functions are others.
    Write("a.textproto", Binding(absl::StrCat("function: \"", name, "\"")));
    EXPECT_NE(Extensions(folder_, absl::Seconds(1)).FindFunction(name), nullptr);
  }
}

TEST_F(ExtensionsTest, FileThatOthersCouldWriteIsSkippedWithTheCommandThatCorrectsIt) {
  Write("1.textproto", Binding("tclo_command: \"X\""));
  Write("2.textproto", Binding("tclo_command: \"Y\""));
  ASSERT_EQ(chmod((folder_ + "/1.textproto").c_str(), 0664), 0);
  Extensions extensions(folder_, absl::Seconds(1));
  EXPECT_EQ(extensions.FindCommand("X"), nullptr);
  EXPECT_NE(extensions.FindCommand("Y"), nullptr);
  ASSERT_EQ(extensions.state().faults.size(), 1u);
  EXPECT_TRUE(absl::StrContains(extensions.state().faults[0],
                                absl::StrCat("run: chmod go-w ", folder_, "/1.textproto")))
      << extensions.state().faults[0];
  ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
  extensions.Load();
  EXPECT_EQ(extensions.FindCommand("Y"), nullptr);
  EXPECT_TRUE(extensions.state().found);
  ASSERT_EQ(extensions.state().faults.size(), 1u);
  EXPECT_TRUE(absl::StrContains(extensions.state().faults[0], "chmod go-w"));
}

// A socket on which a process of this user listens; root is needed.
class Listener {
 public:
  Listener(const std::string& path, uid_t user) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    unlink(path.c_str());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    // The kernel records who calls listen(). Of this thread only, which glibc's function is not.
    EXPECT_EQ(syscall(SYS_setresuid, -1, user, -1), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
    EXPECT_EQ(syscall(SYS_setresuid, -1, 0, -1), 0);
  }
  ~Listener() { close(fd_); }

 private:
  const int fd_;
};

TEST_F(ExtensionsTest, OnlyRootAndTheOwnerOfTheSocketsFolderAreCalled) {
  ASSERT_EQ(geteuid(), 0u) << "this test needs root";
  Write("a.textproto", Binding("tclo_command: \"X\""));
  const Extensions extensions(folder_, absl::Seconds(1));
  const ExtensionTarget* target = extensions.FindCommand("X");
  ASSERT_NE(target, nullptr);
  EXPECT_TRUE(absl::IsUnavailable(target->Connect().status()));
  {
    const Listener root(socket_, 0);
    EXPECT_TRUE(target->Connect().ok());
  }
  const Listener other(socket_, 998);
  const absl::Status refused = target->Connect().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_TRUE(absl::StrContains(refused.message(), "add allowed_uid: 998")) << refused;
  ASSERT_EQ(chown(temp_.path().c_str(), 998, 0), 0);
  EXPECT_TRUE(target->Connect().ok());
}

// W7 of tests/attacks/README.md.
TEST_F(ExtensionsTest, FolderThatDoesNotAnswerIsWaitedForOnceAndInTime) {
  Write("a.textproto", Binding("tclo_command: \"X\" timeout_milliseconds: 300"));
  const Extensions extensions(folder_, absl::Seconds(1));
  const ExtensionTarget* target = extensions.FindCommand("X");
  ASSERT_NE(target, nullptr);
  const Listener root(socket_, 0);
  g_hangs = true;
  std::thread answers([] {
    absl::SleepFor(absl::Seconds(3));
    g_hangs = false;
  });
  const absl::Time begin = absl::Now();
  EXPECT_TRUE(absl::IsDeadlineExceeded(target->Connect().status()));
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(target->Connect().status()));
  }
  EXPECT_LT(absl::Now() - begin, absl::Seconds(2));
  answers.join();
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (!target->Connect().ok() && absl::Now() < end) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_LT(absl::Now(), end);
}

// X2 of tests/attacks/README.md.
TEST_F(ExtensionsTest, FolderThatDoesNotAnswerKeepsOneThreadWhateverIsBoundToASocket) {
  Write("a.textproto", Binding("tclo_command: \"X\" timeout_milliseconds: 300") +
                           Binding("file_scheme: \"x\" timeout_milliseconds: 300"));
  Write("b.textproto", Binding("function: \"X\" timeout_milliseconds: 300"));
  Extensions extensions(folder_, absl::Seconds(1));
  g_hangs = true;
  EXPECT_TRUE(absl::IsDeadlineExceeded(extensions.FindCommand("X")->Connect().status()));
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(extensions.FindCommand("X")->Connect().status()));
    EXPECT_TRUE(absl::IsDeadlineExceeded(extensions.FindScheme("x")->Connect().status()));
    EXPECT_TRUE(absl::IsDeadlineExceeded(extensions.FindFunction("X")->Connect().status()));
    extensions.Load();
  }
  EXPECT_LT(absl::Now() - begin, absl::Milliseconds(250));
  EXPECT_EQ(g_waiting, 1);
  g_hangs = false;
  EXPECT_TRUE(Eventually([] { return g_waiting == 0; }));
}

TEST_F(ExtensionsTest, FoldersThatDoNotAnswerKeepAFewThreads) {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    absl::StrAppend(&text, "extension { target: \"unix:", temp_.path(), "/", i,
                    "/socket\" tclo_command: \"X", i, "\" timeout_milliseconds: 1 }\n");
  }
  Write("a.textproto", text);
  const Extensions extensions(folder_, absl::Seconds(1));
  g_hangs = true;
  for (int i = 0; i < 40; ++i) {
    EXPECT_TRUE(
        absl::IsDeadlineExceeded(extensions.FindCommand(absl::StrCat("X", i))->Connect().status()));
  }
  EXPECT_LE(g_waiting, 16);
  g_hangs = false;
  EXPECT_TRUE(Eventually([] { return g_waiting == 0; }));
}

TEST_F(ExtensionsTest, AllowedUidTakesThePlaceOfTheFoldersOwner) {
  ASSERT_EQ(geteuid(), 0u) << "this test needs root";
  Write("a.textproto", Binding("tclo_command: \"X\" allowed_uid: 997 allowed_uid: 998"));
  Write("b.textproto", Binding("tclo_command: \"Y\" allowed_uid: 997"));
  const Extensions extensions(folder_, absl::Seconds(1));
  const ExtensionTarget* both = extensions.FindCommand("X");
  const ExtensionTarget* one = extensions.FindCommand("Y");
  ASSERT_TRUE(both != nullptr && one != nullptr);
  const Listener other(socket_, 998);
  EXPECT_TRUE(both->Connect().ok());
  ASSERT_EQ(chown(temp_.path().c_str(), 998, 0), 0);
  EXPECT_FALSE(one->Connect().ok());
}

TEST_F(ExtensionsTest, ReloadDropsBindingsThatAreGone) {
  Write("a.textproto", Binding("tclo_command: \"X\""));
  Extensions extensions(folder_, absl::Seconds(1));
  EXPECT_NE(extensions.FindCommand("X"), nullptr);
  unlink((folder_ + "/a.textproto").c_str());
  extensions.Load();
  EXPECT_EQ(extensions.FindCommand("X"), nullptr);
  Write("b.textproto", Binding("tclo_command: \"Y\""));
  extensions.Load();
  EXPECT_NE(extensions.FindCommand("Y"), nullptr);
}

}  // namespace
}  // namespace toolboxd
