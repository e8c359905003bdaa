// SPDX-License-Identifier: Apache-2.0

// The `<tag>value</tag>` text that guests answer with, taken apart (docs/protocol/vix.md 4.6).

#ifndef TOOLBOXD_VMXSIM_GUEST_RECORDS_H_
#define TOOLBOXD_VMXSIM_GUEST_RECORDS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

// Tag to value, percent escapes undone.
using Record = std::map<std::string, std::string>;

// Every `<tag>…</tag>` of the text, each split into its own tags. Text outside is passed
// over, as is a record that is not closed.
std::vector<Record> ParseRecords(absl::string_view text, absl::string_view tag);

// The value of the first `<tag>…</tag>`, percent escapes undone; empty without one.
std::string FindValue(absl::string_view text, absl::string_view tag);

// The number at a tag of a record; 0 without one.
int64_t NumberOf(const Record& record, const std::string& tag);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_GUEST_RECORDS_H_
