// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/os_info.h"

#include <string>

#include "gtest/gtest.h"

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

TEST(OsDetailed, Decodes) {
  const auto decoded = DecodeOsDetailed(EncodeOsDetailed(Debian()));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->SerializeAsString(), Debian().SerializeAsString());
}

TEST(OsDetailed, QuotesAndBackslashesAreEscaped) {
  v1::OperatingSystem os = Debian();
  os.set_pretty_name("Bob's \\ Linux='1'");
  const std::string value = EncodeOsDetailed(os);
  EXPECT_NE(value.find("prettyName='Bob\\'s \\\\ Linux=\\'1\\''"), std::string::npos);
  const auto decoded = DecodeOsDetailed(value);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->pretty_name(), os.pretty_name());
}

TEST(OsDetailed, LongNamesAreCut) {
  v1::OperatingSystem os;
  os.set_short_name(std::string(500, 's'));
  os.set_full_name(std::string(5000, 'f'));
  os.set_pretty_name(std::string(5000, 'p'));
  const auto decoded = DecodeOsDetailed(EncodeOsDetailed(os));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->short_name().size(), 128u);
  EXPECT_EQ(decoded->full_name().size(), 512u);
  EXPECT_EQ(decoded->pretty_name().size(), 256u);
}

TEST(OsDetailed, TruncatedFails) {
  const std::string value = EncodeOsDetailed(Debian());
  for (size_t size = 0; size < value.size(); ++size) {
    EXPECT_FALSE(DecodeOsDetailed(absl::string_view(value).substr(0, size)).ok()) << size;
  }
}

TEST(OsDetailed, MalformedItemsFail) {
  const std::string header = EncodeOsDetailed(v1::OperatingSystem()).substr(0, 648);
  for (const char* items : {"x", "x='", "x='y", "x='y\\"}) {
    EXPECT_FALSE(DecodeOsDetailed(header + items + "\0"s).ok()) << items;
  }
  EXPECT_TRUE(DecodeOsDetailed(header + "\0"s).ok());
}

}  // namespace
}  // namespace toolboxd::guest_info
