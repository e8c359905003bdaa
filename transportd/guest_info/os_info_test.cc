// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/os_info.h"

#include <string>

#include "gtest/gtest.h"
#include "vmxsim/os_info.h"

namespace toolboxd::guest_info {
namespace {

using ::std::string_literals::operator""s;

v1::OperatingSystem Debian() {
  v1::OperatingSystem os;
  os.set_short_name("debian12-64");
  os.set_full_name("Linux 6.1.0-18-amd64 Debian GNU/Linux 12 (bookworm)");
  os.set_distribution_name("Debian GNU/Linux");
  os.set_distribution_version("12");
  os.set_pretty_name("Debian GNU/Linux 12 (bookworm)");
  os.set_kernel_version("6.1.0-18-amd64");
  os.set_bits(64);
  os.set_architecture("X86");
  return os;
}

TEST(OsDetailed, HeaderIs648Bytes) {
  const std::string value = EncodeOsDetailed(Debian());
  EXPECT_EQ(value.substr(0, 16), "\1\0\0\0debian12-64\0"s);
  EXPECT_EQ(value.substr(4 + 129, 6), "Linux ");
  EXPECT_EQ(value.substr(648),
            "architecture='X86' bitness='64' distroName='Debian GNU/Linux' distroVersion='12' "
            "familyName='Linux' kernelVersion='6.1.0-18-amd64' "
            "prettyName='Debian GNU/Linux 12 (bookworm)'\0"s);
}

TEST(OsDetailed, HostReadsWhatWasEncoded) {
  const auto decoded = vmxsim::DecodeOsInfo(EncodeOsDetailed(Debian()));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->short_name, Debian().short_name());
  EXPECT_EQ(decoded->full_name, Debian().full_name());
  EXPECT_EQ(decoded->Detail("prettyName"), Debian().pretty_name());
  EXPECT_EQ(decoded->Detail("bitness"), "64");
}

TEST(OsDetailed, QuotesAndBackslashesAreEscaped) {
  v1::OperatingSystem os = Debian();
  os.set_pretty_name("Bob's \\ Linux='1'");
  const std::string value = EncodeOsDetailed(os);
  EXPECT_NE(value.find("prettyName='Bob\\'s \\\\ Linux=\\'1\\''"), std::string::npos);
  const auto decoded = vmxsim::DecodeOsInfo(value);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->Detail("prettyName"), os.pretty_name());
}

TEST(OsDetailed, LongNamesAreCut) {
  v1::OperatingSystem os;
  os.set_short_name(std::string(500, 's'));
  os.set_full_name(std::string(5000, 'f'));
  os.set_pretty_name(std::string(5000, 'p'));
  const auto decoded = vmxsim::DecodeOsInfo(EncodeOsDetailed(os));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->short_name.size(), 128u);
  EXPECT_EQ(decoded->full_name.size(), 512u);
  EXPECT_EQ(decoded->Detail("prettyName").size(), 256u);
}

}  // namespace
}  // namespace toolboxd::guest_info
