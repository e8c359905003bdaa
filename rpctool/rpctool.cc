// SPDX-License-Identifier: Apache-2.0

#include "rpctool/rpctool.h"

#include <unistd.h>

#include <string_view>

#include "rpctool/system_calls.h"

namespace toolboxd::rpctool {
namespace {

constexpr char kUsage[] =
    "rpctool syntax:\n"
    "\n"
    "  -h | --help\tprint usage.\n"
    "  rpctool <text>\tsend <text> as an RPC command.\n";

std::string_view UpToNul(std::string_view text) {
  size_t size = 0;
  while (size < text.size() && text[size] != '\0') ++size;
  return {text.data(), size};
}

}  // namespace

int RunRpctool(int argc, char** argv, Host& host) {
  const char* const program = argc > 0 ? argv[0] : "vmware-rpctool";
  const std::string_view request = argc > 1 ? argv[1] : "";
  const bool help = request == "-h" || request == "--help";
  if (argc < 2 || help) {
    if (!host.IsVmware()) return NoHost(program);
    WriteAll(STDERR_FILENO, kUsage, "");
    return help ? 0 : 1;
  }
  const Answer answer = host.Ask(request);
  return answer.kind == Answer::Kind::kNoHost ? NoHost(program) : PrintAnswer(answer);
}

int PrintAnswer(const Answer& answer) {
  const bool success = answer.kind == Answer::Kind::kSuccess;
  const bool printed =
      WriteAll(success ? STDOUT_FILENO : STDERR_FILENO, UpToNul(answer.text), "\n");
  return success && printed ? 0 : 1;
}

int NoHost(const char* program) {
  WriteAll(STDERR_FILENO, "Error: ", program);
  WriteAll(STDERR_FILENO, " must be run inside a virtual machine on a VMware hypervisor product.\n",
           "");
  return kExitNoHost;
}

}  // namespace toolboxd::rpctool
