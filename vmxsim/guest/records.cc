// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest/records.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd::vmxsim {
namespace {

// Takes the next `<tag>…</tag>` off the text; false if there is none.
bool TakeElement(absl::string_view& text, absl::string_view tag, absl::string_view& content) {
  const std::string open = absl::StrCat("<", tag, ">"), close = absl::StrCat("</", tag, ">");
  const size_t begin = text.find(open);
  if (begin == absl::string_view::npos) return false;
  const size_t end = text.find(close, begin);
  if (end == absl::string_view::npos) return false;
  content = text.substr(begin + open.size(), end - begin - open.size());
  text.remove_prefix(end + close.size());
  return true;
}

Record ParseRecord(absl::string_view text) {
  Record record;
  while (true) {
    const size_t begin = text.find('<');
    const size_t end = text.find('>', begin);
    if (begin == absl::string_view::npos || end == absl::string_view::npos) return record;
    const std::string tag(text.substr(begin + 1, end - begin - 1));
    absl::string_view value;
    if (!TakeElement(text, tag, value)) return record;
    record[tag] = vix::Unescape(value);
  }
}

}  // namespace

std::vector<Record> ParseRecords(absl::string_view text, absl::string_view tag) {
  std::vector<Record> records;
  absl::string_view content;
  while (TakeElement(text, tag, content)) records.push_back(ParseRecord(content));
  return records;
}

std::string FindValue(absl::string_view text, absl::string_view tag) {
  absl::string_view content;
  return TakeElement(text, tag, content) ? vix::Unescape(content) : "";
}

int64_t NumberOf(const Record& record, const std::string& tag) {
  const auto found = record.find(tag);
  int64_t number = 0;
  if (found == record.end() || !absl::SimpleAtoi(found->second, &number)) return 0;
  return number;
}

}  // namespace toolboxd::vmxsim
