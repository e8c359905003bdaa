// SPDX-License-Identifier: Apache-2.0

#include "deployd/way.h"

#include "absl/strings/match.h"
#include "deployd/settings.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

using Status = v1::CustomizationStatus;

CloudInit Willing() {
  CloudInit found;
  found.version = "22.4.2";
  found.source = "OVF";
  found.disable_vmware_customization = {"/etc/cloud/cloud.cfg", "false"};
  return found;
}

Way Choose(const char* settings, const WayFacts& facts) {
  return ChooseWay(*ParseSettings(settings), facts);
}

constexpr char kScripts[] = "customization { run_scripts: true }";

TEST(ChooseWay, CloudInitComesFirst) {
  EXPECT_EQ(Choose("", {Willing()}).way, Status::CLOUD_INIT);
  EXPECT_EQ(Choose("", {Willing(), DataForm::kRaw}).way, Status::CLOUD_INIT);
  WayFacts facts = {Willing()};
  facts.has_scripts = true;
  EXPECT_EQ(Choose(kScripts, facts).way, Status::CLOUD_INIT);
}

TEST(ChooseWay, ScriptsWhereTheyAreAllowedAndThere) {
  WayFacts facts;
  facts.has_scripts = true;
  EXPECT_EQ(Choose(kScripts, facts).way, Status::SCRIPTS);
  EXPECT_EQ(Choose("", facts).way, Status::NONE);
  facts.has_scripts = false;
  const Way none = Choose(kScripts, facts);
  EXPECT_EQ(none.way, Status::NONE);
  EXPECT_EQ(none.code, 100u);
  EXPECT_TRUE(absl::EndsWith(none.reason, "; /etc/toolboxd/customize.d has no script"));
}

TEST(ChooseWay, RawDataIsForCloudInitOnly) {
  WayFacts facts;
  facts.form = DataForm::kRaw;
  facts.has_scripts = true;
  EXPECT_EQ(Choose(kScripts, facts).way, Status::NONE);
  EXPECT_EQ(Choose(kScripts, facts).code, 8u);
  facts.cloud_init = Willing();
  facts.cloud_init.version = "20.1";
  EXPECT_EQ(Choose("", facts).code, 8u);
  facts.cloud_init.version = "22.4.2";
  facts.cloud_init.allow_raw_data = {"/etc/cloud/cloud.cfg", "false"};
  EXPECT_EQ(Choose("", facts).code, 100u);
}

TEST(ChooseWay, PackageThatWantsItsCommandIsForScripts) {
  WayFacts facts = {Willing()};
  facts.ignore_cloud_init = true;
  EXPECT_EQ(Choose("", facts).way, Status::NONE);
  EXPECT_TRUE(absl::StrContains(Choose("", facts).reason, "never happens"));
  facts.has_scripts = true;
  EXPECT_EQ(Choose(kScripts, facts).way, Status::SCRIPTS);
}

TEST(ChooseWay, CloudInitThatHasFinishedTakesNothing) {
  WayFacts facts = {Willing()};
  facts.cloud_init_has_finished = true;
  EXPECT_EQ(Choose("", facts).way, Status::NONE);
  EXPECT_EQ(Choose("", facts).code, 100u);
  EXPECT_TRUE(absl::StrContains(Choose("", facts).reason, "while it is switched off"));
  facts.form = DataForm::kRaw;
  EXPECT_EQ(Choose("", facts).code, 100u);
  facts.form = DataForm::kConfiguration;
  facts.has_scripts = true;
  EXPECT_EQ(Choose(kScripts, facts).way, Status::SCRIPTS);
  // A reason that lasts comes before one that is over with the next boot.
  facts.cloud_init = {};
  EXPECT_TRUE(absl::StrContains(Choose("", facts).reason, "is not installed"));
}

TEST(ChooseWay, SettingDisablesCustomization) {
  const Way way = Choose("customization { enable: false run_scripts: true }", {Willing()});
  EXPECT_EQ(way.way, Status::DISABLED);
  EXPECT_EQ(way.reason, "Customization is disabled by guest admin");
}

}  // namespace
}  // namespace toolboxd::deployd
