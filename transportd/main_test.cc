// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "base/testing/short_temp_dir.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "transportd/backdoor/detect.h"
#include "transportd/transportd.h"

namespace toolboxd {
namespace {

// systemd's end of the readiness protocol.
class NotifySocket {
 public:
  NotifySocket() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const std::string path = folder_.File("notify.sock");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~NotifySocket() { unsetenv("NOTIFY_SOCKET"); }

  // The next message; empty if there is none.
  std::string Next() {
    char text[1024];
    const ssize_t got = recv(fd_.get(), text, sizeof text, 0);
    return std::string(text, got > 0 ? got : 0);
  }

 private:
  ShortTempDir folder_;
  UniqueFd fd_;
};

TEST(TransportdMain, OutsideVmwareItIsReadyAndEndsNormally) {
  if (backdoor::IsVmwareCpu(backdoor::ReadCpuid)) GTEST_SKIP() << "this is a VMware guest";
  NotifySocket systemd;
  char name[] = "transportd";
  char* argv[] = {name, nullptr};
  EXPECT_EQ(TransportdMain(1, argv), 0);
  // A unit of type notify fails without READY=1.
  EXPECT_EQ(systemd.Next(), "READY=1\nSTATUS=Not a VMware guest");
  EXPECT_EQ(systemd.Next(), "");
}

}  // namespace
}  // namespace toolboxd
