// SPDX-License-Identifier: Apache-2.0

#include "statfs/serve.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "statfs/protocol.h"

namespace toolboxd::statfs {
namespace {

// The caller's end of a connection; Serve has the other one on a thread.
class ServeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    caller_.reset(ends[0]);
    served_.reset(ends[1]);
    thread_ = std::thread([this] {
      result_ = Serve(served_.get());
      served_.reset();
    });
  }

  // What Serve returns, once the caller has gone.
  bool Result() {
    caller_.reset();
    thread_.join();
    return result_;
  }

  void Send(const void* data, size_t size) {
    ASSERT_EQ(send(caller_.get(), data, size, MSG_NOSIGNAL), static_cast<ssize_t>(size));
  }

  // 0 at the end of the connection.
  ssize_t Receive(Reply& reply) { return recv(caller_.get(), &reply, sizeof reply, 0); }

  UniqueFd caller_;
  UniqueFd served_;
  std::thread thread_;
  bool result_ = false;
};

TEST_F(ServeTest, EachRequestHasItsReply) {
  for (const char* path : {"/", "/nonexistent", "/"}) {
    Request request;
    strcpy(request.path, path);
    Send(&request, sizeof request);
    Reply reply;
    ASSERT_EQ(Receive(reply), static_cast<ssize_t>(sizeof reply));
    EXPECT_EQ(reply.version, kVersion);
    EXPECT_EQ(reply.error, strcmp(path, "/") == 0 ? 0 : ENOENT);
  }
  EXPECT_TRUE(Result());
}

TEST_F(ServeTest, PacketOfAnotherSizeEndsTheConnection) {
  Request request;
  strcpy(request.path, "/");
  Send(&request, sizeof request - 1);
  Reply reply;
  EXPECT_EQ(Receive(reply), 0);
  EXPECT_FALSE(Result());
}

TEST_F(ServeTest, LongerPacketIsNotARequestWithARest) {
  std::string packet(sizeof(Request) + 100, '\0');
  Request request;
  strcpy(request.path, "/");
  memcpy(packet.data(), &request, sizeof request);
  Send(packet.data(), packet.size());
  Reply reply;
  EXPECT_EQ(Receive(reply), 0);
  EXPECT_FALSE(Result());
}

TEST_F(ServeTest, OtherVersionEndsTheConnection) {
  Request request;
  request.version = kVersion + 1;
  strcpy(request.path, "/");
  Send(&request, sizeof request);
  Reply reply;
  EXPECT_EQ(Receive(reply), 0);
  EXPECT_FALSE(Result());
}

}  // namespace
}  // namespace toolboxd::statfs
