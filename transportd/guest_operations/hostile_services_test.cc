// SPDX-License-Identifier: Apache-2.0

// A user whose services misbehave, or who uses an extension that does, beside one who works.

#include <sys/stat.h>

#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/testing/short_temp_dir.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "transportd/guest_operations/guest_operations.h"
#include "transportd/routes/extension_route.h"
#include "transportd/routes/router.h"
#include "transportd/testing/fake_guest.h"
#include "transportd/testing/hgfs_host.h"
#include "transportd/testing/hostile_service.h"
#include "transportd/testing/service_host.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd {
namespace {

using ::toolboxd::testing::FakeGuest;
using ::toolboxd::testing::HgfsHost;
using ::toolboxd::testing::HostileService;
using ::toolboxd::testing::kTricks;
using ::toolboxd::testing::ServiceHost;
using ::toolboxd::testing::Trick;

// The time limits of FakeGuest: 0.4 s, and 0.8 s for what may take long. A request has one of them
// for all its calls and messages.
constexpr absl::Duration kRequest = absl::Milliseconds(1600);
constexpr absl::Duration kPrompt = absl::Seconds(1);
// In KiB. transportd's unit has 64 MiB; here the services' own memory is included.
#ifdef __SANITIZE_ADDRESS__
// AddressSanitizer keeps up to 256 MiB of what was freed.
constexpr int64_t kMemory = (64 + 256) << 10;
#else
constexpr int64_t kMemory = 64 << 10;
#endif

// The largest resident size of this process so far, in KiB.
int64_t PeakMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    int64_t kib = 0;
    if (absl::StartsWith(line, "VmHWM:") &&
        absl::SimpleAtoi(absl::string_view(line).substr(6, line.size() - 9), &kib)) {
      return kib;
    }
  }
  return 0;
}

class HostileServicesTest : public ::testing::Test {
 protected:
  HostileServicesTest() {
    const std::string routes = temp_.File("routes.d");
    mkdir(routes.c_str(), 0755);
    const std::string target = absl::StrCat("extension { target: \"unix:", socket_, "\" ");
    std::ofstream(routes + "/evil.textproto")
        << target << "tclo_command: \"Evil\" timeout_milliseconds: 400 }\n"
        << target << "file_scheme: \"evil\" timeout_milliseconds: 400 }\n"
        << target << "function: \"evil\" timeout_milliseconds: 400 }\n";
    guest_.own_hosts["alice"] = &host_;
    router_.Add("ping", [](absl::string_view) { return TcloReply::Ok(""); });
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
    for (grpc::Service* service : extension_.services()) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    guest_.hgfsd.Put("/tmp/f", "content");
  }

  void Restart(GuestOperationsOptions options = FakeGuest::Options()) {
    options.routes_directory = temp_.File("routes.d");
    guest_.Restart(options);
    AddExtensionRoute(router_, &guest_.operations().extensions());
  }

  // Each request has its time limit, whatever it is.
  template <typename Call>
  auto Timed(Call call) {
    const absl::Time begin = absl::Now();
    auto result = call();
    EXPECT_LT(absl::Now() - begin, kRequest) << "trick " << static_cast<int>(service_.trick.load());
    return result;
  }

  // By operation 84.
  std::optional<std::string> Exchange(const std::string& user, absl::string_view packet) {
    vix::HgfsPacketRequest request;
    request.packet = packet;
    const uint32_t error =
        guest_.Send(vix::kHgfsSendPacket, Encode(request), user, user.substr(0, 1), true);
    // A user whose services did not answer twice is refused for a while.
    if (error != 0 && user == "alice") return std::nullopt;
    EXPECT_EQ(error, 0u);
    return guest_.result();
  }
  void CreateSession(HgfsHost& host) { ASSERT_EQ(host.CreateSession(), hgfs::Status::kSuccess); }
  // 0 if it fails.
  uint32_t Open(HgfsHost& host, const std::string& path, hgfs::OpenMode mode) {
    uint32_t handle = 0;
    Timed([&] { return host.Open(path, mode, handle); });
    return handle;
  }
  std::string Read(HgfsHost& host, uint32_t handle) {
    std::string data;
    Timed([&] { return host.Read(handle, 0, data); });
    return data;
  }
  void Write(HgfsHost& host, uint32_t handle) {
    Timed([&] { return host.Append(handle, std::string(60000, 'x')); });
  }
  void Close(HgfsHost& host, uint32_t handle) {
    Timed([&] { return host.Close(handle); });
  }

