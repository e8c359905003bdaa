// SPDX-License-Identifier: Apache-2.0

#include "deployd/cloud_init.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/small_file.h"
#include "deployd/cloud_init_version.h"
#include "deployd/yaml_value.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFile = 1 << 20;
constexpr char kMain[] = "/etc/cloud/cloud.cfg";
constexpr char kFolder[] = "/etc/cloud/cloud.cfg.d";
constexpr char kThisBoot[] = "/run/cloud-init/cloud.cfg";
// A link, which cloud-init makes after its last stage. /run is of this boot.
constexpr char kResult[] = "/run/cloud-init/result.json";

struct File {
  std::string path;
  std::string text;
};

// cloud-init's configuration, the file that counts most first.
class Configuration {
 public:
  Configuration(const std::string& root, std::vector<std::string>& unreadable) : root_(root) {
    std::vector<std::string> paths = {kMain};
    std::error_code error;
    fs::directory_iterator entry(root + kFolder, error);
    while (!error && entry != fs::directory_iterator()) {
      const std::string name = entry->path().filename().string();
      if (absl::EndsWith(name, ".cfg")) paths.push_back(absl::StrCat(kFolder, "/", name));
      entry.increment(error);
    }
    std::sort(paths.begin() + 1, paths.end());
    std::reverse(paths.begin(), paths.end());
    for (const std::string& path : paths) Read(path, unreadable);
  }

  FoundSetting Find(const std::vector<absl::string_view>& path) const {
    for (const File& file : files_) {
      std::optional<std::string> value = YamlValue(file.text, path);
      if (value.has_value()) return {file.path, *std::move(value)};
    }
    return {};
  }

 private:
  void Read(const std::string& path, std::vector<std::string>& unreadable) {
    File file = {path, ""};
    const int error = ReadSmallFile(root_ + path, kMaxFile, file.text);
    if (error == 0) {
      files_.push_back(std::move(file));
    } else if (error != ENOENT && error != ENOTDIR) {
      unreadable.push_back(path);
    }
  }

  const std::string& root_;
  std::vector<File> files_;
};

std::string SwitchedOffBy(const std::string& root) {
  std::error_code error;
  for (const char* path : {"/etc/cloud/cloud-init.disabled", "/run/cloud-init/disabled"}) {
    if (fs::exists(root + path, error)) return path;
  }
  return "";
}

FoundSetting DatasourceList(const std::string& root, const Configuration& configuration) {
  const std::optional<std::string> of_boot =
      YamlValue(ReadSmallFileOrEmpty(root + kThisBoot, kMaxFile), {"datasource_list"});
  if (of_boot.has_value()) return {kThisBoot, *of_boot};
  return configuration.Find({"datasource_list"});
}

// Empty if the list has the source, or is not understood.
std::string MissingInList(const CloudInit& found) {
  const std::optional<std::vector<std::string>> words = YamlWords(found.datasource_list.value);
  const bool has = !words.has_value() || words->empty() ||
                   std::find(words->begin(), words->end(), found.source) != words->end();
  if (has) return "";
  const std::string& file = found.datasource_list.file;
  if (file == kThisBoot) {
    return absl::StrCat("cloud-init uses no data source ", found.source, " in this boot (", file,
                        "); a boot after toolboxd was installed finds it");
  }
  return absl::StrCat("datasource_list in ", file, " lacks ", found.source, "; add it");
}

// cloud-init's default is not to accept it.
std::string NotAccepted(const CloudInit& found) {
  const FoundSetting& setting = found.disable_vmware_customization;
  if (!setting.file.empty() && !IsTrue(setting.value)) return "";
  if (!setting.file.empty()) {
    return absl::StrCat(
        "cloud-init does not accept VMware customization: set "
        "disable_vmware_customization to false in ",
        setting.file);
  }
  std::string reason = absl::StrCat(
      "cloud-init does not accept VMware customization: add the line "
      "\"disable_vmware_customization: false\" to a file in ",
      kFolder);
  if (!found.unreadable.empty()) {
    absl::StrAppend(&reason, "; make ", absl::StrJoin(found.unreadable, " and "),
                    " readable for all users if it is there");
  }
  return reason;
}

std::string RawNotAccepted(const CloudInit& found) {
  const FoundSetting& setting = found.allow_raw_data;
  if (setting.file.empty() || IsTrue(setting.value)) return "";
  return absl::StrCat("cloud-init does not accept raw data: set allow_raw_data of ", found.source,
                      " to true in ", setting.file);
}

}  // namespace

CloudInit LookForCloudInit(const std::string& root) {
  CloudInit found;
  found.version = InstalledCloudInit(root);
  if (found.version.empty()) return found;
  found.source = IsAtLeast(found.version, 23, 1) ? "VMware" : "OVF";
  found.switched_off_by = SwitchedOffBy(root);
  const Configuration configuration(root, found.unreadable);
  found.disable_vmware_customization = configuration.Find({"disable_vmware_customization"});
  found.allow_raw_data = configuration.Find({"datasource", found.source, "allow_raw_data"});
  found.datasource_list = DatasourceList(root, configuration);
  return found;
}

bool CloudInitHasFinished(const std::string& root) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(root + kResult, error);
  return status.type() == fs::file_type::symlink || status.type() == fs::file_type::regular;
}

Verdict Judge(const CloudInit& found, DataForm form) {
  if (found.version.empty()) {
    return {Verdict::Kind::kMissing,
            "cloud-init is not installed: install it in the template of this machine"};
  }
  if (form == DataForm::kRaw && !IsAtLeast(found.version, 21, 1)) {
    return {Verdict::Kind::kTooOld,
            absl::StrCat("cloud-init ", found.version,
                         " is too old for raw data: install 21.1 or newer")};
  }
  if (!found.switched_off_by.empty()) {
    return {Verdict::Kind::kNotAllowed,
            absl::StrCat("cloud-init is switched off by ", found.switched_off_by,
                         ": \"cloud-init status --long\" says why")};
  }
  std::string reason = form == DataForm::kRaw ? RawNotAccepted(found) : NotAccepted(found);
  if (reason.empty()) reason = MissingInList(found);
  if (reason.empty()) return {};
  return {Verdict::Kind::kNotAllowed, std::move(reason)};
}

}  // namespace toolboxd::deployd
