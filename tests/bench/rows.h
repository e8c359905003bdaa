// SPDX-License-Identifier: Apache-2.0

// The rows of the comparison: printed, and written for tests/bench/report.py.

#ifndef TOOLBOXD_TESTS_BENCH_ROWS_H_
#define TOOLBOXD_TESTS_BENCH_ROWS_H_

#include <optional>
#include <string>

namespace toolboxd::bench {

enum class Better { kLower, kHigher };

// ASCII without quotes and backslashes.
struct Row {
  // PART.NAME, with the part as in --only. Reports are compared by key: it stays as it is.
  std::string key;
  std::string name;
  std::string unit;
  Better better;
  // What is measured, in whole sentences; the row's name is not repeated.
  std::string what;
  // Empty: none.
  std::string aim = "";
};

struct Values {
  double toolboxd;
  // Absent where vmtoolsd does not have what is measured.
  std::optional<double> vmtoolsd;
  // See trap_floor.h. Absent where there is nothing to compare with.
  std::optional<double> traps_alone = std::nullopt;
};

// Each later row is also appended to the file, as JSON, a row a line. Ends the program where the
// file cannot be opened.
void AppendRowsTo(const std::string& path);

// Stands before the key of each later row, and before the name of each later group.
void SetPrefix(const std::string& of_keys, const std::string& of_groups);

// Begins a group of rows. `traps_alone`: they have that value too.
void PrintHeading(const std::string& group, bool traps_alone = false);
// Prints the values, toolboxd's over vmtoolsd's, and the aim.
void PrintRow(const Row& row, const Values& values);

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_ROWS_H_
