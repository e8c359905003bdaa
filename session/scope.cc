// SPDX-License-Identifier: Apache-2.0

#include "session/scope.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "base/small_file.h"

namespace toolboxd::session {
namespace {

constexpr size_t kMaxCgroupFile = 16 * 1024;

// libsystemd by dlopen: linking it would cost every session 0.3 MB and five libraries.
struct SdBus {
  decltype(&sd_bus_new) create;
  decltype(&sd_bus_set_address) set_address;
  decltype(&sd_bus_set_bus_client) set_bus_client;
  decltype(&sd_bus_negotiate_fds) negotiate_fds;
  decltype(&sd_bus_start) start;
  decltype(&sd_bus_set_method_call_timeout) set_timeout;
  decltype(&sd_bus_message_new_method_call) new_call;
  decltype(&sd_bus_message_append) append;
  decltype(&sd_bus_call) call;
  decltype(&sd_bus_error_free) error_free;
  decltype(&sd_bus_message_unref) message_unref;
  decltype(&sd_bus_flush_close_unref) close;

  bool Load() {
    void* library = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    return library != nullptr && Find(library, "sd_bus_new", create) &&
           Find(library, "sd_bus_set_address", set_address) &&
           Find(library, "sd_bus_set_bus_client", set_bus_client) &&
           Find(library, "sd_bus_negotiate_fds", negotiate_fds) &&
           Find(library, "sd_bus_start", start) &&
           Find(library, "sd_bus_set_method_call_timeout", set_timeout) &&
           Find(library, "sd_bus_message_new_method_call", new_call) &&
           Find(library, "sd_bus_message_append", append) && Find(library, "sd_bus_call", call) &&
           Find(library, "sd_bus_error_free", error_free) &&
           Find(library, "sd_bus_message_unref", message_unref) &&
           Find(library, "sd_bus_flush_close_unref", close);
  }

  template <typename Function>
  static bool Find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
  }
};

// Without descriptors, which any user may send to any connection (daemon/sd_bus.h).
int Connect(const SdBus& sd, sd_bus* bus, const char* address) {
  for (const int result :
       {sd.set_address(bus, address), sd.set_bus_client(bus, 1), sd.negotiate_fds(bus, 0)}) {
    if (result < 0) return result;
  }
  return sd.start(bus);
}

// Not after the process: its id may come again while programs of the first one still run.
std::string ScopeName(uid_t uid) {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  const int64_t microseconds = now.tv_sec * int64_t{1000000} + now.tv_nsec / 1000;
  return "toolboxd-vixd-" + std::to_string(uid) + "-" + std::to_string(microseconds) + ".scope";
}

// Below toolboxd-programs.slice, by its name.
std::string SliceName(uid_t uid) { return "toolboxd-programs-" + std::to_string(uid) + ".slice"; }

// The unit of what is mounted at `path`, as systemd names it.
std::string MountUnit(const std::string& path) {
  std::string name;
  for (const char c : path.substr(path.find_first_not_of('/'))) {
    const bool plain = isalnum(static_cast<unsigned char>(c)) || c == ':' || c == '_' || c == '.';
    char escaped[8];
    snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
    name += c == '/' ? std::string("-") : plain ? std::string(1, c) : std::string(escaped);
  }
  return name + ".mount";
}

// A negative errno or 0; `error` holds the manager's own words if it had any.
int StartTransientUnit(const SdBus& sd, sd_bus* bus, const std::string& scope,
                       const Program& program, std::string& error) {
  sd_bus_message* call = nullptr;
  int result = sd.new_call(bus, &call, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                           "org.freedesktop.systemd1.Manager", "StartTransientUnit");
  if (result < 0) return result;
  const std::string description = "toolboxd: programs started by " + program.user.name;
  const std::string slice = SliceName(program.user.uid);
  // When the machine ends, programs end before their file system does.
  const std::string mount = MountUnit(program.runtime_dir);
  result = sd.append(call, "ssa(sv)a(sa(sv))", scope.c_str(), "fail", 5,       //
                     "PIDs", "au", 1, static_cast<uint32_t>(program.process),  //
                     "Slice", "s", slice.c_str(),                              //
                     "After", "as", 1, mount.c_str(),                          //
                     "CollectMode", "s", "inactive-or-failed",                 //
                     "Description", "s", description.c_str(),                  //
                     0);
  if (result >= 0) {
    sd_bus_error refusal = SD_BUS_ERROR_NULL;
    result = sd.call(bus, call, 0, &refusal, nullptr);
    if (refusal.message != nullptr) error = refusal.message;
    sd.error_free(&refusal);
  }
  sd.message_unref(call);
  return result;
}

// The manager answers when the job is queued; what counts is where the process is.
bool WaitUntilInside(const std::string& proc, pid_t process, const std::string& scope) {
  const std::string file = proc + "/" + std::to_string(process) + "/cgroup";
  for (int i = 0; i < 200; ++i) {
    if (ReadSmallFileOrEmpty(file, kMaxCgroupFile).find(scope) != std::string::npos) return true;
    usleep(1000);
  }
  return false;
}

}  // namespace

bool MoveToScope(const Program& program, std::string& error, const std::string& proc) {
  const char* address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
  if (address == nullptr) {
    if (access("/run/dbus/system_bus_socket", W_OK) != 0) {
      error = "there is no system bus";
      return false;
    }
    address = "unix:path=/run/dbus/system_bus_socket";
  }
  SdBus sd;
  if (!sd.Load()) {
    error = "libsystemd.so.0 cannot be loaded";
    return false;
  }
  const std::string scope = ScopeName(program.user.uid);
  sd_bus* bus = nullptr;
  int result = sd.create(&bus);
  if (result >= 0) {
    result = Connect(sd, bus, address);
    sd.set_timeout(bus, 2'000'000);
    if (result >= 0) result = StartTransientUnit(sd, bus, scope, program, error);
    sd.close(bus);
  }
  if (result < 0) {
    if (error.empty()) error = strerror(-result);
    return false;
  }
  if (WaitUntilInside(proc, program.process, scope)) return true;
  error = "the process did not arrive in " + scope;
  return false;
}

}  // namespace toolboxd::session
