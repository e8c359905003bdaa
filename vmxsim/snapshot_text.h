// SPDX-License-Identifier: Apache-2.0

// A snapshot's dialogue and outcome as text.

#ifndef TOOLBOXD_VMXSIM_SNAPSHOT_TEXT_H_
#define TOOLBOXD_VMXSIM_SNAPSHOT_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "vmxsim/snapshot_host.h"

namespace toolboxd::vmxsim {

// One line without an end of line, as in docs/protocol/snapshot.md 8.9: seconds since `start`,
// RX (the guest receives), TX (it sends) or RPLY, and the message.
std::string SnapshotLine(const SnapshotMessage& message, absl::Time start);

// "good", "failed" …: one word.
std::string SnapshotOutcomeWord(SnapshotOutcome outcome);

// Some lines: the outcome with codes and texts, times, violations.
std::string SnapshotReportText(const SnapshotReport& report);
// One line: an object with outcome, errors, events, violations, and in seconds commit, done and
// largest_gap; commit and done are null where there was none.
std::string SnapshotReportJson(const SnapshotReport& report);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_SNAPSHOT_TEXT_H_
