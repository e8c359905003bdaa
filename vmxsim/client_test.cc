// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd::vmxsim {
namespace {

// A socket that listens; the descriptor.
int Listen(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(listen(fd, 1), 0);
  return fd;
}

TEST(VmxsimClient, MissingSocketFailsAtOnce) {
  ShortTempDir dir;
  const absl::Status status = Client::Connect(dir.File("none")).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "no vmxsim at")) << status;
}

TEST(VmxsimClient, WaitsForASocketThatAppears) {
  ShortTempDir dir;
  const std::string path = dir.File("late");
  int fd = -1;
  std::thread late([&] {
    absl::SleepFor(absl::Milliseconds(50));
    fd = Listen(path);
  });
  const absl::Status status = Client::ConnectWithin(absl::Seconds(10), path).status();
  late.join();
  EXPECT_TRUE(status.ok()) << status;
  close(fd);
}

TEST(VmxsimClient, WaitingEndsWithItsTime) {
  ShortTempDir dir;
  const absl::Time begin = absl::Now();
  const absl::Status status =
      Client::ConnectWithin(absl::Milliseconds(50), dir.File("none")).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(50));
}

TEST(VmxsimClient, PathThatIsTooLongFailsAtOnce) {
  const absl::Status status =
      Client::ConnectWithin(absl::Seconds(10), "/" + std::string(200, 'x')).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
}

TEST(VmxsimClient, NewControlPathsOfOneProcessIdDiffer) {
  EXPECT_NE(NewControlPath(), NewControlPath());
}

}  // namespace
}  // namespace toolboxd::vmxsim
