// SPDX-License-Identifier: Apache-2.0

#include "deployd/cloud_init_version.h"

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/small_file.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxModule = 64 << 10;
constexpr size_t kMaxStatus = 32 << 20;
constexpr size_t kMaxEntries = 10000;

// The names in a folder, sorted; none where it cannot be read.
std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  while (!error && entry != fs::directory_iterator() && names.size() < kMaxEntries) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// NAME = "TEXT" at the start of a line.
std::string Assigned(absl::string_view text, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, name)) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "=")) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    if (line.empty() || (line[0] != '"' && line[0] != '\'')) continue;
    return std::string(line.substr(1, line.find(line[0], 1) - 1));
  }
  return "";
}

// A version is shown to the host and logged.
std::string Plain(absl::string_view version) {
  const auto odd = [](char c) {
    return !absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
           !absl::StrContains(".-+~", absl::string_view(&c, 1));
  };
  version = version.substr(0, 64);
  if (version.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(version[0]))) return "";
  return std::any_of(version.begin(), version.end(), odd) ? "" : std::string(version);
}

// "cloud_init-22.4.2.egg-info", "cloud_init-24.1-py3.9.egg-info", "cloud_init-25.1.dist-info".
std::string VersionOfMetadata(absl::string_view name) {
  if (!absl::ConsumePrefix(&name, "cloud_init-")) return "";
  if (!absl::ConsumeSuffix(&name, ".egg-info") && !absl::ConsumeSuffix(&name, ".dist-info")) {
    return "";
  }
  return Plain(name.substr(0, name.find('-')));
}

std::tuple<unsigned, unsigned> MajorMinor(absl::string_view version) {
  const size_t end = version.find_first_not_of("0123456789.");
  const std::vector<absl::string_view> parts = absl::StrSplit(version.substr(0, end), '.');
  unsigned major = 0;
  unsigned minor = 0;
  if (!absl::SimpleAtoi(parts[0], &major)) return {0, 0};
  if (parts.size() < 2 || !absl::SimpleAtoi(parts[1], &minor)) minor = 0;
  return {major, minor};
}

std::string VersionInPackages(const std::string& folder) {
  const std::string module = VersionOfModule(
      ReadSmallFileOrEmpty(absl::StrCat(folder, "/cloudinit/version.py"), kMaxModule));
  std::error_code error;
  if (!module.empty() || !fs::is_directory(absl::StrCat(folder, "/cloudinit"), error)) {
    return module;
  }
  for (const std::string& name : NamesIn(folder)) {
    if (const std::string version = VersionOfMetadata(name); !version.empty()) return version;
  }
  return "";
}

}  // namespace

std::string VersionOfModule(absl::string_view text) {
  const std::string packaged = Plain(Assigned(text, "_PACKAGED_VERSION"));
  return packaged.empty() ? Plain(Assigned(text, "__VERSION__")) : packaged;
}

std::string VersionOfDpkgStatus(absl::string_view text) {
  bool ours = false;
  bool installed = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty()) ours = installed = false;
    if (line == "Package: cloud-init") ours = true;
    if (absl::StartsWith(line, "Status: ") && absl::EndsWith(line, " installed")) installed = true;
    if (ours && installed && absl::ConsumePrefix(&line, "Version: ")) return Plain(line);
  }
  return "";
}

bool IsAtLeast(absl::string_view version, unsigned major, unsigned minor) {
  return MajorMinor(version) >= std::make_tuple(major, minor);
}

std::string InstalledCloudInit(const std::string& root) {
  std::string newest;
  for (const char* prefix : {"/usr/lib", "/usr/local/lib"}) {
    const std::string lib = absl::StrCat(root, prefix);
    for (const std::string& python : NamesIn(lib)) {
      if (!absl::StartsWith(python, "python3")) continue;
      for (const char* packages : {"dist-packages", "site-packages"}) {
        std::string version = VersionInPackages(absl::StrCat(lib, "/", python, "/", packages));
        if (newest.empty() || MajorMinor(version) > MajorMinor(newest)) newest = version;
      }
    }
  }
  if (!newest.empty()) return newest;
  return VersionOfDpkgStatus(ReadSmallFileOrEmpty(root + "/var/lib/dpkg/status", kMaxStatus));
}

}  // namespace toolboxd::deployd
