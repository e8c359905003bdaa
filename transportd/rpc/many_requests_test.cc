// SPDX-License-Identifier: Apache-2.0

// A million requests and a million commands over vsock leave nothing behind.

#include <errno.h>

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/allocated_bytes.h"
#include "gtest/gtest.h"
#include "transportd/rpc/fallback_channel.h"
#include "transportd/rpc/rpci_client.h"
#include "transportd/rpc/tclo_loop.h"
#include "transportd/vsock/data_map.h"
#include "transportd/vsock/socket_channel.h"
#include "transportd/vsock/system.h"

namespace toolboxd {
namespace {

// With a sanitizer it would take minutes, to count nothing.
constexpr int kRequests = kAllocationsAreCounted ? 1'000'000 : 20'000;
// From here on memory must be flat.
constexpr int kFirst = 10'000;
// One request in so many is a long one; the host ends the connection after so many.
constexpr int kLongEvery = 1000;
constexpr int kEndEvery = 5000;
// Buffers that are not exactly as long as before.
constexpr size_t kTolerance = 32 << 10;

// A host in memory, with one connection at a time. System calls would take most of the time.
class Host final : public vsock::System {
 public:
  // What the host does with a message of the guest's.
  std::function<void(absl::string_view message)> on_message = [](absl::string_view) {};
  int open_sockets = 0;

  void Give(absl::string_view message) {
    to_guest_ += vsock::EncodePacket({vsock::Packet::Type::kData, message, false});
  }
  void Leave() { left_ = true; }

  int Socket() override {
    ++open_sockets;
    left_ = false;
    to_guest_.clear();
    return 3;
  }
  int Bind(int, uint32_t) override { return 0; }
  int Connect(int, uint32_t) override { return 0; }
  int ConnectResult(int) override { return 0; }
  ssize_t Send(int, absl::string_view first, absl::string_view second) override {
    if (left_) return -EPIPE;
    from_guest_.assign(first.data(), first.size());
    from_guest_.append(second.data(), second.size());
    const auto packet =
        vsock::DecodePacket(absl::string_view(from_guest_).substr(vsock::kLengthSize));
    EXPECT_TRUE(packet.ok()) << packet.status();
    if (packet.ok()) on_message(packet->payload);
    return static_cast<ssize_t>(first.size() + second.size());
  }
  ssize_t Receive(int, char* bytes, size_t size) override {
    if (left_) return 0;
    if (to_guest_.empty()) return -EAGAIN;
    const size_t got = to_guest_.copy(bytes, size);
    to_guest_.erase(0, got);
    return static_cast<ssize_t>(got);
  }
  bool Wait(int, short, absl::Time) override { return !to_guest_.empty(); }
  void Close(int) override { --open_sockets; }
  absl::Time Now() override { return absl::FromUnixSeconds(1000); }

 private:
  bool left_ = false;
  std::string to_guest_;
  std::string from_guest_;
};

class ManyRequests : public ::testing::Test {
 protected:
  static std::string Message(int number) {
    return absl::StrCat(number, std::string(number % kLongEvery == 0 ? 60'000 : 20, 'x'));
  }

  // Calls `once` a million times.
  void ExpectFlatMemory(const std::function<void(int)>& once) {
    size_t before = 0;
    for (int i = 1; i <= kRequests; ++i) {
      once(i);
      if (HasFailure()) return;
      if (i == kFirst) before = AllocatedBytes();
      if (i % kEndEvery == 0) host_.Leave();
      ASSERT_LE(host_.open_sockets, 1);
    }
    EXPECT_LE(AllocatedBytes(), before + kTolerance);
  }

  Host host_;
  const std::function<absl::Time()> clock_ = [this] { return host_.Now(); };
};

TEST_F(ManyRequests, OfTheGuestLeaveMemoryAsItWas) {
  vsock::SocketChannel vsock(&host_, Protocol::kRpci);
  FallbackChannel channel(Protocol::kRpci, &vsock, nullptr, clock_);
  RpciClient client(&channel);
  host_.on_message = [this](absl::string_view request) { host_.Give(absl::StrCat("1 ", request)); };
  ExpectFlatMemory([&](int number) {
    const std::string request = Message(number);
    const absl::StatusOr<RpciReply> reply = client.Send(request);
    ASSERT_TRUE(reply.ok()) << reply.status();
    ASSERT_EQ(reply->data, request);
  });
}

TEST_F(ManyRequests, OfTheHostLeaveMemoryAsItWas) {
  vsock::SocketChannel vsock(&host_, Protocol::kTclo);
  FallbackChannel channel(Protocol::kTclo, &vsock, nullptr, clock_);
  bool open = false;
  TcloLoop loop(
      &channel,
      {.answer = [](absl::string_view command) { return TcloReply::Ok(std::string(command)); },
       .on_open = [&] { open = true; },
       .on_error = [&](const absl::Status&) { open = false; }},
      clock_);
  std::string answer;
  host_.on_message = [&](absl::string_view message) { answer = std::string(message); };
  ExpectFlatMemory([&](int number) {
    // One poll notices that the host has left, the next one connects.
    for (int tries = 0; tries < 2 && (!open || number % kEndEvery == 1); ++tries) loop.Poll();
    ASSERT_TRUE(open);
    const std::string command = Message(number);
    host_.Give(command);
    // It arrives with one poll, and its answer leaves with the next one.
    loop.Poll();
    loop.Poll();
    ASSERT_EQ(answer, "OK " + command);
  });
}

}  // namespace
}  // namespace toolboxd
