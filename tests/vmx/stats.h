// Counters and times of a running vmxsim, as names and numbers.

#ifndef TOOLBOXD_TESTS_VMX_STATS_H_
#define TOOLBOXD_TESTS_VMX_STATS_H_

#include <string>
#include <utility>
#include <vector>

#include "tests/vmx/tracer.h"
#include "tests/vmx/vmx.h"

namespace toolboxd::vmx {

// Names end in the unit where there is one (_ms, _us). Times that have not come are left out.
using Stats = std::vector<std::pair<std::string, double>>;

Stats CollectStats(Vmx& vmx, const Tracer& tracer);
// "name value" a line.
std::string StatsText(const Stats& stats);
// One flat object.
std::string StatsJson(const Stats& stats);

}  // namespace toolboxd::vmx

#endif  // TOOLBOXD_TESTS_VMX_STATS_H_
