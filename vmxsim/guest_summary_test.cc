// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest_summary.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vmxsim {
namespace {

// The summary of a guest that sent these RPCI messages.
std::string SummaryAfter(const std::vector<std::string>& messages) {
  Vmx vmx{VmxOptions()};
  std::string text;
  vmx.With([&](Vmx::View& view) {
    for (const std::string& message : messages) view.rpci.Handle(message);
    text = GuestSummary(view);
  });
  return text;
}

TEST(GuestSummary, SilentGuestIsNotRegistered) {
  EXPECT_EQ(SummaryAfter({}), "tools: not registered\n");
}

TEST(GuestSummary, ShowsQuotesWithoutBackslashes) {
  wire::Writer os;
  os.U32(1).Bytes("debian12-64").Zeros(129 - 11).Bytes("Debian").Zeros(513 - 6).Zeros(2);
  os.BytesAndNul("bitness='64' prettyName='Bob\\'s Linux'");
  EXPECT_EQ(SummaryAfter({absl::StrCat("SetGuestInfo  11 ", os.bytes())}),
            "tools: not registered\n"
            "os: debian12-64: Debian; bitness='64' prettyName='Bob's Linux'\n");
  EXPECT_EQ(SummaryAfter({"SetGuestInfo  5 Debian \"bookworm\""}),
            "tools: not registered\nos full name: Debian \"bookworm\"\n");
}

TEST(GuestSummary, CapabilityWithoutAValueEndsWithItsName) {
  EXPECT_EQ(
      SummaryAfter({"tools.capability.statechange ", "tools.capability.hgfs_server toolbox 1"}),
      "tools: not registered\n"
      "capability: hgfs_server toolbox 1\n"
      "capability: statechange\n");
}

TEST(GuestSummary, NamesWhatIsMalformed) {
  EXPECT_EQ(SummaryAfter({"SetGuestInfo  11 x", "SetGuestInfo  8 x", "SetGuestInfo  3 \x05",
                          "SetGuestInfo  10 x"}),
            "tools: not registered\n"
            "os: malformed OS information\n"
            "memory: malformed memory information\n"
            "disks: disk information is truncated\n"
            "nics: malformed NIC information\n");
}

TEST(GuestSummary, DiskJsonReplacesTheEarlyFormat) {
  wire::Writer list;
  list.U8(1).U64(1 << 30).U64(2ull << 30).Bytes("/early").Zeros(94);
  EXPECT_EQ(SummaryAfter(
                {absl::StrCat("SetGuestInfo  3 ", list.bytes()),
                 R"(SetGuestDiskInfo {"version":"1","disks":[)"
                 R"({"name":"Lw==","free":"1073741824","size":"2147483648","fstype":"ext4"}]})"}),
            "tools: not registered\ndisk: / ext4 1.0 GiB free of 2.0 GiB\n");
}

}  // namespace
}  // namespace toolboxd::vmxsim
