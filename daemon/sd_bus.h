// SPDX-License-Identifier: Apache-2.0

// libsystemd's D-Bus client, loaded when it is needed.
//
// Linking libsystemd would cost every process of a multi-call program 0.3 MB and five more
// libraries; only powerd and snapshotd speak D-Bus, while an event runs, and guestinfod where
// systemd-resolved has name servers of interfaces that it finds nowhere else.

#ifndef TOOLBOXD_DAEMON_SD_BUS_H_
#define TOOLBOXD_DAEMON_SD_BUS_H_

#include <systemd/sd-bus.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd {

// The functions of libsystemd.so.0 that are used here; see sd-bus(3).
struct SdBusLibrary {
  decltype(&::sd_bus_new) sd_bus_new;
  decltype(&::sd_bus_set_address) sd_bus_set_address;
  decltype(&::sd_bus_set_bus_client) sd_bus_set_bus_client;
  decltype(&::sd_bus_negotiate_fds) sd_bus_negotiate_fds;
  decltype(&::sd_bus_start) sd_bus_start;
  decltype(&::sd_bus_flush_close_unref) sd_bus_flush_close_unref;
  decltype(&::sd_bus_set_method_call_timeout) sd_bus_set_method_call_timeout;
  decltype(&::sd_bus_call_method) sd_bus_call_method;
  decltype(&::sd_bus_call) sd_bus_call;
  decltype(&::sd_bus_match_signal) sd_bus_match_signal;
  decltype(&::sd_bus_slot_unref) sd_bus_slot_unref;
  decltype(&::sd_bus_process) sd_bus_process;
  decltype(&::sd_bus_get_fd) sd_bus_get_fd;
  decltype(&::sd_bus_get_events) sd_bus_get_events;
  decltype(&::sd_bus_message_new_method_call) sd_bus_message_new_method_call;
  decltype(&::sd_bus_message_set_auto_start) sd_bus_message_set_auto_start;
  decltype(&::sd_bus_message_append) sd_bus_message_append;
  decltype(&::sd_bus_message_enter_container) sd_bus_message_enter_container;
  decltype(&::sd_bus_message_exit_container) sd_bus_message_exit_container;
  decltype(&::sd_bus_message_get_sender) sd_bus_message_get_sender;
  decltype(&::sd_bus_message_read) sd_bus_message_read;
  decltype(&::sd_bus_message_read_array) sd_bus_message_read_array;
  decltype(&::sd_bus_message_unref) sd_bus_message_unref;
  decltype(&::sd_bus_error_free) sd_bus_error_free;
  decltype(&::sd_bus_error_has_name) sd_bus_error_has_name;

  // Loads the library, once; it stays loaded. UNAVAILABLE if it is not installed. Thread-safe.
  static absl::StatusOr<const SdBusLibrary*> Load();
};

// What a call reports about its failure. The library must outlive it.
class BusError {
 public:
  explicit BusError(const SdBusLibrary& library) : library_(library) {}
  ~BusError() { library_.sd_bus_error_free(&error_); }
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;

  sd_bus_error* get() { return &error_; }
  bool Is(const char* name) const { return library_.sd_bus_error_has_name(&error_, name) != 0; }

 private:
  const SdBusLibrary& library_;
  sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

// An error of a call, UNAVAILABLE: "WHAT: message of the bus (name of the error)".
absl::Status SdBusFailure(absl::string_view what, int result, const sd_bus_error* error);

// A connection to the system bus ($DBUS_SYSTEM_BUS_ADDRESS or the usual place), closed with
// its owner. The bus passes no descriptor on to it: any user may send one to any connection, and
// the last close of one may take as long as its sender likes.
class SystemBus {
 public:
  // Calls on it fail after the timeout.
  static absl::StatusOr<SystemBus> Open(uint64_t timeout_usec);

  sd_bus* get() const { return bus_.get(); }
  const SdBusLibrary& library() const { return *library_; }

 private:
  struct Closer {
    const SdBusLibrary* library;
    void operator()(sd_bus* bus) const { library->sd_bus_flush_close_unref(bus); }
  };

  SystemBus(const SdBusLibrary* library, sd_bus* bus)
      : library_(library), bus_(bus, Closer{library}) {}

  const SdBusLibrary* library_;
  std::unique_ptr<sd_bus, Closer> bus_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_SD_BUS_H_
