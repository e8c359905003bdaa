// SPDX-License-Identifier: Apache-2.0

// Building families of metrics.

#ifndef TOOLBOXD_TRANSPORTD_STATISTICS_FAMILIES_H_
#define TOOLBOXD_TRANSPORTD_STATISTICS_FAMILIES_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// Appends an empty family. The name of a counter is without "_total"; that of one with a unit ends
// with it.
inline v1::MetricFamily& AddFamily(v1::Metrics& metrics, v1::MetricFamily::Type type,
                                   absl::string_view name, absl::string_view help,
                                   absl::string_view unit = "") {
  v1::MetricFamily& family = *metrics.add_families();
  family.set_type(type);
  family.set_name(std::string(name));
  family.set_help(std::string(help));
  family.set_unit(std::string(unit));
  return family;
}

// Appends a value. Labels are constants of the program, never names of users or files.
inline void AddValue(v1::MetricFamily& family, double value,
                     const std::map<std::string, std::string>& labels = {}) {
  v1::Metric& metric = *family.add_metrics();
  metric.set_value(value);
  for (const auto& [name, text] : labels) (*metric.mutable_labels())[name] = text;
}

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_STATISTICS_FAMILIES_H_
