// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/rows.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"

namespace toolboxd::bench {
namespace {

// The heading that was printed last.
std::string current_group;
std::string key_prefix, group_prefix;
std::FILE* json = nullptr;

std::string Number(const std::optional<double>& value) {
  return value.has_value() ? absl::StrFormat("%.6g", *value) : "null";
}

std::string Json(const Row& row, const Values& values) {
  const auto text = [](const std::string& key, const std::string& value) {
    return absl::StrCat("\"", key, "\": \"", value, "\"");
  };
  std::string line = absl::StrCat("{", text("key", key_prefix + row.key),
                                  ", \"toolboxd\": ", Number(values.toolboxd),
                                  ", \"vmtoolsd\": ", Number(values.vmtoolsd));
  if (values.traps_alone.has_value())
    absl::StrAppend(&line, ", \"traps_alone\": ", Number(values.traps_alone));
  const std::string better = row.better == Better::kLower ? "lower" : "higher";
  absl::StrAppend(&line, ", ", text("unit", row.unit), ", ", text("better", better), ", ",
                  text("aim", row.aim), ", ", text("group", current_group), ", ",
                  text("name", row.name), ", ", text("what", row.what), "}\n");
  return line;
}

}  // namespace

void AppendRowsTo(const std::string& path) {
  json = std::fopen(path.c_str(), "ae");
  if (json != nullptr) return;
  const absl::Status status = ErrnoError(errno, absl::StrCat("cannot open ", path));
  std::fprintf(stderr, "bench: %s\n", std::string(status.message()).c_str());
  std::exit(1);
}

void SetPrefix(const std::string& of_keys, const std::string& of_groups) {
  key_prefix = of_keys;
  group_prefix = of_groups;
}

void PrintHeading(const std::string& group, bool traps_alone) {
  current_group = group_prefix + group;
  std::printf("\n%-40s %12s %12s %9s%s  %s\n", current_group.c_str(), "toolboxd", "vmtoolsd",
              "ratio", traps_alone ? "  traps alone" : "", "aim");
  std::fflush(stdout);
}

void PrintRow(const Row& row, const Values& values) {
  const std::string title = row.unit.empty() ? row.name : row.name + ", " + row.unit;
  std::printf("  %-38s %12.2f ", title.c_str(), values.toolboxd);
  if (values.vmtoolsd.has_value()) {
    const double ratio = *values.vmtoolsd == 0 ? 0 : values.toolboxd / *values.vmtoolsd;
    std::printf("%12.2f %9.3f", *values.vmtoolsd, ratio);
  } else {
    std::printf("%12s %9s", "-", "-");
  }
  if (values.traps_alone.has_value()) std::printf(" %12.2f", *values.traps_alone);
  std::printf("  %s\n", row.aim.c_str());
  std::fflush(stdout);
  if (json == nullptr) return;
  std::fputs(Json(row, values).c_str(), json);
  std::fflush(json);
}

}  // namespace toolboxd::bench
