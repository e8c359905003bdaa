// SPDX-License-Identifier: Apache-2.0

// A system bus of the test's own, with stand-ins for systemd and logind.

#ifndef TOOLBOXD_DAEMON_TESTING_FAKE_MANAGERS_H_
#define TOOLBOXD_DAEMON_TESTING_FAKE_MANAGERS_H_

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd {

// dbus-daemon(1) on a socket of its own.
class PrivateBus {
 public:
  PrivateBus() {
    const std::string config = dir_.File("bus.conf");
    std::ofstream(config) << "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-Bus Bus "
                             "Configuration 1.0//EN' "
                             "'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'>\n"
                             "<busconfig><type>system</type><listen>"
                          << address() << "</listen><auth>EXTERNAL</auth>"
                          << "<policy context='default'><allow send_destination='*'/>"
                             "<allow receive_sender='*'/><allow own='*'/><allow user='*'/>"
                             "</policy></busconfig>\n";
    const std::string config_flag = absl::StrCat("--config-file=", config);
    const char* argv[] = {"dbus-daemon", config_flag.c_str(), "--nofork", "--nopidfile", nullptr};
    if (posix_spawnp(&pid_, "dbus-daemon", nullptr, nullptr, const_cast<char**>(argv), environ) !=
        0) {
      pid_ = 0;
    }
  }
  ~PrivateBus() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }

  std::string address() const { return absl::StrCat("unix:path=", dir_.File("bus")); }

  // A connection, as soon as the daemon answers.
  sd_bus* Connect() const {
    for (int i = 0; i < 2000; ++i) {
      sd_bus* bus = nullptr;
      if (sd_bus_new(&bus) >= 0 && sd_bus_set_address(bus, address().c_str()) >= 0 &&
          sd_bus_set_bus_client(bus, 1) >= 0 && sd_bus_start(bus) >= 0 &&
          sd_bus_get_unique_name(bus, &ignored_) >= 0) {
        return bus;
      }
      sd_bus_flush_close_unref(bus);
      absl::SleepFor(absl::Milliseconds(5));
    }
    return nullptr;
  }

 private:
  ShortTempDir dir_;
  pid_t pid_ = 0;
  mutable const char* ignored_ = nullptr;
};

