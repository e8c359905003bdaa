// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/freezer_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/testing/short_temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

using freezer::Operation;
using freezer::Reply;
using freezer::Request;
using testing::ElementsAre;
using testing::HasSubstr;

// Plays the freezer with a function for each request. Ends the connection after false.
class FakeFreezer {
 public:
  using Answer = std::function<bool(int connection, const Request& request)>;

  explicit FakeFreezer(Answer answer) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    client_end_ = UniqueFd(ends[0]);
    thread_ = std::thread([end = ends[1], answer = std::move(answer)] {
      UniqueFd connection(end);
      Request request;
      while (recv(end, &request, sizeof(request), 0) == sizeof(request)) {
        if (!answer(end, request)) return;
      }
    });
  }
  ~FakeFreezer() { thread_.join(); }

  UniqueFd TakeClientEnd() { return std::move(client_end_); }

 private:
  UniqueFd client_end_;
  std::thread thread_;
};

bool Send(int connection, const Reply& reply) {
  return send(connection, &reply, sizeof(reply), MSG_NOSIGNAL) == sizeof(reply);
}

Reply With(int error, std::vector<uint32_t> micros = {}) {
  Reply reply;
  reply.error = error;
  reply.count = micros.size();
  std::copy(micros.begin(), micros.end(), reply.micros);
  return reply;
}

bool SendDescriptor(int connection, int fd) {
  Reply reply;
  iovec data = {&reply, sizeof(reply)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &fd, sizeof(fd));
  return sendmsg(connection, &message, MSG_NOSIGNAL) == sizeof(reply);
}

TEST(FreezerClient, MountTableIsReadFromThePassedDescriptor) {
  const ShortTempDir dir;
  std::ofstream(dir.File("table")) << "25 1 0:30 / / rw - ext4 /dev/sda1 rw\n";
  FakeFreezer fake([&](int connection, const Request&) {
    UniqueFd table(open(dir.File("table").c_str(), O_RDONLY | O_CLOEXEC));
    return SendDescriptor(connection, table.get());
  });
  FreezerClient client(fake.TakeClientEnd());
  const absl::StatusOr<MountTable> table = client.MountTable();
  ASSERT_TRUE(table.ok());
  ASSERT_EQ(table->mounts.size(), 1u);
  EXPECT_EQ(table->mounts[0].source, "/dev/sda1");
}

TEST(FreezerClient, MissingDescriptorIsAnError) {
  FakeFreezer fake([](int connection, const Request&) { return Send(connection, With(0)); });
  FreezerClient client(fake.TakeClientEnd());
  EXPECT_EQ(client.MountTable().status().message(), "the freezer sent no mount table");
}

TEST(FreezerClient, AddSendsTheMountAndReturnsTheErrno) {
  std::vector<std::string> seen;
  FakeFreezer fake([&](int connection, const Request& request) {
    seen.push_back(std::string(request.path) + " " + std::to_string(request.mount_id) + " " +
                   std::to_string(request.major) + ":" + std::to_string(request.minor));
    return Send(connection, With(seen.size() == 1 ? 0 : EXDEV));
  });
  FreezerClient client(fake.TakeClientEnd());
  EXPECT_EQ(*client.Add("/data", 25, 8, 1), 0);
  EXPECT_EQ(*client.Add("/other", 26, 8, 2), EXDEV);
  EXPECT_EQ(client.targets(), 1u);
  EXPECT_THAT(seen, ElementsAre("/data 25 8:1", "/other 26 8:2"));
}

TEST(FreezerClient, GroupsTravelAsFlags) {
  std::vector<uint32_t> seen;
  FakeFreezer fake([&](int connection, const Request& request) {
    seen.push_back(request.flags);
    return Send(connection, With(request.mount_id == 3 ? EIO : 0));
  });
  FreezerClient client(fake.TakeClientEnd());
  (void)client.Add("/a", 1, 8, 1);
  (void)client.Add("/b", 2, 8, 2);
  client.BeginGroup();
  // What was not added begins no group, the next one does.
  (void)client.Add("/c", 3, 8, 3);
  (void)client.Add("/d", 4, 8, 4);
  (void)client.Add("/e", 5, 8, 5);
  EXPECT_THAT(seen, ElementsAre(0u, freezer::kWithPrevious, 0u, 0u, freezer::kWithPrevious));
}

