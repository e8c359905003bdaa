// SPDX-License-Identifier: Apache-2.0

#include "deployd/customization_service.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/replace_file.h"
#include "base/testing/eventually.h"
#include "base/testing/whole_file.h"
#include "daemon/channel.h"
#include "deployd/settings.h"
#include "deployd/testing/customization_fixture.h"
#include "deployd/testing/test_package.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kLog[] = "journal:toolboxd-deployd";

TEST_F(CustomizationTest, InboxIsNewClosedAndItsOwn) {
  const std::string first = Begin();
  struct stat info;
  ASSERT_EQ(stat(first.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode, S_IFDIR | 0700u);
  EXPECT_THAT(first, StartsWith(dir_.File("work") + "/"));
  EXPECT_EQ(first.back(), '/');
  EXPECT_NE(Begin(), first);
}

TEST_F(CustomizationTest, PackageReachesCloudInit) {
  root_.InstallCloudInit("22.4.2");
  const std::future<void> cloud_init = CloudInit();
  EXPECT_THAT(Customize(MakePackage({{"cust.cfg", kVectorConfiguration}, {"nics.txt", "1"}},
                                    Compression::kMszip)),
              ElementsAre("accepted", absl::StrCat("4 0 ", kLog)));
  EXPECT_EQ(ReadWholeFile(dir_.File("taken/cust.cfg")), kVectorConfiguration);
  EXPECT_EQ(ReadWholeFile(dir_.File("taken/nics.txt")), "1");
  EXPECT_TRUE(service_.finished());
}

TEST_F(CustomizationTest, RawDataReachesCloudInit) {
  root_.InstallCloudInit("25.1.4");
  const std::future<void> cloud_init = CloudInit();
  EXPECT_THAT(Customize(MakePackage({{"cust.cfg", "[CLOUDINIT]\nMETADATA = metadata\n"},
                                     {"metadata", "instance-id: i"}})),
              ElementsAre("accepted", absl::StrCat("4 0 ", kLog)));
  EXPECT_EQ(ReadWholeFile(dir_.File("taken/metadata")), "instance-id: i");
}

TEST_F(CustomizationTest, LargePackageIsUploadedWhole) {
  root_.InstallCloudInit("22.4.2");
  const std::future<void> cloud_init = CloudInit();
  std::string content;
  for (int i = 0; content.size() < 600000; ++i) content += std::to_string(i);
  EXPECT_THAT(
      Customize(MakePackage({{"cust.cfg", "[CUSTOM-SCRIPT]\nSCRIPT-NAME = s\n"}, {"s", content}})),
      ElementsAre("accepted", absl::StrCat("4 0 ", kLog)));
  EXPECT_TRUE(ReadWholeFile(dir_.File("taken/s")) == content);
}

TEST_F(CustomizationTest, MissingPackageIsNotFound) {
  const std::string path = Begin() + "imcf";
  EXPECT_THAT(Deploy(path),
              ElementsAre(absl::StrCat("refused 3 5 Package file ", path, " not found")));
}

TEST_F(CustomizationTest, PathOutsideTheInboxIsNeitherReadNorRemoved) {
  ASSERT_TRUE(ReplaceFile(dir_.File("package"), Vector(), 0600).ok());
  for (const std::string& path : {dir_.File("package"), std::string("/etc/passwd"),
                                  std::string("../package"), std::string()}) {
    Begin();
    EXPECT_THAT(Deploy(path),
                ElementsAre(absl::StrCat("refused 3 5 Package file ", path, " not found")));
  }
  EXPECT_THAT(Deploy(Begin() + "../../package"), ElementsAre(StartsWith("refused 3 5 ")));
  EXPECT_THAT(Deploy(Begin()), ElementsAre(StartsWith("refused 3 5 ")));
  const std::string inbox = Begin();
  fs::create_symlink(dir_.File("package"), inbox + "link");
  EXPECT_THAT(Deploy(inbox + "link"), ElementsAre(StartsWith("refused 3 5 ")));
  EXPECT_TRUE(ReadWholeFile(dir_.File("package")) == Vector());
}

TEST_F(CustomizationTest, DeployWithoutABeginIsNotFound) {
  EXPECT_THAT(Deploy("/run/x/imcf"), ElementsAre("refused 3 5 Package file /run/x/imcf not found"));
}

TEST_F(CustomizationTest, BrokenPackageIsAFailureWithItsReason) {
  root_.InstallCloudInit("22.4.2");
  std::string oversized = Vector();
  Patch(oversized, 512 + 69 + 6, 33000, 2);
  std::vector<TestFile> many;
  many.reserve(1001);
  for (int i = 0; i < 1001; ++i) many.emplace_back(std::to_string(i), "x");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "the package has no package's signature"},
      {Vector().substr(0, 876), "the package is truncated"},
      {"X" + Vector(), "the package has no package's signature"},
      {MakePackage({{"../x", "1"}}), "which would leave its folder"},
      {MakePackage({{"/x", "1"}}), "which has an absolute name"},
      {MakePackage({{"bomb", std::string((64 << 20) + 1, '\0')}}, Compression::kMszip),
       "the cabinet has more than 64 MiB"},
      {MakePackage(many), "the cabinet has 1001 files"},
      {oversized, "the cabinet has a block of 33000 bytes"},
      {MakePackage({{"nics.txt", "1"}}), "the package lacks cust.cfg"},
      {MakePackage({{"cust.cfg", "secret"}}), "cust.cfg, line 1: not KEY = VALUE"},
  };
  for (const auto& broken : cases) {
    const std::string failure = absl::StrCat("4 100 ", kLog, "@");
    EXPECT_THAT(Customize(broken.first),
                ElementsAre("accepted", absl::StrCat("4 0 ", kLog),
                            testing::AllOf(StartsWith(failure), HasSubstr(broken.second))));
    EXPECT_FALSE(fs::exists(dir_.File("vmware-imc/cust.cfg")));
  }
}

