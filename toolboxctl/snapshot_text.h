// SPDX-License-Identifier: Apache-2.0

// Plans and trials of snapshots as text for people.

#ifndef TOOLBOXD_TOOLBOXCTL_SNAPSHOT_TEXT_H_
#define TOOLBOXD_TOOLBOXCTL_SNAPSHOT_TEXT_H_

#include <string>

#include "toolboxctl/output.h"
#include "toolboxd/v1/quiesce.pb.h"

namespace toolboxd {

// What would be frozen, in order, with all mount points; then what is skipped, with the reasons.
std::string PlanText(const v1::QuiescePlan& plan, const Terminal& terminal);

// What each file system took, and the time from the first freeze to the last thaw.
std::string ThawedText(const v1::QuiesceUpdate::FileSystemsThawed& thawed,
                       const Terminal& terminal);

// One line without its end.
std::string FailureText(const v1::QuiesceFailure& failure);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_SNAPSHOT_TEXT_H_
