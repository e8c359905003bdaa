// SPDX-License-Identifier: Apache-2.0

// What a snapshot does not freeze, for the journal: one line of bounded length each. Pure.

#ifndef TOOLBOXD_SNAPSHOTD_LEFT_OUT_H_
#define TOOLBOXD_SNAPSHOTD_LEFT_OUT_H_

#include <string>
#include <vector>

#include "base/mountinfo.h"
#include "snapshotd/plan.h"

namespace toolboxd::snapshotd {

inline constexpr size_t kMaxListed = 8;

// "a, b and 3 more": the first kMaxListed of them, each cut to 200 bytes.
std::string ListText(const std::vector<std::string>& items);

// A sentence about malformed lines of the mount table; empty if there are none.
std::string MalformedText(const MountTable& table);

// The file systems that could be frozen and are not, and why; empty if there are none.
std::string SkippedText(const Plan& plan);

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_LEFT_OUT_H_