TEST_F(CustomizationTest, SecondDeployOfAnInboxIsAnError) {
  root_.InstallCloudInit("22.4.2");
  const std::future<void> cloud_init = CloudInit();
  const std::string path = Begin() + "imcf";
  ASSERT_TRUE(Upload(path, Vector()).ok());
  EXPECT_EQ(Deploy(path).size(), 2u);
  EXPECT_THAT(Deploy(path), ElementsAre("error the inbox has been deployed"));
}

TEST_F(CustomizationTest, SecondBeginEndsTheFirst) {
  const std::string first = Begin();
  ASSERT_TRUE(Upload(first + "imcf", Vector()).ok());
  const std::string second = Begin();
  EXPECT_FALSE(fs::exists(first));
  EXPECT_FALSE(Upload(first + "imcf", Vector()).ok());
  EXPECT_THAT(Deploy(first + "imcf"), ElementsAre(StartsWith("refused 3 5 ")));
}

TEST_F(CustomizationTest, SettingDisablesCustomization) {
  root_.InstallCloudInit("22.4.2");
  settings_ = "customization { enable: false }";
  EXPECT_THAT(Customize(Vector()),
              ElementsAre("accepted", "3 7 Customization is disabled by guest admin"));
  EXPECT_FALSE(fs::exists(dir_.File("vmware-imc")));
  EXPECT_EQ(GetStatus().way(), v1::CustomizationStatus::DISABLED);
}

TEST_F(CustomizationTest, BrokenSettingsForbidEverything) {
  root_.InstallCloudInit("22.4.2");
  settings_ = "customization { enabled: false }";
  EXPECT_THAT(Customize(Vector()),
              ElementsAre("accepted", absl::StrCat("4 0 ", kLog), HasSubstr("@line 1, column ")));
  EXPECT_EQ(GetStatus().way(), v1::CustomizationStatus::NONE);
}

TEST_F(CustomizationTest, ReasonAndRemedyWithoutCloudInit) {
  EXPECT_THAT(Customize(Vector()),
              ElementsAre("accepted", absl::StrCat("4 0 ", kLog),
                          absl::StrCat("4 100 ", kLog,
                                       "@cloud-init is not installed: install it "
                                       "in the template of this machine")));
  EXPECT_EQ(GetStatus().way(), v1::CustomizationStatus::NONE);
}

TEST_F(CustomizationTest, RawDataWithAnOldCloudInitHasItsOwnCode) {
  const std::string raw = MakePackage(
      {{"cust.cfg", "[CLOUDINIT]\nMETADATA = metadata\n"}, {"metadata", "instance-id: i"}});
  root_.InstallCloudInit("20.4.1");
  EXPECT_THAT(Customize(raw), ElementsAre("accepted", absl::StrCat("4 0 ", kLog),
                                          StartsWith(absl::StrCat("4 8 ", kLog, "@"))));
}

