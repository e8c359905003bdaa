// SPDX-License-Identifier: Apache-2.0

// The host learns the operating system in two ways, and gets the same names in both.

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/guest_info.pb.h"
#include "transportd/guest_info/publisher.h"
#include "transportd/rpc/testing/rpci_recorder.h"
#include "transportd/testing/fake_guest.h"
#include "transportd/vix/message.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/property_list.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// docs/protocol/vix.md 4.7.
constexpr int32_t kOsVersion = 4503;
constexpr int32_t kOsVersionShort = 4520;

// The text of a property that GET_TOOLS_STATE answers.
std::string ToolsState(toolboxd::testing::FakeGuest& guest, int32_t id) {
  vix::Request request;
  request.opcode = vix::kGetToolsState;
  EXPECT_EQ(guest.SendRaw(request), 0u);
  std::string bytes;
  std::vector<vix::Property> properties;
  EXPECT_TRUE(absl::Base64Unescape(guest.result(), &bytes));
  EXPECT_TRUE(vix::DecodePropertyList(bytes, properties));
  for (const vix::Property& property : properties) {
    if (property.id == id) return std::get<std::string>(property.value);
  }
  return "";
}

TEST(OperatingSystem, ToolsStateAndSetGuestInfoHaveTheSameNames) {
  v1::GuestInfoSnapshot snapshot;
  v1::OperatingSystem& os = *snapshot.mutable_operating_system();
  os.set_short_name("debian12-64");
  os.set_full_name("Linux 6.1.0-18-amd64 Debian GNU/Linux 12 (bookworm)");
  os.set_bits(64);

  RpciRecorder host;
  guest_info::Publisher publisher(host.Send());
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  toolboxd::testing::FakeGuest guest;
  guest.operations().SetOperatingSystem(snapshot.operating_system());

  EXPECT_EQ(ToolsState(guest, kOsVersionShort), "debian12-64");
  EXPECT_THAT(host.requests, Contains(HasSubstr(ToolsState(guest, kOsVersionShort))));
  EXPECT_THAT(host.requests, Contains(HasSubstr(ToolsState(guest, kOsVersion))));
}

TEST(OperatingSystem, ToolsStateHasTheKernelsNameBeforeTheFirstSnapshot) {
  toolboxd::testing::FakeGuest guest;
  EXPECT_THAT(ToolsState(guest, kOsVersion), HasSubstr("Linux "));
  EXPECT_EQ(ToolsState(guest, kOsVersionShort), "otherlinux-64");
}

}  // namespace
}  // namespace toolboxd
