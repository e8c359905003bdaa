// SPDX-License-Identifier: Apache-2.0

// The address of the machine's system bus is overridden before anything connects.

#include "powerd/systemd_backend.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/stop_signal.h"
#include "daemon/testing/fake_managers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SystemdBackendTest : public testing::Test {
 protected:
  SystemdBackendTest() {
    setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_.address().c_str(), 1);
    sd_bus* connection = bus_.Connect();
    if (connection != nullptr) managers_ = std::make_unique<FakeManagers>(connection);
  }
  void SetUp() override { ASSERT_NE(managers_, nullptr) << "is dbus-daemon installed?"; }

  PrivateBus bus_;
  std::unique_ptr<FakeManagers> managers_;
  SystemdOptions options_;
  StopSignal stop_;
};

TEST_F(SystemdBackendTest, HooksRunAsTheUnitOfTheEvent) {
  SystemdBackend backend(options_);
  for (v1::PowerEvent event : {v1::HALT, v1::REBOOT, v1::POWER_ON, v1::RESUME, v1::SUSPEND}) {
    const absl::Status status = backend.RunHooks(event, stop_);
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_THAT(managers_->log(), ElementsAre("start toolboxd-power-hook@halt.service replace",
                                            "start toolboxd-power-hook@reboot.service replace",
                                            "start toolboxd-power-hook@poweron.service replace",
                                            "start toolboxd-power-hook@resume.service replace",
                                            "start toolboxd-power-hook@suspend.service replace"));
}

TEST_F(SystemdBackendTest, FailedUnitMeansFailedHooks) {
  managers_->SetJobResult("failed");
  const absl::Status status = SystemdBackend(options_).RunHooks(v1::HALT, stop_);
  EXPECT_THAT(std::string(status.message()), HasSubstr("toolboxd-power-hook@halt.service: failed"));
}

TEST_F(SystemdBackendTest, NoUnitMeansNoHooks) {
  managers_->SetJobResult("none");
  EXPECT_TRUE(SystemdBackend(options_).RunHooks(v1::HALT, stop_).ok());
}

TEST_F(SystemdBackendTest, RefusedUnitMeansFailedHooksOnlyIfThereAreScripts) {
  const ShortTempDir scripts;
  options_.script_dir = scripts.path();
  managers_->RefuseActions(true);
  EXPECT_TRUE(SystemdBackend(options_).RunHooks(v1::HALT, stop_).ok());
  std::filesystem::create_directory(scripts.File("halt"));
  EXPECT_TRUE(SystemdBackend(options_).RunHooks(v1::HALT, stop_).ok());
  std::ofstream(scripts.File("halt/10-script")) << "#!/bin/sh\n";
  const absl::Status status = SystemdBackend(options_).RunHooks(v1::HALT, stop_);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Interactive authentication required."));
}

TEST_F(SystemdBackendTest, LogindIsAskedWithoutInteraction) {
  SystemdBackend backend(options_);
  for (v1::PowerEvent event : {v1::HALT, v1::REBOOT}) {
    const absl::StatusOr<PowerAction> act = backend.Prepare(event);
    ASSERT_TRUE(act.ok()) << act.status();
    const absl::Status status = (*act)();
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_THAT(managers_->log(), ElementsAre("CanPowerOff", "PowerOff 0", "CanReboot", "Reboot 0"));
}

TEST_F(SystemdBackendTest, LogindIsNotAskedToSuspend) {
  EXPECT_EQ(SystemdBackend(options_).Prepare(v1::SUSPEND).status().code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(managers_->log().empty());
}

TEST_F(SystemdBackendTest, WhatLogindWouldRefuseIsAnErrorBeforehand) {
  SystemdBackend backend(options_);
  for (const char* answer : {"no", "na", "challenge"}) {
    managers_->SetAbility(answer);
    EXPECT_TRUE(absl::IsPermissionDenied(backend.Prepare(v1::HALT).status())) << answer;
  }
  // Of a systemd that is newer than this.
  managers_->SetAbility("inhibited");
  EXPECT_TRUE(backend.Prepare(v1::REBOOT).ok());
  EXPECT_THAT(managers_->log(),
              ElementsAre("CanPowerOff", "CanPowerOff", "CanPowerOff", "CanReboot"));
}

TEST_F(SystemdBackendTest, LogindsRefusalIsReportedInItsOwnWords) {
  const absl::StatusOr<PowerAction> act = SystemdBackend(options_).Prepare(v1::HALT);
  ASSERT_TRUE(act.ok()) << act.status();
  managers_->RefuseActions(true);
  const absl::Status status = (*act)();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("logind PowerOff: Interactive authentication required."));
}

TEST_F(SystemdBackendTest, MissingManagersAreAnError) {
  managers_.reset();
  SystemdBackend backend(options_);
  EXPECT_FALSE(backend.RunHooks(v1::HALT, stop_).ok());
  EXPECT_FALSE(backend.Prepare(v1::HALT).ok());
}

TEST(SystemdBackendWithoutBus, HooksFailWithAClearError) {
  setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  const absl::Status status = SystemdBackend({}).RunHooks(v1::HALT, StopSignal());
  EXPECT_EQ(status.message(), "system bus: No such file or directory");
}

}  // namespace
}  // namespace toolboxd
