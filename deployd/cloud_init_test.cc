// SPDX-License-Identifier: Apache-2.0

#include "deployd/cloud_init.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "deployd/testing/test_root.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

using Kind = Verdict::Kind;

class CloudInitTest : public testing::Test {
 protected:
  Verdict Of(DataForm form) { return Judge(LookForCloudInit(root_.path()), form); }
  std::string Reason(DataForm form) { return Of(form).reason; }

  TestRoot root_;
};

TEST_F(CloudInitTest, DebianTwelveAcceptsBothForms) {
  root_.InstallCloudInit("22.4.2");
  EXPECT_EQ(Reason(DataForm::kConfiguration), "");
  EXPECT_EQ(Reason(DataForm::kRaw), "");
  const CloudInit found = LookForCloudInit(root_.path());
  EXPECT_EQ(found.version, "22.4.2");
  EXPECT_EQ(found.source, "OVF");
}

TEST_F(CloudInitTest, MissingIsNamed) {
  EXPECT_EQ(Of(DataForm::kConfiguration).kind, Kind::kMissing);
  EXPECT_EQ(Of(DataForm::kRaw).kind, Kind::kMissing);
  EXPECT_TRUE(absl::StartsWith(Reason(DataForm::kRaw), "cloud-init is not installed: "));
}

TEST_F(CloudInitTest, RawDataNeedsANewerOne) {
  root_.InstallCloudInit("20.4.1");
  EXPECT_EQ(Of(DataForm::kRaw).kind, Kind::kTooOld);
  EXPECT_EQ(Reason(DataForm::kRaw),
            "cloud-init 20.4.1 is too old for raw data: install 21.1 or newer");
  EXPECT_EQ(Of(DataForm::kConfiguration).kind, Kind::kPossible);
}

TEST_F(CloudInitTest, DefaultIsNotToAcceptConfigurations) {
  root_.InstallCloudInit("22.4.2");
  root_.Remove("/etc/cloud/cloud.cfg.d/99-vmware.cfg");
  EXPECT_EQ(Of(DataForm::kConfiguration).kind, Kind::kNotAllowed);
  EXPECT_EQ(Reason(DataForm::kConfiguration),
            "cloud-init does not accept VMware customization: add the line "
            "\"disable_vmware_customization: false\" to a file in /etc/cloud/cloud.cfg.d");
  EXPECT_EQ(Of(DataForm::kRaw).kind, Kind::kPossible);
}

TEST_F(CloudInitTest, LastFileByNameCountsBeforeTheMainFile) {
  root_.InstallCloudInit("22.4.2");
  root_.Write("/etc/cloud/cloud.cfg", "disable_vmware_customization: true\n");
  EXPECT_EQ(Reason(DataForm::kConfiguration), "");
  root_.Write("/etc/cloud/cloud.cfg.d/99-z.cfg", "disable_vmware_customization: True # off\n");
  EXPECT_EQ(Reason(DataForm::kConfiguration),
            "cloud-init does not accept VMware customization: set disable_vmware_customization to "
            "false in /etc/cloud/cloud.cfg.d/99-z.cfg");
  root_.Write("/etc/cloud/cloud.cfg.d/zz.conf", "disable_vmware_customization: false\n");
  EXPECT_NE(Reason(DataForm::kConfiguration), "");
  root_.Remove("/etc/cloud/cloud.cfg.d");
  root_.Write("/etc/cloud/cloud.cfg", "disable_vmware_customization: no\n");
  EXPECT_EQ(Reason(DataForm::kConfiguration), "");
}

TEST_F(CloudInitTest, RawDataCanBeForbiddenForTheSourceInUse) {
  root_.InstallCloudInit("23.1");
  root_.Write("/etc/cloud/cloud.cfg.d/50.cfg", "datasource:\n  OVF:\n    allow_raw_data: false\n");
  EXPECT_EQ(Reason(DataForm::kRaw), "");
  root_.Write("/etc/cloud/cloud.cfg.d/51.cfg", "datasource: {VMware: {allow_raw_data: false}}\n");
  EXPECT_EQ(Reason(DataForm::kRaw),
            "cloud-init does not accept raw data: set allow_raw_data of VMware to true in "
            "/etc/cloud/cloud.cfg.d/51.cfg");
}

TEST_F(CloudInitTest, ListOfSourcesMustHaveTheOneOfTheVersion) {
  root_.InstallCloudInit("22.4.2");
  root_.Write("/etc/cloud/cloud.cfg.d/90_dpkg.cfg", "datasource_list: [ NoCloud, VMware ]\n");
  EXPECT_EQ(Reason(DataForm::kConfiguration),
            "cloud-init would find no data source OVF: datasource_list in "
            "/etc/cloud/cloud.cfg.d/90_dpkg.cfg lacks OVF; add it");
  root_.InstallCloudInit("25.1.4");
  root_.Write("/etc/cloud/cloud.cfg.d/90_dpkg.cfg", "datasource_list: [ NoCloud, OVF ]\n");
  EXPECT_EQ(Reason(DataForm::kRaw),
            "cloud-init would find no data source VMware: datasource_list in "
            "/etc/cloud/cloud.cfg.d/90_dpkg.cfg lacks VMware; add it");
}

TEST_F(CloudInitTest, ListOfThisBootCountsMost) {
  root_.InstallCloudInit("22.4.2");
  root_.Write("/run/cloud-init/cloud.cfg", "datasource_list: [ NoCloud, None ]\n");
  EXPECT_EQ(
      Reason(DataForm::kConfiguration),
      "cloud-init has found no data source OVF in this boot (/run/cloud-init/cloud.cfg): with "
      "the settings of now the next boot finds it");
  root_.Write("/run/cloud-init/cloud.cfg", "datasource_list: [ OVF, None ]\n");
  EXPECT_EQ(Reason(DataForm::kConfiguration), "");
  root_.Write("/etc/cloud/cloud.cfg.d/99-vmware.cfg", "disable_vmware_customization: no\n");
  root_.Write("/etc/cloud/cloud.cfg.d/90_dpkg.cfg", "datasource_list: [ NoCloud ]\n");
  EXPECT_EQ(Reason(DataForm::kConfiguration), "");
  EXPECT_EQ(Reason(DataForm::kRaw), "");
}