  uint32_t Send(uint32_t opcode, const std::string& body) {
    return Timed([&] { return guest_.Send(opcode, body); });
  }

  // The other user's files and programs, and the host's ping.
  void ExpectOthersAreServed() {
    const absl::Time begin = absl::Now();
    vix::ListFilesRequest list;
    list.path = "/tmp";
    list.max_results = 10;
    EXPECT_EQ(guest_.Send(vix::kListFiles, Encode(list), "bob", "b"), 0u);
    vix::StartProgramRequest start;
    start.program = "/bin/true";
    EXPECT_EQ(guest_.Send(vix::kStartProgram, Encode(start), "bob", "b"), 0u);
    const uint32_t handle = Open(bob_, "/tmp/f", hgfs::kReadOnly);
    EXPECT_EQ(Read(bob_, handle), "content");
    Close(bob_, handle);
    EXPECT_EQ(router_.Dispatch("ping").Encode(), "OK ");
    EXPECT_LT(absl::Now() - begin, kPrompt);
  }

  // One after the other for each way to misbehave.
  void ForEachTrick(const std::function<void()>& operation) {
    const int64_t before = PeakMemory();
    for (const Trick trick : kTricks) {
      // Nothing of the trick before is remembered.
      Restart();
      CreateSession(alice_);
      CreateSession(bob_);
      service_.trick = extension_.trick = trick;
      operation();
      ExpectOthersAreServed();
    }
    EXPECT_LT(PeakMemory() - before, kMemory);
  }

  ShortTempDir temp_;
  const std::string socket_ = temp_.File("evil.sock");
  HostileService service_{Trick::kSilence};
  HostileService extension_{Trick::kSilence};
  ServiceHost host_{service_.services()};
  // Ends after guest_: its calls end with their connections.
  std::unique_ptr<grpc::Server> server_;
  FakeGuest guest_;
  Router router_;
  HgfsHost alice_{[this](absl::string_view packet) { return Exchange("alice", packet); }};
  HgfsHost bob_{[this](absl::string_view packet) { return Exchange("bob", packet); }};
};

TEST_F(HostileServicesTest, DownloadsEndInTime) {
  ForEachTrick([this] {
    const uint32_t handle = Open(alice_, "/tmp/f", hgfs::kReadOnly);
    if (handle == 0) return;
    Read(alice_, handle);
    Read(alice_, handle);
    Close(alice_, handle);
  });
}

TEST_F(HostileServicesTest, UploadsEndInTime) {
  ForEachTrick([this] {
    const uint32_t handle = Open(alice_, "/tmp/f", hgfs::kWriteOnly);
    if (handle == 0) return;
    for (int i = 0; i < 5; ++i) Write(alice_, handle);
    Close(alice_, handle);
  });
}

TEST_F(HostileServicesTest, ListsAreBounded) {
  vix::ListFilesRequest list;
  list.path = "/tmp";
  list.max_results = 100000;
  ForEachTrick([&] {
    Send(vix::kListFiles, Encode(list));
    Send(vix::kListProcessesEx, Encode(vix::ListProcessesRequest()));
    EXPECT_LT(guest_.result().size(), 64u << 10);
    Send(vix::kReadEnvironmentVariables, std::string(8, '\0'));
  });
}

TEST_F(HostileServicesTest, SingleRepliesAreBounded) {
  vix::StartProgramRequest start;
  start.program = "/bin/true";
  vix::ListFilesRequest transfer;
  transfer.path = "/tmp/f";
  ForEachTrick([&] {
    Send(vix::kStartProgram, Encode(start));
    Send(vix::kInitiateFileTransferFromGuest, Encode(transfer));
  });
}

