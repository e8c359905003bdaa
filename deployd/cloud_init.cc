// SPDX-License-Identifier: Apache-2.0

#include "deployd/cloud_init.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/small_file.h"
#include "deployd/cloud_init_version.h"
#include "deployd/yaml_value.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFile = 1 << 20;
constexpr char kMain[] = "/etc/cloud/cloud.cfg";
constexpr char kFolder[] = "/etc/cloud/cloud.cfg.d";
// A link, which cloud-init makes after its last stage. /run is of this boot.
constexpr char kResult[] = "/run/cloud-init/result.json";
constexpr char kSwitchedOff[] = "/etc/cloud/cloud-init.disabled";
// What this boot's search for data sources has left.
constexpr char kFoundNone[] = "/run/cloud-init/disabled";
constexpr char kFound[] = "/run/cloud-init/enabled";
constexpr char kFoundList[] = "/run/cloud-init/cloud.cfg";
constexpr char kSetting[] = "disable_vmware_customization";

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

  // Whether the search (ds-identify) takes kSetting for false: 0, false or False as the rest of a
  // line, without quotes. A comment after it counts as a part of it in versions before 25.1.
  bool SearchAllows(const std::string& version) const {
    std::optional<std::string> last;
    for (const File& file : files_) {
      last = LineOfSearch(file.text, IsAtLeast(version, 25, 1));
      if (last.has_value()) break;
    }
    return last == "0" || last == "false" || last == "False";
  }

 private:
  static std::optional<std::string> LineOfSearch(absl::string_view text, bool without_comment) {
    std::optional<std::string> last;
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      line = absl::StripAsciiWhitespace(line);
      if (!absl::ConsumePrefix(&line, kSetting) || !absl::ConsumePrefix(&line, ": ")) continue;
      if (without_comment) line = line.substr(0, line.find('#'));
      last = std::string(absl::StripAsciiWhitespace(line));
    }
    return last;
  }

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

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// True also where the list is not understood.
bool Lists(absl::string_view list, const std::string& source) {
  const std::optional<std::vector<std::string>> words = YamlWords(list);
  return !words.has_value() || words->empty() ||
         std::find(words->begin(), words->end(), source) != words->end();
}

// The search believes a list of one source, alone or with None.
bool NeedsNoSearch(absl::string_view list) {
  const std::optional<std::vector<std::string>> words = YamlWords(list);
  return words.has_value() &&
         (words->size() == 1 || (words->size() == 2 && words->back() == "None"));
}

CloudInit::Search LookAtSearch(const std::string& root, const CloudInit& found) {
  CloudInit::Search search;
  const std::optional<std::string> list =
      YamlValue(ReadSmallFileOrEmpty(root + kFoundList, kMaxFile), {"datasource_list"});
  if (Exists(root + kFoundNone)) {
    search.not_found_by = kFoundNone;
  } else if (list.has_value()) {
    search.found = Lists(*list, found.source);
    if (!search.found) search.not_found_by = kFoundList;
  }
  const bool program = Exists(root + "/usr/lib/cloud-init/ds-identify") ||
                       Exists(root + "/usr/libexec/cloud-init/ds-identify");
  search.to_come =
      program && !search.found && search.not_found_by.empty() && !Exists(root + kFound);
  return search;
}

std::string AddTheLine(const CloudInit& found) {
  std::string text = absl::StrCat("add the line \"", kSetting, ": false\" to a file in ", kFolder);
  if (!found.unreadable.empty()) {
    absl::StrAppend(&text, "; make ", absl::StrJoin(found.unreadable, " and "),
                    " readable for all users if it is there");
  }
  return text;
}

// What the search needs of the administrator; empty if nothing.
std::string Remedy(const CloudInit& found) {
  if (found.search.allowed || NeedsNoSearch(found.datasource_list.value)) return "";
  const std::string& file = found.disable_vmware_customization.file;
  if (file.empty()) {
    return absl::StrCat("its search needs the setting for raw data too: ", AddTheLine(found));
  }
  return absl::StrCat("its search takes only \"", kSetting,
                      ": false\", without quotes, comment or another spelling: write it so in ",
                      file);
}

// Empty if the search has found the source, or a later one will.
std::string NotFound(const CloudInit& found) {
  if (found.search.found) return "";
  const std::string& by = found.search.not_found_by;
  const FoundSetting& list = found.datasource_list;
  const bool lacks = !Lists(list.value, found.source);
  std::string remedy =
      lacks ? absl::StrCat("datasource_list in ", list.file, " lacks ", found.source, "; add it")
            : Remedy(found);
  if (by.empty()) {
    if (remedy.empty() || (!lacks && !found.search.to_come)) return "";
    return absl::StrCat("cloud-init would find no data source ", found.source, ": ", remedy);
  }
  if (remedy.empty()) remedy = "with the settings of now the next boot finds it";
  return absl::StrCat("cloud-init has found no data source ", found.source, " in this boot (", by,
                      "): ", remedy);
}

// cloud-init's default is not to accept it.
std::string NotAccepted(const CloudInit& found) {
  const FoundSetting& setting = found.disable_vmware_customization;
  if (!setting.file.empty() && !IsTrue(setting.value)) return "";
  if (setting.file.empty()) {
    return absl::StrCat("cloud-init does not accept VMware customization: ", AddTheLine(found));
  }
  return absl::StrCat("cloud-init does not accept VMware customization: set ", kSetting,
                      " to false in ", setting.file);
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
  if (Exists(root + kSwitchedOff)) found.switched_off_by = kSwitchedOff;
  const Configuration configuration(root, found.unreadable);
  found.disable_vmware_customization = configuration.Find({kSetting});
  found.allow_raw_data = configuration.Find({"datasource", found.source, "allow_raw_data"});
  found.datasource_list = configuration.Find({"datasource_list"});
  found.search = LookAtSearch(root, found);
  found.search.allowed = configuration.SearchAllows(found.version);
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
  if (reason.empty()) reason = NotFound(found);
  if (reason.empty()) return {};
  return {Verdict::Kind::kNotAllowed, std::move(reason)};
}

}  // namespace toolboxd::deployd
