// SPDX-License-Identifier: Apache-2.0

#include "daemon/server.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/channel.h"
#include "daemon/frame_reader.h"
#include "daemon/quiet_engine.h"
#include "daemon/testing/frame_encoder.h"
#include "daemon/testing/reflection_client.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/create_channel_posix.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/power.grpc.pb.h"

namespace toolboxd {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// Long enough for anything on a busy machine; nothing waits for it unless it fails.
constexpr absl::Duration kPatience = absl::Seconds(20);

// Answers each message with one; the server is tested, not the service.
class Power final : public v1::Power::Service {
 public:
  grpc::Status ChangeState(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::ChangeStateUpdate, v1::ChangeStateRequest>* stream) override {
    v1::ChangeStateRequest request;
    v1::ChangeStateUpdate update;
    update.mutable_started();
    while (stream->Read(&request)) stream->Write(update);
    return grpc::Status::OK;
  }
};

class ServerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { InstallQuietEngine(); }

  ServerTest() {
    options_.listener.path = path_;
    options_.services = {{v1::Power::service_full_name(), &power_}};
    options_.handle_signals = false;
    options_.allowed.AllowUser(getuid());
  }

  ~ServerTest() override { StopServer(); }

  void StartServer() {
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(options_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    run_ = std::async(std::launch::async, [this] { return server_->Run(); });
  }

  void StopServer() {
    if (!run_.valid()) return;
    server_->Stop();
    EXPECT_TRUE(run_.get().ok());
  }

  // A connection without gRPC.
  UniqueFd RawConnect() {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      fd.reset();
    }
    return fd;
  }

  // As another user: the kernel notes the effective one of the thread that connects.
  UniqueFd RawConnectAs(uid_t uid) {
    UniqueFd fd;
    std::thread([&] {
      ASSERT_EQ(syscall(SYS_setresuid, -1, uid, -1), 0);
      fd = RawConnect();
    }).join();
    return fd;
  }

  // Serves root and any user with fewer rights.
  void StartServerForUsers() {
    ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
    options_.listener.mode = 0666;
    for (uid_t user = kFirstUser; user < kFirstUser + kUsers; ++user) {
      options_.allowed.AllowUser(user);
    }
    options_.limited.emplace();
    options_.limited->services = options_.services;
    options_.limited->full = AllowedCallers();
    options_.limited->full.set_root_allowed(false);
    StartServer();
  }

  // Whether the kernel takes all of it.
  static bool Send(const UniqueFd& connection, const std::string& bytes) {
    return send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }

  // Whether the other side ends the connection.
  static bool SeesEnd(int fd) {
    char buffer[4096];
    pollfd end{fd, POLLIN, 0};
    for (;;) {
      if (poll(&end, 1, static_cast<int>(absl::ToInt64Milliseconds(kPatience))) != 1) return false;
      if (read(fd, buffer, sizeof(buffer)) <= 0) return true;
    }
  }

  // What the server says of itself to a new connection: for each of HTTP/2's settings two bytes of
  // identifier and four of value.
  std::string Settings() {
    UniqueFd connection = RawConnect();
    // The server's SETTINGS frame comes only after the client's preface.
    EXPECT_TRUE(Send(connection, Opening()));
    uint8_t frame[9] = {};
    EXPECT_EQ(recv(connection.get(), frame, sizeof(frame), MSG_WAITALL), 9);
    EXPECT_EQ(frame[3], kSettings);
    std::string settings(frame[1] << 8 | frame[2], '\0');
    EXPECT_EQ(recv(connection.get(), settings.data(), settings.size(), MSG_WAITALL),
              static_cast<ssize_t>(settings.size()));
    return settings;
  }

  static grpc::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel,
                                  const std::string& service,
                                  HealthCheckResponse* response = nullptr) {
    HealthCheckRequest request;
    HealthCheckResponse ignored;
    request.set_service(service);
    grpc::ClientContext context;
    SetTimeout(kPatience, &context);
    return Health::NewStub(channel)->Check(&context, request,
                                           response != nullptr ? response : &ignored);
  }

  static constexpr uid_t kFirstUser = 4711;
  static constexpr uid_t kUsers = 3;

  ShortTempDir dir_;
  const std::string path_ = dir_.File("socket");
  Power power_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
  std::future<absl::Status> run_;
};

// Has no methods: each call is unimplemented.
class NoPower final : public v1::Power::Service {};

