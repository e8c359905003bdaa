// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/recorder.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "vmxsim/registers.h"

namespace toolboxd::vmxsim {

bool IsRecordedName(absl::string_view argv0) {
  static constexpr absl::string_view kNames[] = {"shutdown", "reboot",    "poweroff", "halt",
                                                 "telinit",  "systemctl", "loginctl", "runlevel"};
  const size_t slash = argv0.rfind('/');
  const absl::string_view name = slash == absl::string_view::npos ? argv0 : argv0.substr(slash + 1);
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

int Record(const std::vector<std::string>& words) {
  const std::string text = absl::StrJoin(words, " ").substr(0, 4096);
  uint64_t rax = kMagic;
  uint64_t rbx = text.size();
  uint64_t rcx = kCommandVmxsimRecord;
  uint64_t rdx = kPort;
  const char* rsi = text.data();
  asm volatile("inl %%dx, %%eax"
               : "+a"(rax), "+b"(rbx), "+c"(rcx), "+d"(rdx), "+S"(rsi)
               :
               : "rdi", "memory");
  return rax == 0 ? 0 : 1;
}

}  // namespace toolboxd::vmxsim
