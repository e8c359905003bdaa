// SPDX-License-Identifier: Apache-2.0

// toolboxctl audit: transportd's audit lines, from the journal.

#ifndef TOOLBOXD_TOOLBOXCTL_AUDIT_H_
#define TOOLBOXD_TOOLBOXCTL_AUDIT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd {

// One line (transportd/guest_operations/audit_log.h), or the number of those that were suppressed.
struct AuditEntry {
  absl::Time time;
  std::string user;
  std::string operation;
  std::string target;
  uint32_t result = 0;
  // How many lines like it were suppressed before it, or how many it stands for.
  uint64_t more = 0;
};

// Reads a line of `journalctl --output=short-unix`; nothing if it is not one of the audit's.
std::optional<AuditEntry> ParseAuditLine(absl::string_view line);

// "0", "3050 wrong user or password".
std::string ResultText(uint32_t result);

// An object of JSON on one line.
std::string AuditJson(const AuditEntry& entry);

struct AuditOptions {
  // As journalctl takes it.
  std::string since;
  // Only this user's operations; empty: all.
  std::string user;
  bool json = false;
};

// Prints the newest 10,000. The exit status.
int AuditMain(const AuditOptions& options);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_AUDIT_H_
