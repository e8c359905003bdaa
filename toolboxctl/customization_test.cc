// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/customization.h"

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(CustomizationText, SaysWhyCustomizationIsNotPossible) {
  v1::CustomizationStatus status;
  status.set_way(v1::CustomizationStatus::NONE);
  status.set_reason("cloud-init is not installed: install it in the template of this machine");
  EXPECT_EQ(CustomizationText(status, absl::UTCTimeZone()),
            "customization not possible\n"
            "reason        cloud-init is not installed: install it in the template of this "
            "machine\n"
            "cloud-init    not installed\n"
            "last package  none\n");
}

TEST(CustomizationText, ShowsTheLastPackage) {
  v1::CustomizationStatus status;
  status.set_way(v1::CustomizationStatus::CLOUD_INIT);
  status.set_cloud_init_version("22.4.2");
  v1::DeployEvent& event = *status.add_events();
  event.set_time_us(1700000000123456);
  event.set_text("unpacked 4 files, 1024 bytes");
  EXPECT_EQ(CustomizationText(status, absl::UTCTimeZone()),
            "customization by cloud-init\n"
            "cloud-init    22.4.2\n"
            "last package\n"
            "  2023-11-14 22:13:20.123  unpacked 4 files, 1024 bytes\n");
}

TEST(CustomizationMain, WrongCommandAndMissingServiceHaveTheirStatus) {
  ShortTempDir dir;
  EXPECT_EQ(CustomizationMain({"begin", dir.File("none.sock")}), 2);
  EXPECT_EQ(CustomizationMain({"status", dir.File("none.sock")}), 1);
}

}  // namespace
}  // namespace toolboxd
