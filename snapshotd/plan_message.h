// SPDX-License-Identifier: Apache-2.0

// The plan as Quiesce.GetPlan returns it.

#ifndef TOOLBOXD_SNAPSHOTD_PLAN_MESSAGE_H_
#define TOOLBOXD_SNAPSHOTD_PLAN_MESSAGE_H_

#include "snapshotd/plan.h"
#include "toolboxd/v1/quiesce.pb.h"
#include "toolboxd/v1/snapshot.pb.h"

namespace toolboxd::snapshotd {

// For people: paths are printable UTF-8, long ones are shortened, and what exceeds a unary reply
// (256 KiB) is counted rather than listed. Pure.
v1::QuiescePlan ToMessage(const Plan& plan, const v1::SnapshotSettings& settings);

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_PLAN_MESSAGE_H_
