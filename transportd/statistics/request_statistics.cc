// SPDX-License-Identifier: Apache-2.0

#include "transportd/statistics/request_statistics.h"

#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "transportd/statistics/families.h"

namespace toolboxd {
namespace {

struct Kind {
  absl::string_view prefix;
  absl::string_view name;
};

// A request is of the first kind whose prefix it has.
constexpr Kind kTable[] = {
    {"Vix_1_Relayed_Command", "guest_operation"},
    {"ping", "ping"},
    {"f ", "hgfs"},
    {"Set_Option", "option"},
    {"reset", "reset"},
    {"Capabilities_Register", "capabilities"},
    {"OS_", "power"},
    {"vmbackup.", "snapshot"},
    {"Time", "time"},
    {"deployPkg.", "customization"},
    {"", "other"},
};
static_assert(std::size(kTable) == RequestStatistics::kKinds);

size_t IndexOf(absl::string_view request) {
  size_t index = 0;
  while (!absl::StartsWith(request, kTable[index].prefix)) ++index;
  return index;
}

}  // namespace

absl::string_view RequestStatistics::KindOf(absl::string_view request) {
  return kTable[IndexOf(request)].name;
}

void RequestStatistics::Record(absl::string_view request, bool ok, absl::Duration time) {
  const size_t index = IndexOf(request);
  times_[index].Record(time);
  if (!ok) refused_[index].fetch_add(1, std::memory_order_relaxed);
}

void RequestStatistics::AddTo(v1::Metrics& metrics) const {
  v1::MetricFamily& times =
      AddFamily(metrics, v1::MetricFamily::HISTOGRAM, "toolboxd_host_request_seconds",
                "How long answers to requests of the host took, by kind of request.", "seconds");
  for (size_t i = 0; i < kKinds; ++i) {
    if (times_[i].count() == 0) continue;
    v1::Metric& metric = *times.add_metrics();
    (*metric.mutable_labels())["kind"] = std::string(kTable[i].name);
    *metric.mutable_histogram() = times_[i].Value();
  }
  v1::MetricFamily& refused =
      AddFamily(metrics, v1::MetricFamily::COUNTER, "toolboxd_host_requests_refused",
                "Requests of the host that were answered with an error, by kind of request.");
  for (size_t i = 0; i < kKinds; ++i) {
    const uint64_t count = refused_[i].load(std::memory_order_relaxed);
    if (count > 0) {
      AddValue(refused, static_cast<double>(count), {{"kind", std::string(kTable[i].name)}});
    }
  }
}

}  // namespace toolboxd