// Plays systemd and logind: writes down what it is asked and ends jobs at once. Owns the
// connection. Thread-safe.
class FakeManagers {
 public:
  explicit FakeManagers(sd_bus* bus) : bus_(bus) {
    static const sd_bus_vtable systemd[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("StartUnit", "ss", "o", &FakeManagers::StartUnit, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("StopUnit", "ss", "o", &FakeManagers::StopUnit, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Subscribe", "", "", &FakeManagers::Subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
        SD_BUS_VTABLE_END};
    static const sd_bus_vtable logind[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CanPowerOff", "", "s", &FakeManagers::Can, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("CanReboot", "", "s", &FakeManagers::Can, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("PowerOff", "b", "", &FakeManagers::Act, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Reboot", "b", "", &FakeManagers::Act, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Suspend", "b", "", &FakeManagers::Act, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END};
    EXPECT_GE(sd_bus_add_object_vtable(bus_, nullptr, "/org/freedesktop/systemd1",
                                       "org.freedesktop.systemd1.Manager", systemd, this),
              0);
    EXPECT_GE(sd_bus_add_object_vtable(bus_, nullptr, "/org/freedesktop/login1",
                                       "org.freedesktop.login1.Manager", logind, this),
              0);
    EXPECT_GE(sd_bus_request_name(bus_, "org.freedesktop.systemd1", 0), 0);
    EXPECT_GE(sd_bus_request_name(bus_, "org.freedesktop.login1", 0), 0);
    thread_ = std::thread([this] {
      while (!done_.load()) {
        if (sd_bus_process(bus_, nullptr) == 0) sd_bus_wait(bus_, 10000);
      }
    });
  }
  ~FakeManagers() {
    done_.store(true);
    thread_.join();
    sd_bus_flush_close_unref(bus_);
  }

  // The result of jobs; "" leaves them running, "none" means that there is no such unit. "done" at
  // first.
  void SetJobResult(const std::string& result) {
    absl::MutexLock lock(&mutex_);
    job_result_ = result;
  }
  // What logind answers to whether it can power off or reboot; "yes" at first.
  void SetAbility(const std::string& answer) {
    absl::MutexLock lock(&mutex_);
    ability_ = answer;
  }
  void RefuseActions(bool refuse) {
    absl::MutexLock lock(&mutex_);
    refuse_actions_ = refuse;
  }
  std::vector<std::string> log() const {
    absl::MutexLock lock(&mutex_);
    return log_;
  }

 private:
  // As polkit has it answered.
  static int Refuse(sd_bus_error* error) {
    return sd_bus_error_setf(error, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
                             "Interactive authentication required.");
  }
  static int StartUnit(sd_bus_message* message, void* data, sd_bus_error* error) {
    auto* self = static_cast<FakeManagers*>(data);
    const char* unit = nullptr;
    const char* mode = nullptr;
    sd_bus_message_read(message, "ss", &unit, &mode);
    std::string result;
    {
      absl::MutexLock lock(&self->mutex_);
      self->log_.push_back(absl::StrCat("start ", unit, " ", mode));
      result = self->job_result_;
      if (self->refuse_actions_) return Refuse(error);
    }
    if (result == "none") {
      return sd_bus_error_setf(error, "org.freedesktop.systemd1.NoSuchUnit", "Unit %s not found.",
                               unit);
    }
    // Another's job first, and ours before the answer to StartUnit: both happen.
    self->EmitJobRemoved("/org/freedesktop/systemd1/job/1", "other.service", "failed");
    if (!result.empty()) self->EmitJobRemoved("/org/freedesktop/systemd1/job/7", unit, result);
    return sd_bus_reply_method_return(message, "o", "/org/freedesktop/systemd1/job/7");
  }
  static int StopUnit(sd_bus_message* message, void* data, sd_bus_error*) {
    auto* self = static_cast<FakeManagers*>(data);
    const char* unit = nullptr;
    const char* mode = nullptr;
    sd_bus_message_read(message, "ss", &unit, &mode);
    {
      absl::MutexLock lock(&self->mutex_);
      self->log_.push_back(absl::StrCat("stop ", unit, " ", mode));
    }
    self->EmitJobRemoved("/org/freedesktop/systemd1/job/8", unit, "done");
    return sd_bus_reply_method_return(message, "o", "/org/freedesktop/systemd1/job/8");
  }
  static int Subscribe(sd_bus_message* message, void*, sd_bus_error*) {
    return sd_bus_reply_method_return(message, "");
  }
  static int Can(sd_bus_message* message, void* data, sd_bus_error*) {
    auto* self = static_cast<FakeManagers*>(data);
    absl::MutexLock lock(&self->mutex_);
    self->log_.emplace_back(sd_bus_message_get_member(message));
    return sd_bus_reply_method_return(message, "s", self->ability_.c_str());
  }
  static int Act(sd_bus_message* message, void* data, sd_bus_error* error) {
    auto* self = static_cast<FakeManagers*>(data);
    int interactive = -1;
    sd_bus_message_read(message, "b", &interactive);
    absl::MutexLock lock(&self->mutex_);
    self->log_.push_back(absl::StrCat(sd_bus_message_get_member(message), " ", interactive));
    if (self->refuse_actions_) return Refuse(error);
    return sd_bus_reply_method_return(message, "");
  }
  void EmitJobRemoved(const char* job, const char* unit, const std::string& result) {
    sd_bus_emit_signal(bus_, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                       "JobRemoved", "uoss", 7, job, unit, result.c_str());
  }

  sd_bus* bus_;
  std::atomic<bool> done_{false};
  mutable absl::Mutex mutex_;
  std::string job_result_ ABSL_GUARDED_BY(mutex_) = "done";
  std::string ability_ ABSL_GUARDED_BY(mutex_) = "yes";
  bool refuse_actions_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> log_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_TESTING_FAKE_MANAGERS_H_
