// SPDX-License-Identifier: Apache-2.0

// What the resolver's files say: name servers, search list, the guest's full name.

#ifndef TOOLBOXD_GUESTINFOD_RESOLVER_H_
#define TOOLBOXD_GUESTINFOD_RESOLVER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

// resolv.conf(5): at most 16 servers and 10 suffixes; of `domain` and `search` the last one
// counts. Addresses are canonical text without a scope.
v1::DnsConfiguration ParseResolvConf(absl::string_view text);

// Whether all servers are systemd-resolved itself (127.0.0.53 and .54), which knows better
// ones.
bool IsStub(const v1::DnsConfiguration& dns);

// hosts(5): the name with a domain that stands for `host_name`; `host_name` if there is none.
std::string FullHostName(absl::string_view hosts, absl::string_view host_name);

// Reads the files below `root` ("" is the system's own): etc/resolv.conf, or
// run/systemd/resolve/resolv.conf where the former names only the stub. `full_host_name` is split
// into the name and, unless a file says otherwise, the domain.
v1::DnsConfiguration ReadDnsConfiguration(const std::string& root,
                                          absl::string_view full_host_name);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_RESOLVER_H_