TEST(FreezerClient, PathThatDoesNotFitIsNotSent) {
  FakeFreezer fake([](int, const Request&) { return false; });
  FreezerClient client(fake.TakeClientEnd());
  EXPECT_EQ(*client.Add(std::string(freezer::kMaxPath, 'x'), 1, 1, 1), ENAMETOOLONG);
}

TEST(FreezerClient, FailedFreezeNamesTheFileSystem) {
  FakeFreezer fake([](int connection, const Request& request) {
    Reply reply = With(request.operation == Operation::kFreeze ? EIO : 0);
    reply.failed = 1;
    return Send(connection, reply);
  });
  FreezerClient client(fake.TakeClientEnd());
  (void)client.Add("/a", 1, 8, 1);
  (void)client.Add("/b", 2, 8, 2);
  const StopSignal never;
  EXPECT_EQ(client.Freeze({.freeze = absl::Seconds(30), .hold = absl::Seconds(10)}, never)
                .status()
                .message(),
            "freezing /b: Input/output error");
}

TEST(FreezerClient, FileSystemThatIsFrozenAlreadyIsExplained) {
  FakeFreezer fake([](int connection, const Request& request) {
    return Send(connection, With(request.operation == Operation::kFreeze ? EBUSY : 0));
  });
  FreezerClient client(fake.TakeClientEnd());
  (void)client.Add("/a", 1, 8, 1);
  const StopSignal never;
  EXPECT_THAT(
      std::string(client.Freeze({.freeze = absl::Seconds(30), .hold = absl::Seconds(10)}, never)
                      .status()
                      .message()),
      HasSubstr("freezing /a: another program has frozen it"));
}

