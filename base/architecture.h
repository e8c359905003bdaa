// SPDX-License-Identifier: Apache-2.0

// What differs between the processors that toolboxd is built for, x86-64 and arm64, and is neither
// an instruction nor a register.

#ifndef TOOLBOXD_BASE_ARCHITECTURE_H_
#define TOOLBOXD_BASE_ARCHITECTURE_H_

#include <linux/audit.h>
#include <sys/syscall.h>

#include <cstdint>

namespace toolboxd {

// kAuditArchitecture is the architecture that a seccomp filter sees for a call made in this
// machine's own way; kPollNumber is the system call that the C library's poll(2) makes.
#if defined(__x86_64__)
inline constexpr uint32_t kAuditArchitecture = AUDIT_ARCH_X86_64;
inline constexpr uint32_t kPollNumber = SYS_poll;
#elif defined(__aarch64__)
inline constexpr uint32_t kAuditArchitecture = AUDIT_ARCH_AARCH64;
// A kernel for arm64 has only those calls that no newer one replaces.
inline constexpr uint32_t kPollNumber = SYS_ppoll;
#else
#error "toolboxd runs on x86-64 and arm64"
#endif

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_ARCHITECTURE_H_
