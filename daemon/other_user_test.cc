// SPDX-License-Identifier: Apache-2.0

// That the kernel's word about a caller counts. Runs outside Bazel's sandbox, whose user
// namespace has one user only.

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "daemon/peer.h"
#include "daemon/testing/frame_encoder.h"
#include "daemon/testing/server_fixture.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr uid_t kNobody = 65534;
constexpr gid_t kGroup = 54321;

// Connects from a process of its own and reports what it saw: 'r' refused (end of stream before
// any byte), 'a' admitted (an HTTP/2 SETTINGS frame), '?' anything else. Before gRPC starts,
// hence the pipe that it waits for.
class Caller {
 public:
  Caller(const std::string& path, uid_t uid, std::vector<gid_t> groups) {
    int go[2];
    int result[2];
    EXPECT_EQ(pipe(go), 0);
    EXPECT_EQ(pipe(result), 0);
    pid_ = fork();
    if (pid_ == 0) {
      close(go[1]);
      char byte;
      if (read(go[0], &byte, 1) != 1) _exit(1);
      // Without root there is one user to be: ourselves.
      if (getuid() == 0 && (setgroups(groups.size(), groups.data()) != 0 || setgid(kNobody) != 0 ||
                            setuid(uid) != 0)) {
        _exit(1);
      }
      byte = Connect(path);
      _exit(write(result[1], &byte, 1) == 1 ? 0 : 1);
    }
    close(go[0]);
    close(result[1]);
    go_.reset(go[1]);
    result_.reset(result[0]);
  }
  ~Caller() {
    go_.reset();
    waitpid(pid_, nullptr, 0);
  }

  char Run() {
    char byte = 'g';
    EXPECT_EQ(write(go_.get(), &byte, 1), 1);
    byte = '?';
    EXPECT_EQ(read(result_.get(), &byte, 1), 1);
    return byte;
  }

 private:
  static char Connect(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return '?';
    const std::string opening = Opening();
    send(fd, opening.data(), opening.size(), MSG_NOSIGNAL);
    char frame[9] = {};
    const ssize_t size = recv(fd, frame, sizeof(frame), MSG_WAITALL);
    if (size <= 0) return 'r';
    return size == 9 && frame[3] == kSettings ? 'a' : '?';
  }

  pid_t pid_;
  UniqueFd go_;
  UniqueFd result_;
};

class OtherUserTest : public ServerTest {
 protected:
  OtherUserTest() {
    // The socket itself lets everybody in.
    chmod(dir_.path().c_str(), 0755);
    options_.listener.mode = 0666;
    options_.allowed = AllowedCallers();
    options_.allowed.set_root_allowed(getuid() == 0);
  }
};

TEST_F(OtherUserTest, RefusedCallerIsDisconnectedWithoutAByte) {
  Caller caller(path_, kNobody, {});
  StartServer();
  EXPECT_EQ(caller.Run(), 'r');
  EXPECT_EQ(server_->refused_connections(), 1);
}

TEST_F(OtherUserTest, CallerIsAdmittedByNumber) {
  options_.allowed.AllowUser(getuid() == 0 ? kNobody : getuid());
  Caller caller(path_, kNobody, {});
  StartServer();
  EXPECT_EQ(caller.Run(), 'a');
  EXPECT_EQ(server_->refused_connections(), 0);
}

TEST_F(OtherUserTest, CallerIsAdmittedByASupplementaryGroup) {
  options_.allowed.AllowGroup(getuid() == 0 ? kGroup : getgid());
  Caller caller(path_, kNobody, {kGroup});
  StartServer();
  EXPECT_EQ(caller.Run(), 'a');
}

}  // namespace
}  // namespace toolboxd
