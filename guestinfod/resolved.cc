// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/resolved.h"

#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/ip_address.h"
#include "base/utf8.h"
#include "daemon/sd_bus.h"

namespace toolboxd::guestinfod {
namespace {

constexpr char kService[] = "org.freedesktop.resolve1";
constexpr char kPath[] = "/org/freedesktop/resolve1";
constexpr char kManager[] = "org.freedesktop.resolve1.Manager";
constexpr char kProperties[] = "org.freedesktop.DBus.Properties";

constexpr int kMaxServers = 16;
constexpr int kMaxSuffixes = 10;
constexpr size_t kMaxName = 255;
constexpr size_t kMaxInterfaces = 4096;

struct MessageUnref {
  const SdBusLibrary* library;
  void operator()(sd_bus_message* message) const { library->sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, MessageUnref>;

// The reply that has the property, entered up to its array of structures of this type.
absl::StatusOr<Message> GetProperty(const SystemBus& bus, const char* name, const char* structure) {
  const SdBusLibrary& library = bus.library();
  sd_bus_message* raw = nullptr;
  int result =
      library.sd_bus_message_new_method_call(bus.get(), &raw, kService, kPath, kProperties, "Get");
  const Message call(raw, MessageUnref{&library});
  if (result >= 0) result = library.sd_bus_message_set_auto_start(raw, 0);
  if (result >= 0) result = library.sd_bus_message_append(raw, "ss", kManager, name);
  BusError error(library);
  sd_bus_message* answer = nullptr;
  if (result >= 0) result = library.sd_bus_call(bus.get(), raw, 0, error.get(), &answer);
  Message reply(answer, MessageUnref{&library});
  const std::string type = absl::StrCat("(", structure, ")");
  if (result >= 0) {
    result = library.sd_bus_message_enter_container(answer, SD_BUS_TYPE_VARIANT,
                                                    absl::StrCat("a", type).c_str());
  }
  if (result > 0) {
    result = library.sd_bus_message_enter_container(answer, SD_BUS_TYPE_ARRAY, type.c_str());
  }
  if (result < 0) {
    return SdBusFailure(absl::StrCat("systemd-resolved's ", name), result, error.get());
  }
  return reply;
}

// The settings of the interface, which may be new; null for no interface, or one too many.
v1::DnsConfiguration* Of(int32_t index, LinkDns& links) {
  if (index <= 0) return nullptr;
  const auto key = static_cast<uint32_t>(index);
  if (links.size() >= kMaxInterfaces && links.count(key) == 0) return nullptr;
  return &links[key];
}

void AddServer(int32_t index, int32_t family, absl::string_view bytes, LinkDns& links) {
  v1::DnsConfiguration* dns = Of(index, links);
  const size_t size = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
  if (dns == nullptr || size == 0 || bytes.size() != size) return;
  if (dns->servers_size() < kMaxServers) dns->add_servers(IpAddressText(bytes));
}

void AddDomain(int32_t index, absl::string_view name, LinkDns& links) {
  v1::DnsConfiguration* dns = Of(index, links);
  if (dns == nullptr || name.empty() || name == "." || name.size() > kMaxName) return;
  if (dns->search_suffixes_size() >= kMaxSuffixes) return;
  dns->add_search_suffixes(PrintableUtf8(std::string(name)));
  dns->set_domain_name(dns->search_suffixes(0));
}

absl::Status ReadServers(const SystemBus& bus, LinkDns& links) {
  absl::StatusOr<Message> reply = GetProperty(bus, "DNS", "iiay");
  if (!reply.ok()) return reply.status();
  const SdBusLibrary& library = bus.library();
  sd_bus_message* message = reply->get();
  while (library.sd_bus_message_enter_container(message, SD_BUS_TYPE_STRUCT, "iiay") > 0) {
    int32_t index = 0;
    int32_t family = 0;
    const void* bytes = nullptr;
    size_t size = 0;
    if (library.sd_bus_message_read(message, "ii", &index, &family) < 0 ||
        library.sd_bus_message_read_array(message, 'y', &bytes, &size) < 0) {
      break;
    }
    AddServer(index, family, absl::string_view(static_cast<const char*>(bytes), size), links);
    library.sd_bus_message_exit_container(message);
  }
  return absl::OkStatus();
}

absl::Status ReadDomains(const SystemBus& bus, LinkDns& links) {
  absl::StatusOr<Message> reply = GetProperty(bus, "Domains", "isb");
  if (!reply.ok()) return reply.status();
  int32_t index = 0;
  const char* name = nullptr;
  int routes_only = 0;
  while (bus.library().sd_bus_message_read(reply->get(), "(isb)", &index, &name, &routes_only) >
         0) {
    if (!routes_only) AddDomain(index, name, links);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LinkDns> ReadResolved(absl::Duration timeout) {
  absl::StatusOr<SystemBus> bus =
      SystemBus::Open(static_cast<uint64_t>(absl::ToInt64Microseconds(timeout)));
  if (!bus.ok()) return bus.status();
  LinkDns links;
  absl::Status status = ReadServers(*bus, links);
  if (status.ok()) status = ReadDomains(*bus, links);
  if (!status.ok()) return status;
  return links;
}

}  // namespace toolboxd::guestinfod
