// SPDX-License-Identifier: Apache-2.0

#include "deployd/deployment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/utf8.h"
#include "base/wipe.h"
#include "deployd/beneath.h"
#include "deployd/cloud_init.h"
#include "deployd/inbox.h"
#include "deployd/limits.h"
#include "deployd/own_folder.h"
#include "deployd/package.h"

namespace toolboxd::deployd {
namespace {

constexpr uint32_t kDeploying = 3;
constexpr uint32_t kRunning = 4;
constexpr uint32_t kDone = 5;
constexpr uint32_t kDisabled = 7;
constexpr uint32_t kEnableNics = 103;
constexpr size_t kMaxNics = 256;
// The length of a state's message.
constexpr size_t kMaxMessage = 1024;

// A package in the address space, unchanged: an upload that replaces it is another file.
class Mapping {
 public:
  static absl::StatusOr<Mapping> Of(const UniqueFd& file) {
    struct stat info;
    if (fstat(file.get(), &info) != 0) return ErrnoError(errno, "the package");
    const auto size = static_cast<size_t>(info.st_size);
    if (size > kMaxPackageBytes) return absl::InvalidArgumentError("the package is too large");
    if (size == 0) return Mapping(nullptr, 0);
    void* start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (start == MAP_FAILED) return ErrnoError(errno, "the package");
    return Mapping(start, size);
  }
  ~Mapping() {
    if (start_ != nullptr) munmap(start_, size_);
  }
  Mapping(Mapping&& other) noexcept
      : start_(std::exchange(other.start_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&&) = delete;

  absl::string_view bytes() const { return {static_cast<const char*>(start_), size_}; }

 private:
  Mapping(void* start, size_t size) : start_(start), size_(size) {}
  void* start_;
  size_t size_;
};

// Removed with what is in it.
class WorkFolder {
 public:
  static absl::StatusOr<std::unique_ptr<WorkFolder>> Make(const std::string& parent) {
    const absl::StatusOr<std::string> name = RandomName();
    if (!name.ok()) return name.status();
    auto folder = std::make_unique<WorkFolder>(absl::StrCat(parent, "/work-", *name));
    absl::StatusOr<UniqueFd> opened = OpenOwnFolder(folder->path_);
    if (!opened.ok()) return opened.status();
    folder->folder_ = *std::move(opened);
    return folder;
  }
  explicit WorkFolder(std::string path) : path_(std::move(path)) {}
  ~WorkFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  int get() const { return folder_.get(); }

