// SPDX-License-Identifier: Apache-2.0

#include "rpctool/rpctool.h"

#include <stdio.h>

#include <string_view>

namespace toolboxd::rpctool {
namespace {

constexpr int kExitNoHost = 255;

constexpr char kUsage[] =
    "rpctool syntax:\n"
    "\n"
    "  -h | --help\tprint usage.\n"
    "  rpctool <text>\tsend <text> as an RPC command.\n";

int NoHost(const char* program) {
  fprintf(stderr,
          "Error: %s must be run inside a virtual machine on a VMware hypervisor product.\n",
          program);
  return kExitNoHost;
}

}  // namespace

int RunRpctool(int argc, char** argv, Host& host) {
  const char* const program = argc > 0 ? argv[0] : "vmware-rpctool";
  const std::string_view request = argc > 1 ? argv[1] : "";
  const bool help = request == "-h" || request == "--help";
  if (argc < 2 || help) {
    if (!host.HasBackdoor()) return NoHost(program);
    fputs(kUsage, stderr);
    return help ? 0 : 1;
  }
  const Answer answer = host.Ask(request);
  return answer.kind == Answer::Kind::kNoHost ? NoHost(program) : PrintAnswer(answer);
}

int PrintAnswer(const Answer& answer) {
  const bool success = answer.kind == Answer::Kind::kSuccess;
  FILE* const stream = success ? stdout : stderr;
  const bool printed = fprintf(stream, "%s\n", answer.text.c_str()) >= 0 && fflush(stream) == 0;
  return success && printed ? 0 : 1;
}

}  // namespace toolboxd::rpctool
