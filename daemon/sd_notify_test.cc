// SPDX-License-Identifier: Apache-2.0

#include "daemon/sd_notify.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/short_temp_dir.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

// systemd's end. A name that begins with "@" is abstract.
UniqueFd NotifySocket(const std::string& name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())),
            0);
  setenv("NOTIFY_SOCKET", name.c_str(), 1);
  return fd;
}

std::string Received(int fd) {
  char buffer[256];
  const ssize_t size = recv(fd, buffer, sizeof(buffer), 0);
  return size < 0 ? "nothing" : std::string(buffer, size);
}

TEST(SdNotify, SendsToAPathAndToAnAbstractName) {
  ShortTempDir dir;
  for (const std::string& name : {dir.File("notify"), absl::StrCat("@", dir.path())}) {
    UniqueFd systemd = NotifySocket(name);
    EXPECT_TRUE(SdNotify("READY=1\nSTATUS=here")) << name;
    EXPECT_EQ(Received(systemd.get()), "READY=1\nSTATUS=here") << name;
  }
}

TEST(SdNotify, WithoutSystemdNothingHappens) {
  unsetenv("NOTIFY_SOCKET");
  EXPECT_FALSE(SdNotify("READY=1"));
  for (const std::string& wrong : {std::string(), std::string("relative"), std::string("/"),
                                   std::string("/nonexistent/x"), "/" + std::string(200, 'x')}) {
    setenv("NOTIFY_SOCKET", wrong.c_str(), 1);
    EXPECT_FALSE(SdNotify("READY=1")) << wrong;
  }
}

TEST(SdNotify, FullQueueDoesNotBlock) {
  ShortTempDir dir;
  UniqueFd systemd = NotifySocket(dir.File("notify"));
  int sent = 0;
  while (sent < 100000 && SdNotify("WATCHDOG=1")) ++sent;
  EXPECT_LT(sent, 100000);
  EXPECT_GT(sent, 0);
}

TEST(WatchdogInterval, IntervalOfAnotherProcessIsIgnored) {
  unsetenv("WATCHDOG_PID");
  unsetenv("WATCHDOG_USEC");
  EXPECT_EQ(WatchdogInterval(), absl::InfiniteDuration());
  setenv("WATCHDOG_USEC", "20000000", 1);
  EXPECT_EQ(WatchdogInterval(), absl::Seconds(20));
  setenv("WATCHDOG_PID", absl::StrCat(getpid()).c_str(), 1);
  EXPECT_EQ(WatchdogInterval(), absl::Seconds(20));
  setenv("WATCHDOG_PID", absl::StrCat(getpid() + 1).c_str(), 1);
  EXPECT_EQ(WatchdogInterval(), absl::InfiniteDuration());
  unsetenv("WATCHDOG_PID");
  for (const char* wrong : {"", "0", "-1", "soon", "99999999999999999999"}) {
    setenv("WATCHDOG_USEC", wrong, 1);
    EXPECT_EQ(WatchdogInterval(), absl::InfiniteDuration()) << wrong;
  }
}

}  // namespace
}  // namespace toolboxd
