// SPDX-License-Identifier: Apache-2.0

#include "daemon/grpc_status.h"

#include <cerrno>
#include <string>

#include "base/status.h"
#include "daemon/channel.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/guest_info.grpc.pb.h"

namespace toolboxd {
namespace {

TEST(GrpcStatus, EveryReasonSurvivesTheRoundTrip) {
  for (int i = v1::Reason_MIN; i <= v1::Reason_MAX; ++i) {
    const v1::Reason reason = static_cast<v1::Reason>(i);
    const absl::Status sent = MakeError(reason, "why", EIO);
    const absl::Status received = FromGrpc(ToGrpc(sent));
    EXPECT_EQ(received.code(), sent.code()) << v1::Reason_Name(reason);
    EXPECT_EQ(received.message(), "why");
    EXPECT_EQ(ReasonOf(received), reason);
    EXPECT_EQ(OsErrorOf(received), EIO);
  }
}

TEST(GrpcStatus, CanonicalCodesKeepTheirNumbersInBothDirections) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status sent(static_cast<absl::StatusCode>(code), "m");
    EXPECT_EQ(ToGrpc(sent).error_code(), code);
    EXPECT_EQ(FromGrpc(ToGrpc(sent)), sent);
  }
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

TEST(GrpcStatus, WordsOfAFailedConnectionAreAddressAndReason) {
  const auto words = [](const char* message) {
    return std::string(FromGrpc(grpc::Status(grpc::UNAVAILABLE, message)).message());
  };
  EXPECT_EQ(words("failed to connect to all addresses; last error: UNKNOWN: unix:/run/x.sock: "
                  "Connection refused"),
            "cannot connect to unix:/run/x.sock: Connection refused");
  EXPECT_EQ(words("failed to connect to all addresses; last error: odd"), "cannot connect to odd");
  EXPECT_EQ(words("failed to connect to all addresses"), "failed to connect to all addresses");
  EXPECT_EQ(words("Socket closed"), "Socket closed");
}

TEST(GrpcStatus, ConnectingToNoSocketNamesItAndTheReason) {
  const auto stub = v1::GuestInfo::NewStub(ConnectUnix("/nonexistent/x.sock"));
  grpc::ClientContext context;
  v1::GuestInfoSnapshot snapshot;
  const absl::Status status = FromGrpc(stub->Get(&context, v1::GetGuestInfoRequest(), &snapshot));
  EXPECT_EQ(status, absl::UnavailableError(
                        "cannot connect to unix:/nonexistent/x.sock: No such file or directory"));
}

TEST(GrpcStatus, LongMessagesKeepTheirEnds) {
  const std::string name(20000, 'n');
  const absl::Status status = MakeError(v1::NOT_FOUND, "member '" + name + "' is missing");
  const grpc::Status sent = ToGrpc(status);
  EXPECT_LT(sent.error_message().size(), 2000u);
  EXPECT_THAT(sent.error_message(), testing::StartsWith("member 'nnn"));
  EXPECT_THAT(sent.error_message(), testing::EndsWith("nnn' is missing"));
  EXPECT_EQ(ReasonOf(FromGrpc(sent)), v1::NOT_FOUND);
}

TEST(GrpcStatus, GarbageFromThePeerIsDiscarded) {
  const grpc::Status garbage(static_cast<grpc::StatusCode>(31), "odd", "\xff\xff\xff");
  const absl::Status status = FromGrpc(garbage);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(status.message(), "odd");
  EXPECT_EQ(ReasonOf(status), v1::REASON_UNSPECIFIED);
}

}  // namespace
}  // namespace toolboxd
