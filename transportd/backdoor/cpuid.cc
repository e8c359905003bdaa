// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/cpuid.h"

#if defined(__aarch64__)

#include <fcntl.h>

#include "base/system_call.h"

namespace toolboxd::backdoor {

// Without a C library.
CpuidResult ReadCpuid(uint32_t leaf) {
  char vendor[64];
  const long file = SystemCall(SYS_openat, AT_FDCWD, Address("/sys/class/dmi/id/sys_vendor"),
                               O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const long size = SystemCall(SYS_read, file, Address(vendor), sizeof vendor);
  SystemCall(SYS_close, file);
  return size <= 0 ? CpuidResult{} : CpuidOfVendor({vendor, static_cast<size_t>(size)}, leaf);
}

}  // namespace toolboxd::backdoor

#endif  // __aarch64__