// Else its password would stay, and the host would wait.
TEST_F(CustomizationTest, PackageThatCloudInitDoesNotTakeIsRemovedAndReported) {
  root_.InstallCloudInit("22.4.2");
  std::future<std::vector<std::string>> states =
      std::async(std::launch::async, [this] { return Customize(Vector()); });
  ASSERT_TRUE(Eventually([this] { return IsLaidDown(); }));
  EXPECT_TRUE(service_.busy());
  root_.Write("/run/cloud-init/result.json", "{}");
  EXPECT_THAT(states.get(),
              ElementsAre("accepted", absl::StrCat("4 0 ", kLog),
                          StartsWith(absl::StrCat("4 100 ", kLog, "@cloud-init has finished "))));
  EXPECT_FALSE(service_.finished());
  EXPECT_TRUE(fs::is_empty(dir_.File("vmware-imc")));
}

TEST_F(CustomizationTest, PackageThatComesAfterCloudInitIsNotLaidDown) {
  root_.InstallCloudInit("22.4.2");
  root_.Write("/run/cloud-init/result.json", "{}");
  EXPECT_THAT(Customize(Vector()), ElementsAre("accepted", absl::StrCat("4 0 ", kLog),
                                               HasSubstr("customize it while it is switched off")));
  EXPECT_FALSE(fs::exists(dir_.File("vmware-imc")));
  // What a package would meet that comes in time.
  EXPECT_EQ(GetStatus().way(), v1::CustomizationStatus::CLOUD_INIT);
}

TEST_F(CustomizationTest, SecondBeginTakesBackWhatCloudInitHasNotTaken) {
  root_.InstallCloudInit("22.4.2");
  std::future<std::vector<std::string>> states =
      std::async(std::launch::async, [this] { return Customize(Vector()); });
  ASSERT_TRUE(Eventually([this] { return IsLaidDown(); }));
  Begin();
  EXPECT_THAT(states.get(),
              ElementsAre("accepted", absl::StrCat("4 0 ", kLog), StartsWith("error ")));
  EXPECT_TRUE(fs::is_empty(dir_.File("vmware-imc")));
}

TEST_F(CustomizationTest, EndOfTheProcessTakesBackWhatCloudInitHasNotTaken) {
  root_.InstallCloudInit("22.4.2");
  std::future<std::vector<std::string>> states =
      std::async(std::launch::async, [this] { return Customize(Vector()); });
  ASSERT_TRUE(Eventually([this] { return IsLaidDown(); }));
  service_.Stop();
  states.get();
  EXPECT_TRUE(fs::is_empty(dir_.File("vmware-imc")));
}

// Stands for the root unit.
void AnswerScripts(const std::string& folder, const absl::Status& status) {
  const std::string path = folder + "/request";
  EXPECT_TRUE(Eventually([&path] { return fs::exists(path); }));
  const auto request = DecodeScriptRequest(ReadWholeFile(path));
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(request->json, HasSubstr("\"host_name\":\"web1\""));
  fs::remove(path);
  EXPECT_TRUE(ReplaceFile(folder + "/outcome", EncodeOutcome(request->id, status), 0644).ok());
}

TEST_F(CustomizationTest, ScriptsDoTheWorkWhereTheyAreAllowed) {
  settings_ = "customization { run_scripts: true }";
  fs::create_directory(dir_.File("customize.d"));
  std::ofstream(dir_.File("customize.d/10-name")) << "#!/bin/sh\n";
  EXPECT_EQ(GetStatus().way(), v1::CustomizationStatus::SCRIPTS);
  const std::string package =
      MakePackage({{"cust.cfg", kVectorConfiguration}, {"nics.txt", "1,2\n"}});
  std::thread unit([this] { AnswerScripts(dir_.path(), absl::OkStatus()); });
  EXPECT_THAT(Customize(package),
              ElementsAre("accepted", absl::StrCat("4 0 ", kLog),
                          absl::StrCat("4 103 ", kLog, "@1,2"), absl::StrCat("5 0 ", kLog)));
  unit.join();
  std::thread failing([this] {
    AnswerScripts(dir_.path(), absl::UnknownError("/etc/toolboxd/customize.d/10-name: signal 9"));
  });
  EXPECT_THAT(
      Customize(package),
      ElementsAre("accepted", absl::StrCat("4 0 ", kLog),
                  absl::StrCat("4 100 ", kLog, "@/etc/toolboxd/customize.d/10-name: signal 9")));
  failing.join();
}

