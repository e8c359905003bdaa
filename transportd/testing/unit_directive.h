// SPDX-License-Identifier: Apache-2.0

// Directives of the units that the package installs, for tests of limits that must fit them.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_UNIT_DIRECTIVE_H_
#define TOOLBOXD_TRANSPORTD_TESTING_UNIT_DIRECTIVE_H_

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/testing/whole_file.h"

namespace toolboxd::testing {

// The value of DIRECTIVE=NUMBER in a unit of deploy/systemd, with a suffix M multiplied out; -1 if
// it has none. The test needs //deploy/systemd:units as data.
inline int64_t UnitDirective(const std::string& unit, const std::string& directive) {
  const std::string text = ReadWholeFile(absl::StrCat("deploy/systemd/", unit));
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, absl::StrCat(directive, "="))) continue;
    const int64_t factor = absl::ConsumeSuffix(&line, "M") ? 1 << 20 : 1;
    int64_t number = 0;
    return absl::SimpleAtoi(line, &number) ? number * factor : -1;
  }
  return -1;
}

}  // namespace toolboxd::testing

#endif  // TOOLBOXD_TRANSPORTD_TESTING_UNIT_DIRECTIVE_H_