// gRPC's answer to the first call of Power.
grpc::StatusCode PowerAnswer(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  SetTimeout(kPatience, &context);
  const auto stream = v1::Power::NewStub(channel)->ChangeState(&context);
  stream->WritesDone();
  return stream->Finish().error_code();
}

TEST_F(ServerTest, CallersWhoAreNotOfTheFullOnesGetTheLimitedServices) {
  NoPower less;
  options_.limited.emplace();
  options_.limited->services = {{v1::Power::service_full_name(), &less}};
  for (const bool full : {false, true}) {
    options_.limited->full = AllowedCallers();
    options_.limited->full.set_root_allowed(false);
    if (full) options_.limited->full.AllowUser(getuid());
    StartServer();
    EXPECT_EQ(PowerAnswer(ConnectUnix(path_)),
              full ? grpc::StatusCode::OK : grpc::StatusCode::UNIMPLEMENTED);
    // Health and reflection are everybody's.
    EXPECT_TRUE(CheckHealth(ConnectUnix(path_), v1::Power::service_full_name()).ok());
    StopServer();
    server_.reset();
  }
}

TEST_F(ServerTest, ReflectionListsAndDescribesEveryService) {
  StartServer();
  auto channel = ConnectUnix(path_);
  absl::StatusOr<std::set<std::string>> names = ListServices(channel);
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_EQ(*names, (std::set<std::string>{"grpc.health.v1.Health",
                                           "grpc.reflection.v1alpha.ServerReflection",
                                           "toolboxd.v1.Power"}));
  for (const std::string& name : *names) EXPECT_TRUE(*Describes(channel, name)) << name;
  EXPECT_TRUE(*Describes(channel, "toolboxd.v1.ChangeStateUpdate"));
  EXPECT_FALSE(*Describes(channel, "toolboxd.v1.Nothing"));
}

