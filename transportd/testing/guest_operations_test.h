// SPDX-License-Identifier: Apache-2.0

// The fixture of tests of whole guest operations, from the relayed command to the answer.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_GUEST_OPERATIONS_TEST_H_
#define TOOLBOXD_TRANSPORTD_TESTING_GUEST_OPERATIONS_TEST_H_

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "transportd/testing/fake_guest.h"
#include "transportd/testing/hgfs_host.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd {

inline std::string PathBody(absl::string_view path) {
  vix::PathRequest request;
  request.path = path;
  return Encode(request);
}

inline std::string StartBody(absl::string_view program, absl::string_view arguments = "") {
  vix::StartProgramRequest request;
  request.program = program;
  request.arguments = arguments;
  return Encode(request);
}

inline std::string ListBody(absl::string_view path, int32_t max_results, uint64_t offset = 0) {
  vix::ListFilesRequest request;
  request.path = path;
  request.max_results = max_results;
  request.offset = offset;
  return Encode(request);
}

class GuestOperationsTest : public ::testing::Test {
 protected:
  // Its path.
  std::string TempFile(const std::string& name, const std::string& text) {
    const std::string path = std::string(getenv("TEST_TMPDIR")) + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  void CreateSession() { ASSERT_EQ(hgfs_.CreateSession(), hgfs::Status::kSuccess); }

  // One HGFS packet with another user's credential.
  template <typename Request, typename Reply>
  hgfs::Status HgfsOf(const std::string& user, const std::string& password, hgfs::Op op,
                      const Request& message, Reply& reply) {
    user_ = user;
    password_ = password;
    const hgfs::Status status = hgfs_.Call(op, message, reply);
    user_ = "alice";
    password_ = "a";
    return status;
  }

  // The audit lines that `action` leaves, without their common beginning.
  template <typename Action>
  std::vector<std::string> Audited(Action action) {
    ::testing::internal::CaptureStderr();
    action();
    std::vector<std::string> lines;
    for (absl::string_view line :
         absl::StrSplit(::testing::internal::GetCapturedStderr(), '\n', absl::SkipEmpty())) {
      const size_t at = line.find("guest operation user=");
      if (at != absl::string_view::npos) lines.emplace_back(line.substr(at + 21));
    }
    return lines;
  }

  testing::FakeGuest guest_;
  std::string user_ = "alice";
  std::string password_ = "a";
  // alice's, by operation 84.
  testing::HgfsHost hgfs_{[this](absl::string_view packet) -> std::optional<std::string> {
    vix::HgfsPacketRequest request;
    request.packet = packet;
    EXPECT_EQ(guest_.Send(vix::kHgfsSendPacket, Encode(request), user_, password_, true), 0u);
    return guest_.result();
  }};
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_TESTING_GUEST_OPERATIONS_TEST_H_
