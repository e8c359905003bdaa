// SPDX-License-Identifier: Apache-2.0

#include "daemon/sd_bus.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace toolboxd {
namespace {

constexpr char kLibrary[] = "libsystemd.so.0";

// dlsym with the type that the header gives the function.
template <typename Function>
bool Find(void* handle, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(handle, name));
  return *function != nullptr;
}

#define TOOLBOXD_FIND(name) Find(handle, #name, &library.name)

absl::StatusOr<SdBusLibrary> LoadLibrary() {
  // Never closed: the library keeps per-thread state.
  void* handle = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return absl::UnavailableError(dlerror());
  SdBusLibrary library = {};
  const bool complete =
      TOOLBOXD_FIND(sd_bus_new) && TOOLBOXD_FIND(sd_bus_set_address) &&
      TOOLBOXD_FIND(sd_bus_set_bus_client) && TOOLBOXD_FIND(sd_bus_negotiate_fds) &&
      TOOLBOXD_FIND(sd_bus_start) && TOOLBOXD_FIND(sd_bus_flush_close_unref) &&
      TOOLBOXD_FIND(sd_bus_set_method_call_timeout) && TOOLBOXD_FIND(sd_bus_call_method) &&
      TOOLBOXD_FIND(sd_bus_call) && TOOLBOXD_FIND(sd_bus_match_signal) &&
      TOOLBOXD_FIND(sd_bus_slot_unref) && TOOLBOXD_FIND(sd_bus_process) &&
      TOOLBOXD_FIND(sd_bus_get_fd) && TOOLBOXD_FIND(sd_bus_get_events) &&
      TOOLBOXD_FIND(sd_bus_message_new_method_call) &&
      TOOLBOXD_FIND(sd_bus_message_set_auto_start) && TOOLBOXD_FIND(sd_bus_message_append) &&
      TOOLBOXD_FIND(sd_bus_message_get_sender) && TOOLBOXD_FIND(sd_bus_message_enter_container) &&
      TOOLBOXD_FIND(sd_bus_message_exit_container) && TOOLBOXD_FIND(sd_bus_message_read) &&
      TOOLBOXD_FIND(sd_bus_message_read_array) && TOOLBOXD_FIND(sd_bus_message_unref) &&
      TOOLBOXD_FIND(sd_bus_error_free) && TOOLBOXD_FIND(sd_bus_error_has_name);
  if (!complete) return absl::UnavailableError(absl::StrCat(kLibrary, " lacks a function"));
  return library;
}

#undef TOOLBOXD_FIND

// As sd_bus_open_system, which asks for descriptors.
int Connect(const SdBusLibrary& library, sd_bus* bus) {
  const char* const other = getenv("DBUS_SYSTEM_BUS_ADDRESS");
  const char* const address = other != nullptr ? other : "unix:path=/run/dbus/system_bus_socket";
  for (const int result :
       {library.sd_bus_set_address(bus, address), library.sd_bus_set_bus_client(bus, 1),
        library.sd_bus_negotiate_fds(bus, 0)}) {
    if (result < 0) return result;
  }
  return library.sd_bus_start(bus);
}

}  // namespace

absl::StatusOr<const SdBusLibrary*> SdBusLibrary::Load() {
  static const absl::StatusOr<SdBusLibrary>& library =
      *new absl::StatusOr<SdBusLibrary>(LoadLibrary());
  if (!library.ok()) return library.status();
  return &*library;
}

absl::Status SdBusFailure(absl::string_view what, int result, const sd_bus_error* error) {
  if (error != nullptr && error->message != nullptr) {
    return absl::UnavailableError(absl::StrCat(what, ": ", error->message, " (", error->name, ")"));
  }
  // sd-bus returns negative errno. ENOENT of the bus must not be taken for NOT_FOUND of a unit.
  return absl::UnavailableError(ErrnoError(-result, what).message());
}

absl::StatusOr<SystemBus> SystemBus::Open(uint64_t timeout_usec) {
  absl::StatusOr<const SdBusLibrary*> library = SdBusLibrary::Load();
  if (!library.ok()) return library.status();
  sd_bus* bus = nullptr;
  int result = (*library)->sd_bus_new(&bus);
  if (result < 0) return SdBusFailure("system bus", result, nullptr);
  SystemBus opened(*library, bus);
  result = Connect(**library, bus);
  if (result < 0) return SdBusFailure("system bus", result, nullptr);
  (*library)->sd_bus_set_method_call_timeout(bus, timeout_usec);
  return opened;
}

}  // namespace toolboxd
