// SPDX-License-Identifier: Apache-2.0

// The destinations that the policy permits, through GuestOperations to vixd's http.RoundTrip.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "transportd/guest_operations/guest_operations.h"
#include "transportd/testing/service_host.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/message.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"
#include "vixd/function_service.h"

namespace toolboxd {
namespace {

constexpr uint32_t kRefusedByPolicy = 20005;

class HttpDestinationsTest : public ::testing::Test {
 protected:
  HttpDestinationsTest() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    // It reaches the listener, and is not a loopback address.
    destination_ = absl::StrCat("0.0.0.0:", port_);
  }
  ~HttpDestinationsTest() override { close(listener_); }

  // The error code of StartProgram under a policy that lists one destination.
  uint32_t Start(const std::string& listed, const std::string& arguments) {
    GuestOperationsOptions options;
    options.policy_file = absl::StrCat(getenv("TEST_TMPDIR"), "/policy.textproto");
    options.routes_directory = "/nonexistent";
    std::ofstream(options.policy_file) << "http_destinations: \"" << listed << "\"";
    SessionOpener opener;
    opener.connect = [this](SessionService, absl::Time) { return vixd_.Connect(); };
    opener.await_greeting = [](int, absl::Time) { return UniqueFd(); };
    opener.request = [](int, SessionService, bool, absl::string_view user, absl::string_view,
                        absl::Time) {
      return session::SessionUser{1000, std::string(user)};
    };
    operations_ = std::make_unique<GuestOperations>(std::move(opener), std::move(options));

    vix::StartProgramRequest body;
    body.program = "http.RoundTrip";
    body.arguments = arguments;
    const std::string encoded = Encode(body);
    const std::string credential = vix::EncodeNamePassword("alice", "a");
    vix::Request request;
    request.opcode = vix::kStartProgram;
    request.body = encoded;
    request.credential_type = vix::kCredentialNamePassword;
    request.credential = credential;
    const TcloReply answer = operations_->RunVix(vix::EncodeRelayedCommand(request));
    vix::Reply reply;
    EXPECT_TRUE(vix::ParseReply(answer.data, reply));
    return reply.error;
  }

  // Whether a client connects within three seconds.
  bool IsReached() {
    pollfd item{listener_, POLLIN, 0};
    if (poll(&item, 1, 3000) != 1) return false;
    close(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    return true;
  }

  int listener_;
  int port_ = 0;
  std::string destination_;
  vixd::FunctionService function_;
  toolboxd::testing::ServiceHost vixd_{{&function_}};
  std::unique_ptr<GuestOperations> operations_;
};

TEST_F(HttpDestinationsTest, DestinationsOfThePolicyAreReached) {
  for (const std::string& listed :
       {destination_, absl::StrCat("*:", port_), std::string("0.0.0.0:*"), std::string("*:*")}) {
    EXPECT_EQ(Start(listed, destination_), 0u) << listed;
    EXPECT_TRUE(IsReached()) << listed;
  }
  EXPECT_EQ(Start("*:*", absl::StrCat(" ", destination_, "\n")), 0u);
  EXPECT_TRUE(IsReached());
}

TEST_F(HttpDestinationsTest, OtherDestinationsAreRefused) {
  EXPECT_EQ(Start(absl::StrCat("*:", port_ + 1), destination_), kRefusedByPolicy);
  EXPECT_EQ(Start("0.0.0.1:*", destination_), kRefusedByPolicy);
}

TEST_F(HttpDestinationsTest, LoopbackNeedsNoPolicy) {
  EXPECT_EQ(Start("10.0.0.1:1", absl::StrCat("localhost:", port_)), 0u);
  EXPECT_TRUE(IsReached());
}

}  // namespace
}  // namespace toolboxd