TEST_F(HostileServicesTest, FunctionsAreBounded) {
  vix::StartProgramRequest start;
  start.program = "http.RoundTrip";
  start.arguments = "localhost:80";
  ForEachTrick([&] {
    EXPECT_EQ(Send(vix::kStartProgram, Encode(start)), 0u);
    uint64_t pid = 0;
    ASSERT_TRUE(absl::SimpleAtoi(guest_.result(), &pid));
    vix::TerminateRequest terminate;
    terminate.pid = pid;
    EXPECT_EQ(Send(vix::kTerminateProcess, Encode(terminate)), 0u);
  });
}

TEST_F(HostileServicesTest, UserWhoseServicesDoNotAnswerAgainIsRefusedForAWhile) {
  Restart();
  vix::StartProgramRequest start;
  start.program = "/bin/true";
  for (int i = 0; i < 2; ++i) {
    const absl::Time begin = absl::Now();
    EXPECT_EQ(Send(vix::kStartProgram, Encode(start)), 5u);
    EXPECT_GE(absl::Now() - begin, FakeGuest::Options().timeout / 2);
  }
  const int logins = guest_.logins;
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Send(vix::kStartProgram, Encode(start)), 5u);
  EXPECT_LT(absl::Now() - begin, FakeGuest::Options().timeout);
  EXPECT_EQ(guest_.logins, logins);
  CreateSession(bob_);
  ExpectOthersAreServed();
}

// Alone a user may wait longer for a slow disk.
TEST_F(HostileServicesTest, BesideOthersNoRequestThatHangsTakesASecond) {
  const auto time_of_alices = [&](bool beside_bob) {
    GuestOperationsOptions options = FakeGuest::Options();
    options.timeout = absl::Seconds(2);
    Restart(options);
    if (beside_bob) {
      CreateSession(bob_);
      ExpectOthersAreServed();
    }
    vix::StartProgramRequest start;
    start.program = "/bin/true";
    const absl::Time begin = absl::Now();
    EXPECT_EQ(guest_.Send(vix::kStartProgram, Encode(start)), 5u);
    return absl::Now() - begin;
  };
  EXPECT_GE(time_of_alices(false), absl::Milliseconds(1900));
  EXPECT_LT(time_of_alices(true), absl::Seconds(1));
  ExpectOthersAreServed();
}

TEST_F(HostileServicesTest, SlowUserIsRefusedByAnyName) {
  Restart();
  for (const char* name : {"alice@example", "Alice", "ALICE"}) {
    guest_.passwords[name] = "a";
    guest_.canonical_names[name] = "alice";
    guest_.own_hosts[name] = &host_;
  }
  vix::StartProgramRequest start;
  start.program = "/bin/true";
  const std::string body = Encode(start);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Send(vix::kStartProgram, body), 5u);
  for (const char* name : {"alice@example", "Alice", "ALICE"}) {
    const absl::Time begin = absl::Now();
    EXPECT_EQ(guest_.Send(vix::kStartProgram, body, name, "a"), 5u);
    EXPECT_LT(absl::Now() - begin, FakeGuest::Options().timeout) << name;
  }
  CreateSession(bob_);
  ExpectOthersAreServed();
}

TEST_F(HostileServicesTest, ExtensionsAreBounded) {
  vix::StartProgramRequest start;
  start.program = "evil";
  ForEachTrick([&] {
    Timed([&] { return router_.Dispatch("Evil x").Encode(); });
    EXPECT_EQ(Send(vix::kStartProgram, Encode(start)), 0u);
    for (const hgfs::OpenMode mode : {hgfs::kReadOnly, hgfs::kWriteOnly}) {
      const uint32_t handle = Open(alice_, "/evil/f", mode);
      if (handle == 0) continue;
      if (mode == hgfs::kReadOnly) Read(alice_, handle);
      if (mode == hgfs::kWriteOnly) Write(alice_, handle);
      Close(alice_, handle);
    }
  });
}

}  // namespace
}  // namespace toolboxd
