// SPDX-License-Identifier: Apache-2.0

// Texts for every place that reads a "HOST:PORT": all of them must decide alike.

#ifndef TOOLBOXD_BASE_TESTING_HOST_PORT_CASES_H_
#define TOOLBOXD_BASE_TESTING_HOST_PORT_CASES_H_

#include "absl/strings/string_view.h"

namespace toolboxd {

struct HostPortCase {
  absl::string_view text;
  // Empty and 0 for a text that is malformed.
  absl::string_view host;
  int port;
};

inline constexpr HostPortCase kHostPortCases[] = {
    {"localhost:80", "localhost", 80},
    {"example.com:65535", "example.com", 65535},
    {" 127.0.0.1:8080\n", "127.0.0.1", 8080},
    {"127.0.0.1:00080", "127.0.0.1", 80},
    {"[::1]:1", "::1", 1},
    {"[fe80::1%eth0]:443", "fe80::1%eth0", 443},
    {"[::ffff:127.0.0.1]:80", "::ffff:127.0.0.1", 80},
    {"", "", 0},
    {":", "", 0},
    {":80", "", 0},
    {"localhost", "", 0},
    {"localhost:", "", 0},
    {"localhost:0", "", 0},
    {"localhost:65536", "", 0},
    {"localhost:4294967376", "", 0},
    {"localhost:-1", "", 0},
    {"localhost:+80", "", 0},
    {"localhost: 80", "", 0},
    {"localhost:80x", "", 0},
    {"localhost:0x50", "", 0},
    {"localhost:http", "", 0},
    {"localhost:80:81", "", 0},
    {"local host:80", "", 0},
    {"localhost :80", "", 0},
    {"127.0.0.\t1:80", "", 0},
    {absl::string_view("localhost\0.example.com:80", 25), "", 0},
    {absl::string_view("localhost:80\0", 13), "", 0},
    {"::1:80", "", 0},
    {"[]:80", "", 0},
    {"[localhost]:80", "", 0},
    {"[::1:80", "", 0},
    {"::1]:80", "", 0},
    {"[[::1]]:80", "", 0},
    {"[::1]x:80", "", 0},
    {"[::1]80", "", 0},
};

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_TESTING_HOST_PORT_CASES_H_
