// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/operating_system.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/os_release.h"
#include "base/utf8.h"

namespace toolboxd::guestinfod {
namespace {

// How VMware's name goes on after the distribution.
enum class Version {
  kNone,
  // The major version, where it is known.
  kMajor,
  // The same, but the bare name below this version.
  kMajorFrom6,
  // At least 4; the newest that hosts know where there is none.
  kDebian,
  // At least 2.
  kAmazon,
};

constexpr uint32_t kNewestDebian = 12;

// What a host takes of it, in bytes.
constexpr size_t kMaxFullName = 127;

struct Distribution {
  // ID= of os-release.
  absl::string_view id;
  absl::string_view name;
  Version version;
};

constexpr Distribution kDistributions[] = {
    {"almalinux", "almaLinux", Version::kNone},
    {"amzn", "amazonlinux", Version::kAmazon},
    {"arch", "Arch", Version::kNone},
    {"asianux", "asianux", Version::kMajor},
    {"centos", "centos", Version::kMajorFrom6},
    {"debian", "debian", Version::kDebian},
    {"fedora", "Fedora", Version::kNone},
    {"flatcar", "flatcar", Version::kNone},
    {"fusionos", "fusionos", Version::kNone},
    {"gentoo", "Gentoo", Version::kNone},
    {"kylin", "kylinlinux", Version::kNone},
    {"linuxmint", "linuxMint", Version::kNone},
    {"mandriva", "mandriva", Version::kNone},
    {"miraclelinux", "miraclelinux", Version::kNone},
    {"ol", "oraclelinux", Version::kMajor},
    {"opensuse", "opensuse", Version::kNone},
    {"opensuse-leap", "opensuse", Version::kNone},
    {"opensuse-tumbleweed", "opensuse", Version::kNone},
    {"pardus", "pardus", Version::kNone},
    {"photon", "vmware-photon", Version::kNone},
    {"prolinux", "prolinux", Version::kNone},
    {"rhel", "rhel", Version::kMajor},
    {"rocky", "rockyLinux", Version::kNone},
    {"slackware", "Slackware", Version::kNone},
    {"sled", "sles", Version::kMajor},
    {"sles", "sles", Version::kMajor},
    {"sles_sap", "sles", Version::kMajor},
    {"turbolinux", "turbolinux", Version::kNone},
    {"ubuntu", "ubuntu", Version::kNone},
};

// The number that a version begins with; 0 if it does not.
uint32_t Major(absl::string_view version) {
  size_t digits = 0;
  while (digits < version.size() && absl::ascii_isdigit(version[digits])) ++digits;
  uint32_t major = 0;
  return absl::SimpleAtoi(version.substr(0, digits), &major) ? major : 0;
}

std::string WithVersion(const Distribution& distribution, uint32_t major) {
  switch (distribution.version) {
    case Version::kNone:
      return std::string(distribution.name);
    case Version::kMajor:
      break;
    case Version::kMajorFrom6:
      if (major < 6) major = 0;
      break;
    case Version::kDebian:
      // Testing and unstable have no version, and are newer than any that has.
      major = major == 0 ? kNewestDebian : std::max(major, 4u);
      break;
    case Version::kAmazon:
      // Before 2 the versions were dates, such as 2018.03.
      major = major >= 2010 && major < 2020 ? 2 : std::max(major, 2u);
      break;
  }
  return major == 0 ? std::string(distribution.name) : absl::StrCat(distribution.name, major);
}

std::string AfterKernel(absl::string_view release) {
  const uint32_t major = Major(release);
  if (major < 3) return "other26xlinux";
  // VMware's newest such name.
  return absl::StrCat("other", std::min(major, 7u), "xlinux");
}

}  // namespace

Kernel RunningKernel() {
  utsname name;
  if (uname(&name) != 0) return Kernel();
  return {PrintableUtf8(name.release), PrintableUtf8(name.machine)};
}

v1::OperatingSystem DescribeOperatingSystem(absl::string_view os_release, const Kernel& kernel) {
  auto values = ParseOsRelease(os_release);
  const bool arm = absl::StartsWith(kernel.machine, "arm") || kernel.machine == "aarch64";
  const bool wide = absl::StrContains(kernel.machine, "64");

  std::string short_name;
  for (const Distribution& distribution : kDistributions) {
    if (distribution.id == values["ID"]) {
      short_name = WithVersion(distribution, Major(values["VERSION_ID"]));
    }
  }
  if (short_name.empty()) short_name = AfterKernel(kernel.release);

  v1::OperatingSystem os;
  os.set_short_name(absl::StrCat(arm ? "arm-" : "", short_name, wide ? "-64" : ""));
  const std::string& pretty_name = values["PRETTY_NAME"];
  const std::string full_name =
      absl::StrCat("Linux ", kernel.release, pretty_name.empty() ? "" : " ", pretty_name);
  os.set_full_name(std::string(CutUtf8(full_name, kMaxFullName)));
  os.set_distribution_name(values["NAME"]);
  os.set_distribution_version(values["VERSION_ID"]);
  os.set_pretty_name(pretty_name);
  os.set_kernel_version(kernel.release);
  os.set_bits(wide ? 64 : 32);
  os.set_architecture(arm ? "Arm" : "X86");
  return os;
}

}  // namespace toolboxd::guestinfod