TEST_F(CustomizationTest, SecondBeginEndsADeploymentThatWaits) {
  settings_ = "customization { run_scripts: true }";
  fs::create_directory(dir_.File("customize.d"));
  std::ofstream(dir_.File("customize.d/10-name")) << "#!/bin/sh\n";
  std::future<std::vector<std::string>> first =
      std::async(std::launch::async, [this] { return Customize(Vector()); });
  ASSERT_TRUE(Eventually([this] { return fs::exists(dir_.File("request")); }));
  Begin();
  EXPECT_THAT(first.get(),
              ElementsAre("accepted", absl::StrCat("4 0 ", kLog), StartsWith("error ")));
}

TEST_F(CustomizationTest, CallerThatLeavesDoesNotEndTheDeployment) {
  settings_ = "customization { run_scripts: true }";
  fs::create_directory(dir_.File("customize.d"));
  std::ofstream(dir_.File("customize.d/10-name")) << "#!/bin/sh\n";
  const std::string path = Begin() + "imcf";
  ASSERT_TRUE(Upload(path, Vector()).ok());
  {
    grpc::ClientContext context;
    SetTimeout(kPatience, &context);
    v1::DeployRequest request;
    request.set_package_path(path);
    const auto stream = customization_->Deploy(&context, request);
    v1::DeployUpdate update;
    ASSERT_TRUE(stream->Read(&update));
    context.TryCancel();
    stream->Finish();
  }
  AnswerScripts(dir_.path(), absl::OkStatus());
  EXPECT_TRUE(Eventually([this] { return !service_.busy(); }));
  const v1::CustomizationStatus status = GetStatus();
  ASSERT_GT(status.events_size(), 0);
  EXPECT_EQ(Text(status.events(status.events_size() - 1).state()), absl::StrCat("5 0 ", kLog));
}

TEST_F(CustomizationTest, StatusHasTheLastPackageWithoutSecrets) {
  root_.InstallCloudInit("22.4.2");
  EXPECT_EQ(GetStatus().events_size(), 0);
  const std::future<void> cloud_init = CloudInit();
  Customize(MakePackage({{"cust.cfg", "[PASSWORD]\n-PASS = c2VjcmV0\n"}}));
  const v1::CustomizationStatus status = GetStatus();
  EXPECT_EQ(status.way(), v1::CustomizationStatus::CLOUD_INIT);
  EXPECT_EQ(status.cloud_init_version(), "22.4.2");
  ASSERT_EQ(status.events_size(), 5);
  EXPECT_THAT(status.events(0).text(), StartsWith("began, with the inbox "));
  EXPECT_EQ(Text(status.events(1).state()), absl::StrCat("4 0 ", kLog));
  EXPECT_EQ(status.events(2).text(), "unpacked 1 files, 28 bytes");
  EXPECT_EQ(status.events(3).text(), "laid down for cloud-init 22.4.2");
  EXPECT_EQ(status.events(4).text(), "cloud-init has taken it, and reports from now on");
  EXPECT_FALSE(absl::StrContains(status.ShortDebugString(), "c2VjcmV0"));
}

TEST_F(CustomizationTest, StatusOutlivesTheProcessAndPackagesDoNot) {
  Customize(Vector());
  Begin();
  std::ofstream(dir_.File("work/work-1")) << "left";
  fs::create_directory(dir_.File("vmware-imc"));
  fs::permissions(dir_.File("vmware-imc"), fs::perms::owner_all);
  std::ofstream(dir_.File("vmware-imc/cust.cfg")) << "left";
  CustomizationService next(Places(), [this] { return ParseSettings(settings_); });
  v1::CustomizationStatus reply;
  next.GetCustomizationStatus(nullptr, nullptr, &reply);
  ASSERT_EQ(reply.events_size(), 1);
  EXPECT_THAT(reply.events(0).text(), StartsWith("began, with the inbox "));
  EXPECT_FALSE(fs::exists(dir_.File("work/work-1")));
  EXPECT_FALSE(IsLaidDown());
}

}  // namespace
}  // namespace toolboxd::deployd
