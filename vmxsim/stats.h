// SPDX-License-Identifier: Apache-2.0

// Counters and times of a running vmxsim, as names and numbers.

#ifndef TOOLBOXD_VMXSIM_STATS_H_
#define TOOLBOXD_VMXSIM_STATS_H_

#include <string>
#include <utility>
#include <vector>

#include "vmxsim/model.h"
#include "vmxsim/tracer.h"
#include "vmxsim/vsock_host.h"

namespace toolboxd::vmxsim {

// Names end in the unit where there is one (_ms, _us). Times that have not come are left out.
using Stats = std::vector<std::pair<std::string, double>>;

// `vsock` is null where the guest has none; then nothing of it is there.
Stats CollectStats(Vmx& vmx, const Tracer& tracer, VsockHost* vsock);
// "name value" a line.
std::string StatsText(const Stats& stats);
// One flat object.
std::string StatsJson(const Stats& stats);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_STATS_H_