TEST(FreezerClient, LimitsTravelInMilliseconds) {
  std::vector<uint32_t> seen;
  FakeFreezer fake([&](int connection, const Request& request) {
    seen = {request.flags, request.freeze_ms, request.hold_ms};
    return Send(connection, With(0, {7}));
  });
  FreezerClient client(fake.TakeClientEnd());
  const StopSignal never;
  const auto times = client.Freeze(
      {.freeze = absl::Seconds(30), .hold = absl::Hours(1), .ignore_frozen = true}, never);
  ASSERT_TRUE(times.ok());
  EXPECT_EQ(times->micros[0], 7u);
  EXPECT_THAT(seen, ElementsAre(freezer::kIgnoreFrozen, 30'000u, freezer::kMaxLimitMs));
}

TEST(FreezerClient, StopEndsAFreezeOnceTheFreezerHasThawed) {
  StopSignal stop;
  bool saw_end = false;
  FakeFreezer fake([&](int connection, const Request&) {
    stop.Set();
    // As the freezer: sees that its peer has left, thaws, answers, ends.
    char byte;
    saw_end = recv(connection, &byte, 1, 0) == 0;
    Send(connection, With(ECANCELED));
    return false;
  });
  FreezerClient client(fake.TakeClientEnd());
  const auto frozen = client.Freeze({.freeze = absl::Seconds(30), .hold = absl::Seconds(10)}, stop);
  EXPECT_EQ(frozen.status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(saw_end);
  EXPECT_EQ(client.Hold(absl::Seconds(1)).code(), absl::StatusCode::kUnavailable);
}

TEST(FreezerClient, EndWaitsForTheFreezersEnd) {
  bool saw_end = false;
  {
    FakeFreezer fake([&](int connection, const Request&) {
      Send(connection, With(0));
      char byte;
      saw_end = recv(connection, &byte, 1, 0) == 0;
      return false;
    });
    FreezerClient client(fake.TakeClientEnd());
    EXPECT_EQ(*client.Add("/data", 1, 8, 1), 0);
    client.End();
    EXPECT_EQ(client.Hold(absl::Seconds(1)).code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_TRUE(saw_end);
}

// As one whose FIFREEZE waits for a write: its end means "thawed", and comes late.
TEST(FreezerClient, FreezeThatHangsEndsWithItsConnection) {
  for (const bool is_stopped : {false, true}) {
    std::atomic<bool> ended{false};
    FakeFreezer fake([&](int connection, const Request&) {
      char byte;
      EXPECT_EQ(recv(connection, &byte, 1, 0), 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      ended = true;
      return false;
    });
    FreezerClient client(fake.TakeClientEnd());
    StopSignal stop;
    if (is_stopped) stop.Set();
    const absl::StatusOr<Reply> frozen = client.Freeze({.freeze = absl::Milliseconds(10),
                                                        .hold = absl::Seconds(1),
                                                        .patience = absl::Milliseconds(40)},
                                                       stop);
    EXPECT_EQ(frozen.status().code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_TRUE(ended);
  }
}

TEST(FreezerClient, FreezeThatHangsForTooLongIsLeft) {
  FakeFreezer fake([&](int connection, const Request&) {
    pollfd end = {connection, POLLHUP, 0};
    // Until the client, and so its connection, is destroyed.
    return poll(&end, 1, 10'000) < 0;
  });
  FreezerClient client(fake.TakeClientEnd());
  StopSignal stop;
  EXPECT_EQ(client
                .Freeze({.freeze = absl::Milliseconds(10),
                         .hold = absl::Seconds(1),
                         .patience = absl::Milliseconds(10),
                         .end = absl::Milliseconds(50)},
                        stop)
                .status()
                .code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(FreezerClient, TimeLimitIsExplained) {
  FakeFreezer fake(
      [](int connection, const Request&) { return Send(connection, With(ETIMEDOUT)); });
  FreezerClient client(fake.TakeClientEnd());
  StopSignal stop;
  EXPECT_THAT(std::string(client.Freeze({}, stop).status().message()),
              HasSubstr("a write to it does not end"));
}

TEST(FreezerClient, DeathOfTheFreezerIsAnError) {
  FakeFreezer fake([](int, const Request&) { return false; });
  FreezerClient client(fake.TakeClientEnd());
  EXPECT_EQ(client.Hold(absl::Seconds(1)).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(client.Thaw().status().code(), absl::StatusCode::kUnavailable);
}

TEST(FreezerClient, ThawThatComesTooLateIsAnError) {
  FakeFreezer fake(
      [](int connection, const Request&) { return Send(connection, With(ETIMEDOUT)); });
  FreezerClient client(fake.TakeClientEnd());
  EXPECT_EQ(client.Thaw().status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(FreezerClient, ReplyOfAnotherVersionIsAnError) {
  FakeFreezer fake([](int connection, const Request&) {
    Reply reply;
    reply.version = freezer::kVersion + 1;
    return Send(connection, reply);
  });
  FreezerClient client(fake.TakeClientEnd());
  EXPECT_THAT(std::string(client.Hold(absl::Seconds(1)).message()), HasSubstr("another version"));
}

TEST(FreezerClient, ShortReplyIsAnError) {
  FakeFreezer fake(
      [](int connection, const Request&) { return send(connection, "x", 1, MSG_NOSIGNAL) == 1; });
  FreezerClient client(fake.TakeClientEnd());
  EXPECT_FALSE(client.Hold(absl::Seconds(1)).ok());
}

std::string ConnectFailure(const std::string& socket) {
  return std::string(FreezerClient::Connect(socket).status().message());
}

TEST(FreezerClient, MissingSocketIsNamedWithWhatStartsIt) {
  EXPECT_THAT(ConnectFailure("/nonexistent/freezer.sock"),
              HasSubstr("the freezer's socket /nonexistent/freezer.sock"));
  EXPECT_THAT(ConnectFailure("/run/toolboxd/no-such-freezer.sock"),
              HasSubstr("; start it with 'systemctl start toolboxd-freezer.socket'"));
  EXPECT_THAT(ConnectFailure("/" + std::string(200, 'a')), HasSubstr("a shorter --freezer"));
}

}  // namespace
}  // namespace toolboxd::snapshotd
