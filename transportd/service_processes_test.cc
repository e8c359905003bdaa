// SPDX-License-Identifier: Apache-2.0

#include "transportd/service_processes.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

class ServiceProcessesTest : public testing::Test {
 protected:
  void AddGroup(const std::string& group, const std::string& events, const std::string& memory) {
    std::filesystem::create_directories(dir_.File(group));
    std::ofstream(dir_.File(group + "/cgroup.events")) << events;
    std::ofstream(dir_.File(group + "/memory.stat")) << memory;
  }

  v1::ServiceStatus StatusOf(const std::string& name, const std::string& own_group) {
    ServiceProcesses(dir_.File(""), own_group).AddTo(status_);
    for (const v1::ServiceStatus& service : status_.services()) {
      if (service.name() == name) return service;
    }
    ADD_FAILURE() << "no " << name;
    return {};
  }

  ShortTempDir dir_;
  v1::TransportStatus status_;
};

constexpr char kUnit[] = "/system.slice/toolboxd-transportd.service";

TEST_F(ServiceProcessesTest, RunningServiceHasItsAnonymousMemory) {
  AddGroup("system.slice/toolboxd-guestinfod.service", "populated 1\nfrozen 0\n",
           "anon 1048576\nfile 9999999\nanon_thp 5\n");
  const v1::ServiceStatus guestinfod = StatusOf("guestinfod", kUnit);
  EXPECT_EQ(guestinfod.state(), v1::ServiceStatus::RUNNING);
  EXPECT_EQ(guestinfod.memory_bytes(), 1048576u);
}

TEST_F(ServiceProcessesTest, InstancesOfATemplateAreCountedTogether) {
  AddGroup("system.slice/system-toolboxd\\x2dhgfsd.slice", "populated 1\n", "anon 5\n");
  AddGroup("toolboxd.slice/toolboxd-programs.slice", "populated 1\n", "anon 7\n");
  EXPECT_EQ(StatusOf("hgfsd", kUnit).memory_bytes(), 5u);
  EXPECT_EQ(StatusOf("vixd", kUnit).memory_bytes(), 7u);
}

TEST_F(ServiceProcessesTest, ServiceWithoutProcessesIsStopped) {
  AddGroup("system.slice/toolboxd-powerd.service", "populated 0\n", "anon 4096\n");
  EXPECT_EQ(StatusOf("powerd", kUnit).state(), v1::ServiceStatus::STOPPED);
  EXPECT_EQ(StatusOf("powerd", kUnit).memory_bytes(), 0u);
  EXPECT_EQ(StatusOf("deployd", kUnit).state(), v1::ServiceStatus::STOPPED);
}

TEST_F(ServiceProcessesTest, OddFilesAreUnknownMemory) {
  AddGroup("system.slice/toolboxd-powerd.service", "populated 1\n", "anon many\n\nanon\n");
  EXPECT_EQ(StatusOf("powerd", kUnit).state(), v1::ServiceStatus::RUNNING);
  EXPECT_EQ(StatusOf("powerd", kUnit).memory_bytes(), 0u);
}

TEST_F(ServiceProcessesTest, OutsideOfTheUnitOnlyTransportdIsKnown) {
  AddGroup("system.slice/toolboxd-powerd.service", "populated 1\n", "anon 4096\n");
  EXPECT_EQ(StatusOf("powerd", "/user.slice/session-1.scope").state(),
            v1::ServiceStatus::STATE_UNSPECIFIED);
  EXPECT_EQ(status_.services(0).name(), "transportd");
  EXPECT_EQ(status_.services(0).state(), v1::ServiceStatus::RUNNING);
  EXPECT_GT(status_.services(0).memory_bytes(), 0u);
}

TEST_F(ServiceProcessesTest, EntriesOfTheBoardAreKept) {
  v1::ServiceStatus* clock = status_.add_services();
  clock->set_name("another");
  v1::ServiceStatus* powerd = status_.add_services();
  powerd->set_name("powerd");
  powerd->set_calls(3);
  EXPECT_EQ(StatusOf("powerd", kUnit).calls(), 3u);
  EXPECT_EQ(status_.services(status_.services_size() - 1).name(), "another");
}

}  // namespace
}  // namespace toolboxd