TEST_F(ServerTest, HealthKnowsProcessAndServices) {
  StartServer();
  auto channel = ConnectUnix(path_);
  HealthCheckResponse response;
  for (const char* service : {"", "toolboxd.v1.Power"}) {
    ASSERT_TRUE(CheckHealth(channel, service, &response).ok());
    EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  }
  EXPECT_EQ(CheckHealth(channel, "nobody").error_code(), grpc::StatusCode::NOT_FOUND);
  server_->health().SetServing("toolboxd.v1.Power", false);
  ASSERT_TRUE(CheckHealth(channel, "toolboxd.v1.Power", &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
}

// Streams take a thread each: what is beyond the limit is refused, and nothing hangs.
TEST_F(ServerTest, CallsBeyondTheThreadLimitAreRefused) {
  constexpr int kThreads = 6;
  options_.limits.max_threads = kThreads;
  StartServer();
  auto stub = v1::Power::NewStub(ConnectUnix(path_));
  v1::ChangeStateRequest request;
  v1::ChangeStateUpdate update;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<
      std::unique_ptr<grpc::ClientReaderWriter<v1::ChangeStateRequest, v1::ChangeStateUpdate>>>
      streams;
  int served = 0;
  for (int i = 0; i < 2 * kThreads; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    SetTimeout(kPatience, contexts.back().get());
    streams.push_back(stub->ChangeState(contexts.back().get()));
    streams.back()->Write(request);
    if (streams.back()->Read(&update)) ++served;
  }
  EXPECT_GE(served, 1);
  EXPECT_LE(served, kThreads);
  int refused = 0;
  for (auto& stream : streams) {
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) ++refused;
  }
  EXPECT_EQ(refused, 2 * kThreads - served);
  EXPECT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
}

TEST_F(ServerTest, OversizedMessageEndsItsCallOnly) {
  options_.limits.max_request_bytes = 1000;
  StartServer();
  auto channel = ConnectUnix(path_);
  EXPECT_EQ(CheckHealth(channel, std::string(2000, 'x')).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(CheckHealth(channel, "").ok());
}

TEST_F(ServerTest, RefusedCallerIsDisconnectedWithoutAByte) {
  options_.allowed = AllowedCallers();
  options_.allowed.AllowUser(getuid() + 1);
  options_.allowed.set_root_allowed(false);
  StartServer();
  UniqueFd connection = RawConnect();
  ASSERT_TRUE(connection.ok());
  char byte;
  EXPECT_LE(read(connection.get(), &byte, 1), 0);
  EXPECT_EQ(CheckHealth(ConnectUnix(path_), "").error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_GE(server_->refused_connections(), 2);
  EXPECT_EQ(server_->open_connections(), 0);
}

TEST_F(ServerTest, AllowedCallerGetsHttp2WithAtMost64Streams) {
  StartServer();
  EXPECT_NE(Settings().find(std::string("\0\3\0\0\0\x40", 6)), std::string::npos)
      << "no SETTINGS_MAX_CONCURRENT_STREAMS of 64";
}

// S5 of tests/attacks/README.md: gRPC would keep all that come.
TEST_F(ServerTest, HeadersOfManyFramesEndTheirConnection) {
  StartServer();
  const auto channel = ConnectUnix(path_);
  ASSERT_TRUE(CheckHealth(channel, "").ok());
  UniqueFd connection = RawConnect();
  // Others follow.
  ASSERT_TRUE(Send(connection, Opening() + EncodeFrame(Frame::kHeaders, 0, 1, kPost)));
  EXPECT_TRUE(SeesEnd(connection.get()));
  EXPECT_TRUE(CheckHealth(channel, "").ok());
}

// T1 of tests/attacks/README.md: gRPC would keep 16 MiB of them.
TEST_F(ServerTest, HeadersThatReferToALongOneEndTheirConnection) {
  StartServer();
  const auto channel = ConnectUnix(path_);
  ASSERT_TRUE(CheckHealth(channel, "").ok());
  UniqueFd connection = RawConnect();
  // A name of 3000 bytes that is kept, and three references to it.
  const std::string name = "\x40\x7f\xb9\x16" + std::string(3000, 'n');
  ASSERT_TRUE(
      Send(connection, Opening() + EncodeFrame(Frame::kHeaders, kEndHeaders, 1,
                                               absl::StrCat(kPost, name, "\1v", "\xbe\xbe\xbe"))));
  EXPECT_TRUE(SeesEnd(connection.get()));
  EXPECT_TRUE(CheckHealth(channel, "").ok());
}

// T5 of tests/attacks/README.md: gRPC would take all of it before it counts.
TEST_F(ServerTest, MessageThatSaysThatItIsLongEndsItsConnection) {
  StartServer();
  UniqueFd connection = RawConnect();
  // A message of 2 GiB, byte by byte.
  ASSERT_TRUE(Send(
      connection, Opening() + EncodeFrame(Frame::kHeaders, kEndHeaders, 1, HealthCheckHeaders()) +
                      EncodeFrame(Frame::kData, 0, 1, absl::string_view("\0\x7f\xff\xff\xff", 5))));
  const std::string byte = EncodeFrame(Frame::kData, 0, 1, "x");
  EXPECT_TRUE(Eventually([&] { return !Send(connection, byte); }));
}

// T4 of tests/attacks/README.md: 16 kB can be 16 MB.
TEST_F(ServerTest, CompressedRequestsAreRefused) {
  StartServer();
  const auto channel = grpc::CreateChannel("unix:" + path_, grpc::InsecureChannelCredentials());
  HealthCheckRequest request;
  request.set_service(std::string(100000, 'x'));
  HealthCheckResponse response;
  grpc::ClientContext context;
  SetTimeout(kPatience, &context);
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  EXPECT_EQ(Health::NewStub(channel)->Check(&context, request, &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(ServerTest, GarbageEndsItsConnectionOnly) {
  StartServer();
  auto channel = ConnectUnix(path_);
  ASSERT_TRUE(CheckHealth(channel, "").ok());
  const std::string garbage[] = {
      std::string(10000, '\xff'),
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      // A frame of 16 MiB, and headers before any settings.
      absl::StrCat(kPreface, absl::string_view("\xff\xff\xff\4\0\0\0\0\0", 9)),
      absl::StrCat(kPreface, EncodeFrame(Frame::kHeaders, kEndHeaders, 1, "\xff")),
  };
  for (const std::string& bytes : garbage) {
    UniqueFd connection = RawConnect();
    ASSERT_TRUE(connection.ok());
    ASSERT_TRUE(Send(connection, bytes));
    EXPECT_TRUE(SeesEnd(connection.get()));
  }
  EXPECT_TRUE(CheckHealth(channel, "").ok());
  // The server forgets them, although it closed them itself.
  EXPECT_TRUE(Eventually([this] { return server_->open_connections() == 1; }));
}

TEST_F(ServerTest, ConnectionsAreCountedAndForgotten) {
  StartServer();
  UniqueFd first = RawConnect();
  UniqueFd second = RawConnect();
  EXPECT_TRUE(Eventually([this] { return server_->open_connections() == 2; }));
  first.reset();
  EXPECT_TRUE(Eventually([this] { return server_->open_connections() == 1; }));
  second.reset();
  EXPECT_TRUE(Eventually([this] { return server_->open_connections() == 0; }));
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitAreClosed) {
  options_.max_connections = 1;
  StartServer();
  UniqueFd first = RawConnect();
  ASSERT_TRUE(Eventually([this] { return server_->open_connections() == 1; }));
  UniqueFd second = RawConnect();
  EXPECT_TRUE(SeesEnd(second.get()));
  first.reset();
  ASSERT_TRUE(Eventually([this] { return server_->open_connections() == 0; }));
  EXPECT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
}

TEST_F(ServerTest, SecondInstanceIsRefusedAndTheFirstGoesOn) {
  StartServer();
  absl::StatusOr<std::unique_ptr<Server>> second = Server::Create(options_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists) << second.status();
  EXPECT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
}

// R6 of tests/attacks/README.md.
TEST_F(ServerTest, LimitedCallersLeaveHalfOfTheConnectionsToTheOthers) {
  NoPower less;
  options_.max_connections = 8;
  options_.limited.emplace();
  options_.limited->services = {{v1::Power::service_full_name(), &less}};
  for (const bool full : {false, true}) {
    options_.limited->full = AllowedCallers();
    options_.limited->full.set_root_allowed(false);
    if (full) options_.limited->full.AllowUser(getuid());
    StartServer();
    std::vector<UniqueFd> connections;
    connections.reserve(10);
    for (int i = 0; i < 10; ++i) connections.push_back(RawConnect());
    // Of the half, one user has half.
    const int places = full ? 8 : 2;
    EXPECT_TRUE(Eventually([&] { return server_->refused_connections() == 10 - places; }));
    EXPECT_EQ(server_->open_connections(), places);
    connections.clear();
    // Places that become free are for either.
    EXPECT_TRUE(Eventually([&] { return server_->open_connections() == 0; }));
    // The gate may notice a little later.
    EXPECT_TRUE(Eventually(
        [&] { return CheckHealth(ConnectUnix(path_), v1::Power::service_full_name()).ok(); }));
    StopServer();
    server_.reset();
  }
}

// W1 of tests/attacks/README.md.
TEST_F(ServerTest, LimitedCallersOfAFewUsersLeaveAPlaceForAnother) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  StartServerForUsers();
  std::vector<UniqueFd> connections;
  const int places = options_.max_connections / 2;
  // Of one user alone, and then of several who reconnect without an end.
  for (uid_t user = kFirstUser; user < kFirstUser + kUsers; ++user) {
    for (int i = 0; i < places; ++i) {
      connections.push_back(RawConnectAs(user));
      // One that does not speak HTTP/2 is closed.
      Send(connections.back(), Opening());
    }
    EXPECT_TRUE(SeesEnd(connections.back().get()));
    if (user == kFirstUser) {
      EXPECT_EQ(server_->open_connections(), places / 2);
    }
    EXPECT_TRUE(CheckHealth(ConnectUnix(path_), "").ok()) << user;
  }
  EXPECT_LT(server_->open_connections(), places);
}

// W2 of tests/attacks/README.md: a thread waits until its caller takes the reply.
TEST_F(ServerTest, LimitedCallerWhoTakesNoRepliesLeavesThreadsToAnother) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  StartServerForUsers();
  // SETTINGS_INITIAL_WINDOW_SIZE is 0.
  std::string calls =
      Opening(absl::string_view("\0\4\0\0\0\0", 6)) + EncodeFrame(kSettings, kAcknowledge, 0);
  for (uint32_t stream = 1; stream < 16; stream += 2) {
    calls += EncodeFrame(Frame::kHeaders, kEndHeaders, stream, HealthCheckHeaders());
    calls += EncodeFrame(Frame::kData, Frame::kEndStream, stream, std::string(5, '\0'));
  }
  std::vector<UniqueFd> connections;
  for (int i = 0; i < 16; ++i) {
    connections.push_back(RawConnectAs(kFirstUser));
    Send(connections.back(), calls);
  }
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
}

// W3 of tests/attacks/README.md.
TEST_F(ServerTest, WatchStreamsOfLimitedCallersLeaveThoseOfOthers) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  options_.limited.emplace();
  options_.limited->full.set_root_allowed(false);
  options_.limited->full.AllowUser(kFirstUser);
  ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
  options_.listener.mode = 0666;
  options_.allowed.AllowUser(kFirstUser);
  StartServer();
  HealthCheckRequest request;
  HealthCheckResponse response;
  const auto stub = Health::NewStub(ConnectUnix(path_));
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<HealthCheckResponse>>> streams;
  for (int i = 0; i < HealthService::kMaxWatches; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(stub->Watch(contexts.back().get(), request));
    ASSERT_TRUE(streams.back()->Read(&response));
  }
  std::thread([&] {
    ASSERT_EQ(syscall(SYS_setresuid, -1, kFirstUser, -1), 0);
    grpc::ClientContext context;
    SetTimeout(kPatience, &context);
    const int fd = RawConnect().release();
    const auto full =
        Health::NewStub(grpc::CreateInsecureChannelFromFd("full", fd))->Watch(&context, request);
    EXPECT_TRUE(full->Read(&response));
    context.TryCancel();
    full->Finish();
  }).join();
  for (auto& one : contexts) one->TryCancel();
  for (auto& one : streams) one->Finish();
}

// S4 of tests/attacks/README.md: what they send takes memory that is everybody's.
TEST_F(ServerTest, LimitedCallersSendSmallRequestsAndFewAtATime) {
  NoPower less;
  options_.limited.emplace();
  options_.limited->services = {{v1::Power::service_full_name(), &less}};
  options_.limited->full.set_root_allowed(false);
  StartServer();
  const auto channel = ConnectUnix(path_);
  EXPECT_EQ(CheckHealth(channel, std::string(20000, 'x')).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(CheckHealth(channel, std::string(10000, 'x')).error_code(),
            grpc::StatusCode::NOT_FOUND);
  const std::string settings = Settings();
  EXPECT_NE(settings.find(std::string("\0\3\0\0\0\x08", 6)), std::string::npos)
      << "no SETTINGS_MAX_CONCURRENT_STREAMS of 8";
  EXPECT_NE(settings.find(std::string("\0\4\0\0\x80\0", 6)), std::string::npos)
      << "no SETTINGS_INITIAL_WINDOW_SIZE of 32 KiB";
}

// T3 of tests/attacks/README.md: gRPC reads them faster than it serves them.
TEST_F(ServerTest, LimitedCallerWhoGivesCallsUpWithoutEndIsDisconnected) {
  options_.limited.emplace();
  options_.limited->services = options_.services;
  options_.limited->full.set_root_allowed(false);
  StartServer();
  const auto channel = ConnectUnix(path_);
  ASSERT_TRUE(CheckHealth(channel, "").ok());
  const UniqueFd connection = RawConnect();
  std::string calls = Opening();
  for (uint32_t stream = 1; stream < 19; stream += 2) {
    calls += EncodeFrame(Frame::kHeaders, kEndHeaders, stream, kPost);
    calls += EncodeFrame(Frame::kReset, 0, stream, kCancel);
  }
  ASSERT_TRUE(Send(connection, calls));
  EXPECT_TRUE(SeesEnd(connection.get()));
  EXPECT_TRUE(CheckHealth(channel, "").ok());
}

TEST_F(ServerTest, ServerWithoutConnectionsExitsAfterItsIdleTime) {
  options_.idle_exit = absl::Milliseconds(20);
  StartServer();
  EXPECT_TRUE(run_.get().ok());
  EXPECT_EQ(RawConnect().get(), -1);
}

TEST_F(ServerTest, IdleExitWaitsForTheLastConnection) {
  options_.idle_exit = absl::Milliseconds(100);
  StartServer();
  {
    auto channel = ConnectUnix(path_);
    ASSERT_TRUE(CheckHealth(channel, "").ok());
    EXPECT_EQ(run_.wait_for(std::chrono::milliseconds(400)), std::future_status::timeout);
    EXPECT_TRUE(CheckHealth(channel, "").ok());
  }
  EXPECT_TRUE(run_.get().ok());
}

TEST_F(ServerTest, IdleExitWaitsForWorkWithoutAConnection) {
  std::atomic<int> asked{0};
  options_.idle_exit = absl::Milliseconds(5);
  options_.busy = [&asked] { return ++asked < 3; };
  StartServer();
  EXPECT_TRUE(run_.get().ok());
  EXPECT_EQ(asked.load(), 3);
}

TEST_F(ServerTest, FinishedServerEndsWithItsLastConnection) {
  std::atomic<bool> finished{false};
  options_.idle_exit = absl::Hours(1);
  options_.finished = [&finished] { return finished.load(); };
  StartServer();
  ASSERT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
  ASSERT_TRUE(Eventually([this] { return server_->open_connections() == 0; }));
  {
    auto channel = ConnectUnix(path_);
    ASSERT_TRUE(CheckHealth(channel, "").ok());
    finished = true;
    ASSERT_TRUE(CheckHealth(channel, "").ok());
  }
  EXPECT_TRUE(run_.get().ok());
}

TEST_F(ServerTest, IdleServerDoesNotWakeUp) {
  options_.trim_after = absl::Milliseconds(20);
  StartServer();
  ASSERT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
  ASSERT_TRUE(Eventually([this] { return server_->open_connections() == 0; }));
  absl::SleepFor(absl::Milliseconds(200));  // Memory is trimmed once.
  const int64_t before = server_->wakeups();
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_EQ(server_->wakeups(), before);
}

TEST_F(ServerTest, WatchStreamsEndWithTheServer) {
  StartServer();
  auto stub = Health::NewStub(ConnectUnix(path_));
  HealthCheckRequest request;
  HealthCheckResponse response;
  grpc::ClientContext context;
  auto stream = stub->Watch(&context, request);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  server_->Stop();
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(stream->Read(&response));
  // The connection closes right after the status, which a client that is just writing loses.
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE)
      << status.error_message();
}

TEST_F(ServerTest, WatchReportsEveryChangeAndServicesThatComeLater) {
  StartServer();
  auto stub = Health::NewStub(ConnectUnix(path_));
  HealthCheckRequest request;
  request.set_service("later");
  HealthCheckResponse response;
  grpc::ClientContext context;
  auto stream = stub->Watch(&context, request);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  server_->health().SetServing("later", true);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  server_->health().SetServing("other", false);
  server_->health().SetServing("later", false);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  context.TryCancel();
  stream->Finish();
}

TEST_F(ServerTest, WatchStreamsAreLimitedAndEndWithTheirConnection) {
  StartServer();
  HealthCheckRequest request;
  HealthCheckResponse response;
  {
    auto channel = ConnectUnix(path_);
    auto stub = Health::NewStub(channel);
    std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
    std::vector<std::unique_ptr<grpc::ClientReader<HealthCheckResponse>>> streams;
    for (int i = 0; i < HealthService::kMaxWatches; ++i) {
      contexts.push_back(std::make_unique<grpc::ClientContext>());
      streams.push_back(stub->Watch(contexts.back().get(), request));
      ASSERT_TRUE(streams.back()->Read(&response));
    }
    grpc::ClientContext context;
    auto refused = stub->Watch(&context, request);
    EXPECT_FALSE(refused->Read(&response));
    EXPECT_EQ(refused->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_TRUE(CheckHealth(channel, "").ok());
    for (auto& one : contexts) one->TryCancel();
    for (auto& one : streams) one->Finish();
  }
  EXPECT_TRUE(Eventually([this] { return server_->health().watches() == 0; }));
}

TEST_F(ServerTest, SilentConnectionDoesNotDelayTheEnd) {
  StartServer();
  UniqueFd connection = RawConnect();
  ASSERT_TRUE(Eventually([this] { return server_->open_connections() == 1; }));
  server_->Stop();
  EXPECT_TRUE(run_.get().ok());
  EXPECT_TRUE(SeesEnd(connection.get()));
}

TEST_F(ServerTest, ConnectionThatNeverSpeaksIsClosed) {
  options_.limits.handshake_timeout = absl::Milliseconds(50);
  StartServer();
  UniqueFd connection = RawConnect();
  EXPECT_TRUE(SeesEnd(connection.get()));
  EXPECT_TRUE(Eventually([this] { return server_->open_connections() == 0; }));
}

TEST_F(ServerTest, SigtermEndsAndSighupReloads) {
  std::atomic<int> reloads{0};
  options_.handle_signals = true;
  options_.on_reload = [&reloads] { ++reloads; };
  StartServer();
  kill(getpid(), SIGHUP);
  EXPECT_TRUE(Eventually([&reloads] { return reloads.load() == 1; }));
  kill(getpid(), SIGTERM);
  EXPECT_TRUE(run_.get().ok());
  server_.reset();
}

}  // namespace
}  // namespace toolboxd
