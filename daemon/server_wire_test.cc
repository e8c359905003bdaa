// SPDX-License-Identifier: Apache-2.0

// What no client of gRPC's sends: headers and messages without an end, compressed ones, garbage and
// nothing.

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/testing/eventually.h"
#include "base/unique_fd.h"
#include "daemon/channel.h"
#include "daemon/frame_reader.h"
#include "daemon/testing/frame_encoder.h"
#include "daemon/testing/server_fixture.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

using ServerWireTest = ServerTest;

TEST_F(ServerWireTest, AllowedCallerGetsHttp2WithAtMost64Streams) {
  StartServer();
  EXPECT_NE(Settings().find(std::string("\0\3\0\0\0\x40", 6)), std::string::npos)
      << "no SETTINGS_MAX_CONCURRENT_STREAMS of 64";
}

// S5 of tests/attacks/README.md: gRPC would keep all that come.
TEST_F(ServerWireTest, HeadersOfManyFramesEndTheirConnection) {
  StartServer();
  const auto channel = ConnectUnix(path_);
  ASSERT_TRUE(CheckHealth(channel, "").ok());
  UniqueFd connection = RawConnect();
  // Others follow.
  ASSERT_TRUE(Send(connection, Opening() + EncodeFrame(Frame::kHeaders, 0, 1, kPost)));
  EXPECT_TRUE(SeesEnd(connection));
  EXPECT_TRUE(CheckHealth(channel, "").ok());
}

// T1 of tests/attacks/README.md: gRPC would keep 16 MiB of them.
TEST_F(ServerWireTest, HeadersThatReferToALongOneEndTheirConnection) {
  StartServer();
  const auto channel = ConnectUnix(path_);
  ASSERT_TRUE(CheckHealth(channel, "").ok());
  UniqueFd connection = RawConnect();
  // A name of 3000 bytes that is kept, and three references to it.
  const std::string name = "\x40\x7f\xb9\x16" + std::string(3000, 'n');
  ASSERT_TRUE(
      Send(connection, Opening() + EncodeFrame(Frame::kHeaders, kEndHeaders, 1,
                                               absl::StrCat(kPost, name, "\1v", "\xbe\xbe\xbe"))));
  EXPECT_TRUE(SeesEnd(connection));
  EXPECT_TRUE(CheckHealth(channel, "").ok());
}

// T5 of tests/attacks/README.md: gRPC would take all of it before it counts.
TEST_F(ServerWireTest, MessageThatSaysThatItIsLongEndsItsConnection) {
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
TEST_F(ServerWireTest, CompressedRequestsAreRefused) {
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

TEST_F(ServerWireTest, GarbageEndsItsConnectionOnly) {
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
    EXPECT_TRUE(SeesEnd(connection));
  }
  EXPECT_TRUE(CheckHealth(channel, "").ok());
  // The server forgets them, although it closed them itself.
  EXPECT_TRUE(Eventually([this] { return server_->open_connections() == 1; }));
}

TEST_F(ServerWireTest, ConnectionThatNeverSpeaksIsClosed) {
  options_.limits.handshake_timeout = absl::Milliseconds(50);
  StartServer();
  UniqueFd connection = RawConnect();
  EXPECT_TRUE(SeesEnd(connection));
  EXPECT_TRUE(Eventually([this] { return server_->open_connections() == 0; }));
}

}  // namespace
}  // namespace toolboxd
