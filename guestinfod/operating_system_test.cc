// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/operating_system.h"

#include "base/utf8.h"
#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

const Kernel kKernel = {"6.1.0-18-amd64", "x86_64"};

std::string ShortName(const std::string& id, const std::string& version,
                      const Kernel& kernel = kKernel) {
  return DescribeOperatingSystem("ID=" + id + "\nVERSION_ID=\"" + version + "\"\n", kernel)
      .short_name();
}

TEST(OperatingSystem, DistributionsHaveVmwaresNames) {
  EXPECT_EQ(ShortName("debian", "12"), "debian12-64");
  EXPECT_EQ(ShortName("debian", ""), "debian12-64");
  EXPECT_EQ(ShortName("debian", "3.1"), "debian4-64");
  EXPECT_EQ(ShortName("ubuntu", "22.04"), "ubuntu-64");
  EXPECT_EQ(ShortName("centos", "7"), "centos7-64");
  EXPECT_EQ(ShortName("centos", "5"), "centos-64");
  EXPECT_EQ(ShortName("rhel", "9.3"), "rhel9-64");
  EXPECT_EQ(ShortName("ol", "8.9"), "oraclelinux8-64");
  EXPECT_EQ(ShortName("sles", "15.5"), "sles15-64");
  EXPECT_EQ(ShortName("amzn", "2018.03"), "amazonlinux2-64");
  EXPECT_EQ(ShortName("amzn", "2"), "amazonlinux2-64");
  EXPECT_EQ(ShortName("rocky", "9.3"), "rockyLinux-64");
  EXPECT_EQ(ShortName("photon", "5.0"), "vmware-photon-64");
}

TEST(OperatingSystem, UnknownDistributionIsNamedAfterItsKernel) {
  EXPECT_EQ(ShortName("nixos", "23"), "other6xlinux-64");
  EXPECT_EQ(ShortName("nixos", "23", {"5.15.0", "i686"}), "other5xlinux");
  EXPECT_EQ(ShortName("nixos", "23", {"2.6.32", "x86_64"}), "other26xlinux-64");
  EXPECT_EQ(ShortName("nixos", "23", {"8.1", "x86_64"}), "other7xlinux-64");
  EXPECT_EQ(DescribeOperatingSystem("", kKernel).short_name(), "other6xlinux-64");
}

TEST(OperatingSystem, NamesOnArmHaveAPrefix) {
  EXPECT_EQ(ShortName("debian", "12", {"6.1.0", "aarch64"}), "arm-debian12-64");
}

TEST(OperatingSystem, DescribesDebian) {
  const v1::OperatingSystem os = DescribeOperatingSystem(
      "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n"
      "VERSION_ID=\"12\"\nID=debian\n",
      kKernel);
  EXPECT_EQ(os.full_name(), "Linux 6.1.0-18-amd64 Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(os.distribution_name(), "Debian GNU/Linux");
  EXPECT_EQ(os.distribution_version(), "12");
  EXPECT_EQ(os.bits(), 64u);
  EXPECT_EQ(os.architecture(), "X86");
}

TEST(OperatingSystem, RunningKernelHasARelease) {
  EXPECT_FALSE(RunningKernel().release.empty());
  EXPECT_FALSE(RunningKernel().machine.empty());
}

TEST(OperatingSystem, FullNameIsCutAtACharacter) {
  std::string pretty;
  while (pretty.size() < 240) pretty += "\u00e4";
  for (const char* release : {"6.1.0", "6.1.00"}) {
    const std::string name =
        DescribeOperatingSystem("ID=debian\nPRETTY_NAME=\"" + pretty + "\"\n", {release, "x86_64"})
            .full_name();
    EXPECT_LE(name.size(), 127u);
    EXPECT_GE(name.size(), 126u);
    EXPECT_TRUE(IsUtf8(name));
  }
}

}  // namespace
}  // namespace toolboxd::guestinfod