 private:
  const std::string path_;
  UniqueFd folder_;
};

absl::StatusOr<UnpackedPackage> Unpack(const UniqueFd& package, int directory) {
  const absl::StatusOr<Mapping> mapping = Mapping::Of(package);
  if (!mapping.ok()) return mapping.status();
  return UnpackPackage(mapping->bytes(), directory);
}

absl::StatusOr<CustCfg> ReadCustCfg(int unpacked) {
  absl::StatusOr<std::string> text = ReadBeneath(unpacked, "cust.cfg", kMaxCustCfgBytes);
  if (absl::IsNotFound(text.status())) {
    return absl::InvalidArgumentError("the package lacks cust.cfg");
  }
  if (!text.ok()) return text.status();
  absl::StatusOr<CustCfg> configuration = ParseCustCfg(*text);
  Wipe(*text);
  return configuration;
}

// "1,2", or nothing.
std::string ReadNics(int unpacked) {
  const absl::StatusOr<std::string> text = ReadBeneath(unpacked, "nics.txt", kMaxNics);
  return text.ok() ? std::string(absl::StripAsciiWhitespace(*text)) : "";
}

std::string WithLog(absl::string_view text) {
  return text.empty() ? kLogPlace : absl::StrCat(kLogPlace, "@", text);
}

}  // namespace

void Deployment::State(uint32_t state, uint32_t code, absl::string_view message) {
  v1::DeployState result;
  result.set_state(state);
  result.set_code(code);
  std::string text = PrintableUtf8({message.data(), message.size()});
  // Paths may be long, and a cut sequence would not be UTF-8.
  if (text.size() > kMaxMessage) text = PrintableUtf8(text.substr(0, kMaxMessage));
  result.set_message(std::move(text));
  report_.state(result);
}

absl::Status Deployment::Run(const absl::StatusOr<v1::CustomizationSettings>& settings,
                             const UniqueFd& package, const std::function<void()>& release) {
  if (settings.ok() && !settings->enable()) {
    release();
    report_.step("customization is switched off in the settings");
    State(kDeploying, kDisabled, "Customization is disabled by guest admin");
    return absl::OkStatus();
  }
  State(kRunning, 0, WithLog(""));
  const absl::Status status =
      settings.ok() ? Deploy(*settings, package, release) : settings.status();
  release();
  if (status.ok() || stop_.IsSet()) return status;
  report_.step(absl::StrCat("failed: ", status.message()));
  State(kRunning, failure_code_, WithLog(status.message()));
  return absl::OkStatus();
}

absl::Status Deployment::Deploy(const v1::CustomizationSettings& settings, const UniqueFd& package,
                                const std::function<void()>& release) {
  const absl::StatusOr<std::unique_ptr<WorkFolder>> folder = WorkFolder::Make(places_.work);
  if (!folder.ok()) return folder.status();
  const absl::StatusOr<UnpackedPackage> unpacked = Unpack(package, (*folder)->get());
  release();
  if (!unpacked.ok()) return unpacked.status();
  report_.step(absl::StrCat("unpacked ", unpacked->files, " files, ", unpacked->bytes, " bytes"));
  return HandOver(settings, unpacked->header.ignore_cloud_init, (*folder)->get());
}

absl::Status Deployment::HandOver(const v1::CustomizationSettings& settings, bool ignore_cloud_init,
                                  int unpacked) {
  const absl::StatusOr<CustCfg> configuration = ReadCustCfg(unpacked);
  if (!configuration.ok()) return configuration.status();
  WayFacts facts;
  facts.cloud_init = LookForCloudInit(places_.root);
  facts.form = configuration->metadata.empty() ? DataForm::kConfiguration : DataForm::kRaw;
  facts.cloud_init_has_finished = CloudInitHasFinished(places_.root);
  facts.ignore_cloud_init = ignore_cloud_init;
  facts.has_scripts = HasScripts(places_.scripts.folder);
  const Way way = ChooseWay(settings, facts);
  if (way.way == v1::CustomizationStatus::SCRIPTS) {
    std::string json = ToJson(*configuration);
    absl::Status status = Scripts(settings, json, unpacked);
    Wipe(json);
    return status;
  }
  if (way.way != v1::CustomizationStatus::CLOUD_INIT) {
    failure_code_ = way.code;
    return absl::FailedPreconditionError(way.reason);
  }
  return HandToCloudInit(unpacked, *configuration, facts);
}

absl::Status Deployment::HandToCloudInit(int unpacked, const CustCfg& configuration,
                                         const WayFacts& facts) {
  const absl::StatusOr<int> number =
      cloud_init_.HandOff(unpacked, configuration, facts.form, stop_);
  if (!number.ok()) return number.status();
  report_.step(absl::StrCat("laid down for cloud-init ", facts.cloud_init.version));
  absl::Status taken = cloud_init_.AwaitTaken(*number, stop_);
  if (taken.ok()) report_.step("cloud-init has taken it, and reports from now on");
  return taken;
}

absl::Status Deployment::Scripts(const v1::CustomizationSettings& settings, const std::string& json,
                                 int unpacked) {
  report_.step(absl::StrCat("running the scripts of ", places_.scripts.folder));
  const absl::Status status =
      RunScripts(places_.scripts, json, absl::Seconds(settings.script_time_limit()), stop_);
  if (!status.ok()) return status;
  report_.step("the scripts have succeeded");
  const std::string nics = ReadNics(unpacked);
  if (!nics.empty()) State(kRunning, kEnableNics, WithLog(nics));
  State(kDone, 0, WithLog(""));
  return absl::OkStatus();
}

}  // namespace toolboxd::deployd
