// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/os_info.h"

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "transportd/wire/reader.h"
#include "vmxsim/printable.h"

namespace toolboxd::vmxsim {
namespace {

constexpr uint32_t kVersion = 1;
constexpr size_t kShortNameSize = 129;
constexpr size_t kFullNameSize = 513;
constexpr size_t kPadding = 2;

std::string FixedText(size_t size, wire::Reader& reader) {
  const absl::string_view field = reader.Bytes(size);
  return std::string(field.substr(0, field.find('\0')));
}

// Takes one value after its opening quote, and its closing quote. False without a closing quote.
bool TakeValue(absl::string_view& items, std::string& value) {
  while (!items.empty()) {
    if (items.front() == '\\')
      items.remove_prefix(1);
    else if (items.front() == '\'') {
      items.remove_prefix(1);
      return true;
    }
    if (items.empty()) return false;
    value.push_back(items.front());
    items.remove_prefix(1);
  }
  return false;
}

bool TakeDetails(absl::string_view items, OsInfo& info) {
  while (!items.empty()) {
    const size_t quote = items.find("='");
    if (quote == absl::string_view::npos) return false;
    auto& [key, value] = info.details.emplace_back();
    key = std::string(items.substr(0, quote));
    items.remove_prefix(quote + 2);
    if (!TakeValue(items, value)) return false;
    if (!items.empty() && items.front() == ' ') items.remove_prefix(1);
  }
  return true;
}

}  // namespace

std::string OsInfo::Detail(absl::string_view key) const {
  for (const auto& [name, value] : details) {
    if (name == key) return value;
  }
  return "";
}

absl::StatusOr<OsInfo> DecodeOsInfo(absl::string_view bytes) {
  wire::Reader reader(bytes);
  const uint32_t version = reader.U32();
  OsInfo info;
  info.short_name = FixedText(kShortNameSize, reader);
  info.full_name = FixedText(kFullNameSize, reader);
  reader.Skip(kPadding);
  const absl::string_view items = reader.UntilNul();
  if (!reader.ok() || !TakeDetails(items, info)) {
    return absl::InvalidArgumentError("malformed OS information");
  }
  if (version != kVersion) {
    return absl::InvalidArgumentError(
        absl::StrCat("OS information has the unknown version ", version));
  }
  return info;
}

std::string OsInfoText(const OsInfo& info) {
  std::string text = absl::StrCat("os: ", info.short_name, ": ", info.full_name);
  for (size_t i = 0; i < info.details.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "; " : " ", info.details[i].first, "='", info.details[i].second,
                    "'");
  }
  return Printable(text) + "\n";
}

}  // namespace toolboxd::vmxsim
