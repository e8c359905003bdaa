// SPDX-License-Identifier: Apache-2.0

// Scopes, against a bus of its own with a stand-in for systemd's manager.

#include "session/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>

#include "base/testing/short_temp_dir.h"
#include "daemon/testing/fake_managers.h"

namespace toolboxd::session {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

constexpr pid_t kProcess = 4711;

// A bus of its own as this process's system bus, and a folder in place of /proc.
class ScopeTest : public testing::Test {
 protected:
  ScopeTest() { setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_.address().c_str(), 1); }
  ~ScopeTest() override { unsetenv("DBUS_SYSTEM_BUS_ADDRESS"); }

  std::string Proc() const { return dir_.File("proc"); }

  PrivateBus bus_;
  ShortTempDir dir_;
};

// Writes down what it is asked, and moves the process by writing its file in `proc`.
class FakeManager {
 public:
  // Owns the connection.
  FakeManager(sd_bus* bus, const std::string& proc, bool refuses, bool moves)
      : proc_(proc), refuses_(refuses), moves_(moves), bus_(bus) {
    static const sd_bus_vtable kVtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("StartTransientUnit", "ssa(sv)a(sa(sv))", "o", &FakeManager::Start,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END};
    EXPECT_NE(bus_, nullptr);
    EXPECT_GE(sd_bus_add_object_vtable(bus_, nullptr, "/org/freedesktop/systemd1",
                                       "org.freedesktop.systemd1.Manager", kVtable, this),
              0);
    EXPECT_GE(sd_bus_request_name(bus_, "org.freedesktop.systemd1", 0), 0);
    thread_ = std::thread([this] {
      while (!done_) {
        if (sd_bus_process(bus_, nullptr) == 0) sd_bus_wait(bus_, 10'000);
      }
    });
  }
  ~FakeManager() {
    done_ = true;
    thread_.join();
    sd_bus_flush_close_unref(bus_);
  }

  // After MoveToScope has returned.
  std::string name;
  std::string mode;
  // The properties as text.
  std::string properties;

 private:
  static int Start(sd_bus_message* message, void* data, sd_bus_error* error) {
    auto* self = static_cast<FakeManager*>(data);
    const char *name, *mode;
    sd_bus_message_read(message, "ss", &name, &mode);
    self->name = name;
    self->mode = mode;
    self->ReadProperties(message);
    if (self->refuses_) {
      return sd_bus_error_set(error, "org.freedesktop.DBus.Error.AccessDenied", "not today");
    }
    if (self->moves_) {
      const std::string dir = self->proc_ + "/" + std::to_string(kProcess);
      EXPECT_EQ(system(("mkdir -p " + dir).c_str()), 0);
      std::ofstream(dir + "/cgroup") << "0::/toolboxd.slice/" << name << "\n";
    }
    return sd_bus_reply_method_return(message, "o", "/org/freedesktop/systemd1/job/1");
  }

  void ReadProperties(sd_bus_message* message) {
    sd_bus_message_enter_container(message, 'a', "(sv)");
    while (sd_bus_message_enter_container(message, 'r', "sv") > 0) {
      const char *key, *type, *text;
      sd_bus_message_read(message, "s", &key);
      sd_bus_message_peek_type(message, nullptr, &type);
      properties += std::string(key) + "=";
      if (std::string(type) == "au") {
        uint32_t count, pid;
        sd_bus_message_enter_container(message, 'v', "au");
        sd_bus_message_enter_container(message, 'a', "u");
        for (count = 0; sd_bus_message_read(message, "u", &pid) > 0; ++count) {
          properties += std::to_string(pid);
        }
        sd_bus_message_exit_container(message);
        sd_bus_message_exit_container(message);
      } else if (std::string(type) == "as") {
        sd_bus_message_read(message, "v", "as", 1, &text);
        properties += text;
      } else {
        sd_bus_message_read(message, "v", "s", &text);
        properties += text;
      }
      properties += "\n";
      sd_bus_message_exit_container(message);
    }
    sd_bus_message_exit_container(message);
  }

  const std::string proc_;
  const bool refuses_;
  const bool moves_;
  sd_bus* bus_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

const Program kVixd{
    kProcess, {"alice", 1001, 1001, "/home/alice", "/bin/sh"}, "/run/tool-boxd/user/1001"};

TEST_F(ScopeTest, ProcessIsMovedToTheSliceOfItsUsersPrograms) {
  FakeManager manager(bus_.Connect(), Proc(), false, true);
  std::string error;
  ASSERT_TRUE(MoveToScope(kVixd, error, Proc())) << error;
  EXPECT_THAT(manager.name, MatchesRegex("toolboxd-vixd-1001-[0-9]+\\.scope"));
  EXPECT_EQ(manager.mode, "fail");
  EXPECT_EQ(manager.properties,
            "PIDs=4711\nSlice=toolboxd-programs-1001.slice\n"
            "After=run-tool\\x2dboxd-user-1001.mount\nCollectMode=inactive-or-failed\n"
            "Description=toolboxd: programs started by alice\n");
}

TEST_F(ScopeTest, RefusalIsReported) {
  FakeManager manager(bus_.Connect(), Proc(), true, false);
  std::string error;
  EXPECT_FALSE(MoveToScope(kVixd, error, Proc()));
  EXPECT_THAT(error, HasSubstr("not today"));
}

TEST_F(ScopeTest, ProcessThatIsNotMovedIsReported) {
  FakeManager manager(bus_.Connect(), Proc(), false, false);
  std::string error;
  EXPECT_FALSE(MoveToScope(kVixd, error, Proc()));
  EXPECT_THAT(error, HasSubstr("did not arrive"));
}

TEST_F(ScopeTest, MissingBusIsReported) {
  setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  std::string error;
  EXPECT_FALSE(MoveToScope(kVixd, error));
  EXPECT_FALSE(error.empty());
}

}  // namespace
}  // namespace toolboxd::session