TEST_F(CloudInitTest, SwitchedOffIsNamed) {
  root_.InstallCloudInit("22.4.2");
  root_.Write("/etc/cloud/cloud-init.disabled", "");
  EXPECT_EQ(Of(DataForm::kRaw).kind, Kind::kNotAllowed);
  EXPECT_EQ(Reason(DataForm::kConfiguration),
            "cloud-init is switched off by /etc/cloud/cloud-init.disabled: \"cloud-init status "
            "--long\" says why");
}

constexpr char kNone[] =
    "cloud-init has found no data source OVF in this boot (/run/cloud-init/disabled): ";

TEST_F(CloudInitTest, SearchThatFoundNothingIsNamedWithWhatItNeeds) {
  root_.InstallCloudInit("22.4.2");
  root_.Write("/run/cloud-init/disabled", "");
  EXPECT_EQ(Of(DataForm::kRaw).kind, Kind::kNotAllowed);
  EXPECT_EQ(Reason(DataForm::kConfiguration),
            absl::StrCat(kNone, "with the settings of now the next boot finds it"));
  root_.Remove("/etc/cloud/cloud.cfg.d/99-vmware.cfg");
  EXPECT_EQ(Reason(DataForm::kRaw),
            absl::StrCat(kNone,
                         "its search needs the setting for raw data too: add the line "
                         "\"disable_vmware_customization: false\" to a file in "
                         "/etc/cloud/cloud.cfg.d"));
  EXPECT_TRUE(absl::StartsWith(Reason(DataForm::kConfiguration),
                               "cloud-init does not accept VMware customization: add the line"));
  root_.Write("/etc/cloud/cloud.cfg.d/90_dpkg.cfg", "datasource_list: [ NoCloud, None ]\n");
  EXPECT_EQ(Reason(DataForm::kRaw),
            absl::StrCat(kNone,
                         "datasource_list in /etc/cloud/cloud.cfg.d/90_dpkg.cfg lacks OVF; add "
                         "it"));
}

TEST_F(CloudInitTest, SearchTakesThreeSpellings) {
  const std::string other = absl::StrCat(
      kNone,
      "its search takes only \"disable_vmware_customization: false\", without quotes, comment or "
      "another spelling: write it so in /etc/cloud/cloud.cfg.d/99-vmware.cfg");
  const std::string right = absl::StrCat(kNone, "with the settings of now the next boot finds it");
  const auto reason_of = [this](const std::string& version, const std::string& value) {
    root_.InstallCloudInit(version);
    root_.Write("/run/cloud-init/disabled", "");
    root_.Write("/etc/cloud/cloud.cfg.d/99-vmware.cfg",
                absl::StrCat("# a comment\n  disable_vmware_customization: ", value, "\n"));
    return absl::StrReplaceAll(Reason(DataForm::kRaw), {{"source VMware", "source OVF"}});
  };
  for (const char* value : {"false", "False", "0", " false "}) {
    EXPECT_EQ(reason_of("22.4.2", value), right) << value;
  }
  for (const char* value : {"no", "off", "FALSE", "\"false\"", "true", "false # yes"}) {
    EXPECT_EQ(reason_of("22.4.2", value), other) << value;
  }
  EXPECT_EQ(reason_of("25.1.4", "false # yes"), right);
  EXPECT_EQ(reason_of("25.1.4", "'false'"), other);
}

TEST_F(CloudInitTest, SearchOfALaterBootIsForeseen) {
  root_.InstallCloudInit("22.4.2");
  root_.Write("/etc/cloud/cloud.cfg.d/99-vmware.cfg", "disable_vmware_customization: no\n");
  EXPECT_EQ(Reason(DataForm::kConfiguration), "");
  root_.Write("/usr/lib/cloud-init/ds-identify", "");
  EXPECT_TRUE(absl::StartsWith(Reason(DataForm::kConfiguration),
                               "cloud-init would find no data source OVF: its search takes only"));
  EXPECT_NE(Reason(DataForm::kRaw), "");
  root_.Write("/etc/cloud/cloud.cfg.d/90_dpkg.cfg", "datasource_list: [ OVF, None ]\n");
  EXPECT_EQ(Reason(DataForm::kRaw), "");
  root_.Write("/etc/cloud/cloud.cfg.d/90_dpkg.cfg", "datasource_list: [ OVF, VMware ]\n");
  EXPECT_NE(Reason(DataForm::kRaw), "");
  // A boot in which cloud-init does not search.
  root_.Write("/run/cloud-init/enabled", "");
  EXPECT_EQ(Reason(DataForm::kRaw), "");
}

TEST_F(CloudInitTest, FileThatCannotBeReadIsNamed) {
  root_.InstallCloudInit("22.4.2");
  root_.Remove("/etc/cloud/cloud.cfg.d/99-vmware.cfg");
  // Not even root reads a folder.
  root_.Write("/etc/cloud/cloud.cfg.d/99-secret.cfg/x", "");
  EXPECT_TRUE(absl::EndsWith(Reason(DataForm::kConfiguration),
                             "; make /etc/cloud/cloud.cfg.d/99-secret.cfg readable for all users "
                             "if it is there"))
      << Reason(DataForm::kConfiguration);
}

}  // namespace
}  // namespace toolboxd::deployd
