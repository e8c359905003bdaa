// SPDX-License-Identifier: Apache-2.0

#include "deployd/hand_off.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "base/unique_fd.h"
#include "deployd/testing/test_root.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;

class HandOffTest : public testing::Test {
 protected:
  HandOffTest() { fs::create_directory(dir_.File("package")); }

  void Put(const std::string& name, const std::string& content) {
    const fs::path path = dir_.File("package/" + name);
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  absl::StatusOr<int> HandOff(const std::string& package, DataForm form) {
    const std::string path = dir_.File(package);
    const CustCfg configuration = *ParseCustCfg(ReadWholeFile(path + "/cust.cfg"));
    const UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return cloud_init_.HandOff(folder.get(), configuration, form, stop_);
  }
  absl::Status Run(DataForm form) { return HandOff("package", form).status(); }
  // The outcome of the package that was handed off with this number.
  std::future<absl::Status> Await(int number) {
    return std::async(std::launch::async,
                      [this, number] { return cloud_init_.AwaitTaken(number, stop_); });
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.insert(entry.path().filename());
    }
    return names;
  }
  std::string Content(const std::string& name) { return ReadWholeFile(folder_ + "/" + name); }

  ShortTempDir dir_;
  TestRoot root_;
  const std::string folder_ = dir_.File("vmware-imc");
  StopSignal stop_;
  CloudInitFolder cloud_init_{folder_, root_.path(), {.interval = absl::Milliseconds(1)}};
};

constexpr char kResult[] = "/run/cloud-init/result.json";

TEST_F(HandOffTest, ConfigurationWithItsScript) {
  Put("cust.cfg", "[CUSTOM-SCRIPT]\nSCRIPT-NAME = customize.sh\n[PASSWORD]\n-PASS = c2VjcmV0\n");
  Put("nics.txt", "1,2");
  Put("customize.sh", "echo\n");
  Put("scripts/post-customize-guest.sh", "start\n");
  Put("scripts/Customize.pl", "perl\n");
  ASSERT_TRUE(Run(DataForm::kConfiguration).ok());
  EXPECT_EQ(Names(), (std::set<std::string>{"cust.cfg", "customize.sh", "nics.txt",
                                            "post-customize-guest.sh"}));
  EXPECT_EQ(Content("nics.txt"), "1,2");
  EXPECT_EQ(Content("post-customize-guest.sh"), "start\n");
  struct stat info;
  ASSERT_EQ(stat(folder_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode, S_IFDIR | 0700u);
  for (const std::string& name : Names()) {
    ASSERT_EQ(stat((folder_ + "/" + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode, S_IFREG | 0600u) << name;
  }
}

TEST_F(HandOffTest, ScriptBelowScriptsIsFound) {
  Put("cust.cfg", "[CUSTOM-SCRIPT]\nSCRIPT-NAME = customize.sh\n");
  Put("scripts/customize.sh", "echo\n");
  ASSERT_TRUE(Run(DataForm::kConfiguration).ok());
  EXPECT_EQ(Content("customize.sh"), "echo\n");
}

TEST_F(HandOffTest, RawDataUnderTheNamesOfTheConfiguration) {
  Put("cust.cfg", "[CLOUDINIT]\nMETADATA = md\nUSERDATA = ud\n");
  Put("md", "instance-id: i\n");
  Put("ud", "#cloud-config\n");
  Put("scripts/other", "");
  ASSERT_TRUE(Run(DataForm::kRaw).ok());
  EXPECT_EQ(Names(), (std::set<std::string>{"cust.cfg", "md", "ud"}));
  EXPECT_EQ(Content("ud"), "#cloud-config\n");
}

TEST_F(HandOffTest, ConfigurationComesLastAndNoFileByParts) {
  Put("cust.cfg", "[CLOUDINIT]\nMETADATA = metadata\nUSERDATA = userdata\n");
  for (const char* name : {"metadata", "userdata", "nics.txt"}) Put(name, name);
  fs::create_directory(folder_);
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
  const UniqueFd watch(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  ASSERT_GE(inotify_add_watch(watch.get(), folder_.c_str(), IN_MOVED_TO | IN_CREATE), 0);
  ASSERT_TRUE(Run(DataForm::kRaw).ok());
  std::vector<std::string> moved;
  alignas(inotify_event) char buffer[4096];
  const ssize_t size = read(watch.get(), buffer, sizeof(buffer));
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
    at += static_cast<ssize_t>(sizeof(*event) + event->len);
    if ((event->mask & IN_MOVED_TO) != 0) {
      moved.emplace_back(event->name);
    } else {
      EXPECT_EQ(event->name[0], '.') << event->name;
    }
  }
  EXPECT_EQ(moved, (std::vector<std::string>{"nics.txt", "metadata", "userdata", "cust.cfg"}));
}

TEST_F(HandOffTest, FilesOfAnEarlierPackageAreRemoved) {
  Put("cust.cfg", "[NETWORK]\nHOSTNAME = a\n");
  fs::create_directories(folder_ + "/old/deep");
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
  std::ofstream(folder_ + "/userdata") << "old";
  ASSERT_TRUE(Run(DataForm::kConfiguration).ok());
  EXPECT_EQ(Names(), std::set<std::string>{"cust.cfg"});
}

TEST_F(HandOffTest, ErrorLeavesNoFiles) {
  Put("cust.cfg", "[CLOUDINIT]\nMETADATA = metadata\nUSERDATA = missing\n");
  Put("metadata", "x");
  const absl::Status status = Run(DataForm::kRaw);
  EXPECT_EQ(status.message(), "the package lacks missing");
  EXPECT_TRUE(fs::is_empty(folder_));
  Put("cust.cfg", "[CUSTOM-SCRIPT]\nSCRIPT-NAME = ../../etc/shadow\n");
  EXPECT_EQ(Run(DataForm::kConfiguration).message(), "cust.cfg names a file outside the package");
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(HandOffTest, FolderOfAnotherIsRefused) {
  Put("cust.cfg", "[NETWORK]\nHOSTNAME = a\n");
  fs::create_directory(dir_.File("elsewhere"));
  fs::create_directory_symlink(dir_.File("elsewhere"), folder_);
  EXPECT_TRUE(
      absl::StrContains(Run(DataForm::kConfiguration).message(), "is not a folder: remove"));
  fs::remove(folder_);
  fs::create_directory(folder_);
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  EXPECT_TRUE(absl::StrContains(Run(DataForm::kConfiguration).message(), "lets other users in"));
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
  if (chown(folder_.c_str(), geteuid() + 1, getegid()) == 0) {
    EXPECT_TRUE(absl::StrContains(Run(DataForm::kConfiguration).message(), "belongs to user"));
  }
  EXPECT_TRUE(fs::is_empty(folder_));
  EXPECT_TRUE(fs::is_empty(dir_.File("elsewhere")));
}

TEST_F(HandOffTest, PackageThatIsTakenHasNoOtherEnd) {
  Put("cust.cfg", "[NETWORK]\nHOSTNAME = a\n");
  std::future<absl::Status> taken = Await(*HandOff("package", DataForm::kConfiguration));
  fs::remove_all(folder_);
  EXPECT_TRUE(taken.get().ok());
  // As cloud-init does it: at its end it has taken the package.
  const int number = *HandOff("package", DataForm::kConfiguration);
  fs::remove_all(folder_);
  root_.Write(kResult, "{}");
  EXPECT_TRUE(cloud_init_.AwaitTaken(number, stop_).ok());
}

TEST_F(HandOffTest, PackageThatIsNotTakenIsRemovedWhenCloudInitHasFinished) {
  Put("cust.cfg", "[PASSWORD]\n-PASS = c2VjcmV0\n");
  Put("nics.txt", "1");
  std::future<absl::Status> taken = Await(*HandOff("package", DataForm::kConfiguration));
  EXPECT_EQ(taken.wait_for(std::chrono::milliseconds(30)), std::future_status::timeout);
  EXPECT_EQ(Names(), (std::set<std::string>{"cust.cfg", "nics.txt"}));
  root_.Write("/var/lib/cloud/data/result.json", "{}");
  fs::create_directories(root_.path() + "/run/cloud-init");
  fs::create_symlink("../../var/lib/cloud/data/result.json", root_.path() + kResult);
  const absl::Status status = taken.get();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(absl::StartsWith(status.message(), "cloud-init has finished and has not taken"));
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(HandOffTest, PackageIsRemovedAfterItsTime) {
  Put("cust.cfg", "[NETWORK]\nHOSTNAME = a\n");
  CloudInitFolder hasty(folder_, root_.path(), {absl::Milliseconds(5), absl::Milliseconds(1)});
  const UniqueFd package(open(dir_.File("package").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto number = hasty.HandOff(package.get(), CustCfg(), DataForm::kConfiguration, stop_);
  ASSERT_TRUE(number.ok()) << number.status();
  const absl::Status status = hasty.AwaitTaken(*number, stop_);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "within 5ms")) << status;
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(HandOffTest, StopRemovesThePackageAndLetsNoOtherIn) {
  Put("cust.cfg", "[NETWORK]\nHOSTNAME = a\n");
  std::future<absl::Status> taken = Await(*HandOff("package", DataForm::kConfiguration));
  stop_.Set();
  EXPECT_TRUE(absl::IsCancelled(taken.get()));
  EXPECT_TRUE(fs::is_empty(folder_));
  EXPECT_TRUE(absl::IsCancelled(Run(DataForm::kConfiguration)));
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(HandOffTest, PackageThatAnotherReplacedIsNotRemoved) {
  Put("cust.cfg", "[NETWORK]\nHOSTNAME = a\n");
  const int first = *HandOff("package", DataForm::kConfiguration);
  Put("cust.cfg", "[NETWORK]\nHOSTNAME = b\n");
  const int second = *HandOff("package", DataForm::kConfiguration);
  EXPECT_TRUE(absl::IsCancelled(cloud_init_.AwaitTaken(first, stop_)));
  stop_.Set();
  EXPECT_TRUE(absl::IsCancelled(cloud_init_.AwaitTaken(first, stop_)));
  EXPECT_EQ(Content("cust.cfg"), "[NETWORK]\nHOSTNAME = b\n");
  EXPECT_TRUE(absl::IsCancelled(cloud_init_.AwaitTaken(second, stop_)));
  EXPECT_TRUE(fs::is_empty(folder_));
}

// cloud-init would read the one's cust.cfg with the other's metadata.
TEST_F(HandOffTest, FilesAreOfOnePackageWheneverTwoComeTogether) {
  for (const char* package : {"package", "other"}) {
    fs::create_directories(dir_.File(package));
    std::ofstream(dir_.File(package) + "/cust.cfg")
        << "[CLOUDINIT]\nMETADATA = metadata\nUSERDATA = " << package << "\n";
    std::ofstream(dir_.File(package) + "/metadata") << package;
    std::ofstream(dir_.File(package) + "/" + package) << package;
  }
  for (int round = 0; round < 50; ++round) {
    std::thread other([this] { EXPECT_TRUE(HandOff("other", DataForm::kRaw).ok()); });
    EXPECT_TRUE(HandOff("package", DataForm::kRaw).ok());
    other.join();
    const std::string winner = Content("metadata");
    EXPECT_EQ(Names(), (std::set<std::string>{"cust.cfg", "metadata", winner}));
    EXPECT_EQ(Content("cust.cfg"), ReadWholeFile(dir_.File(winner) + "/cust.cfg"));
  }
}

TEST_F(HandOffTest, FilesOfAnEarlierProcessAreClearedInAPrivateFolderOnly) {
  cloud_init_.Clear();
  EXPECT_FALSE(fs::exists(folder_));
  Put("cust.cfg", "[NETWORK]\nHOSTNAME = a\n");
  ASSERT_TRUE(Run(DataForm::kConfiguration).ok());
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  cloud_init_.Clear();
  EXPECT_EQ(Names(), std::set<std::string>{"cust.cfg"});
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
  cloud_init_.Clear();
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace toolboxd::deployd
