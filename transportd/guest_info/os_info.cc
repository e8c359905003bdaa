// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/os_info.h"

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "transportd/wire/reader.h"
#include "transportd/wire/writer.h"

namespace toolboxd::guest_info {
namespace {

constexpr uint32_t kVersion = 1;
constexpr size_t kShortNameSize = 129;
constexpr size_t kFullNameSize = 513;
// The compiler's padding in vmtoolsd's structure of 648 bytes.
constexpr size_t kPadding = 2;
constexpr size_t kMaxValue = 256;

void WriteFixed(absl::string_view text, size_t size, wire::Writer& writer) {
  text = text.substr(0, size - 1);
  writer.Bytes(text).Zeros(size - text.size());
}

absl::string_view ReadFixed(size_t size, wire::Reader& reader) {
  wire::Reader field(reader.Bytes(size));
  return field.UntilNul();
}

void AppendItem(absl::string_view key, absl::string_view value, std::string& items) {
  if (value.empty()) return;
  absl::StrAppend(&items, items.empty() ? "" : " ", key, "='");
  for (const char c : value.substr(0, kMaxValue)) {
    if (c == '\'' || c == '\\') items.push_back('\\');
    items.push_back(c == '\0' ? ' ' : c);
  }
  items.push_back('\'');
}

void SetItem(absl::string_view key, const std::string& value, v1::OperatingSystem& os) {
  uint32_t bits = 0;
  if (key == "architecture") os.set_architecture(value);
  if (key == "bitness" && absl::SimpleAtoi(value, &bits)) os.set_bits(bits);
  if (key == "distroName") os.set_distribution_name(value);
  if (key == "distroVersion") os.set_distribution_version(value);
  if (key == "kernelVersion") os.set_kernel_version(value);
  if (key == "prettyName") os.set_pretty_name(value);
}

// Takes one quoted value, up to and with its closing quote.
bool TakeValue(absl::string_view& items, std::string& value) {
  while (!items.empty()) {
    char c = items.front();
    items.remove_prefix(1);
    if (c == '\'') return true;
    if (c == '\\') {
      if (items.empty()) return false;
      c = items.front();
      items.remove_prefix(1);
    }
    value.push_back(c);
  }
  return false;
}

bool ParseItems(absl::string_view items, v1::OperatingSystem& os) {
  while (!items.empty()) {
    const size_t quote = items.find("='");
    if (quote == absl::string_view::npos) return false;
    const absl::string_view key = items.substr(0, quote);
    items.remove_prefix(quote + 2);
    std::string value;
    if (!TakeValue(items, value)) return false;
    SetItem(key, value, os);
    if (!items.empty() && items.front() == ' ') items.remove_prefix(1);
  }
  return true;
}

}  // namespace

std::string EncodeOsDetailed(const v1::OperatingSystem& os) {
  std::string items;
  AppendItem("architecture", os.architecture(), items);
  AppendItem("bitness", os.bits() == 0 ? "" : absl::StrCat(os.bits()), items);
  AppendItem("distroName", os.distribution_name(), items);
  AppendItem("distroVersion", os.distribution_version(), items);
  AppendItem("familyName", "Linux", items);
  AppendItem("kernelVersion", os.kernel_version(), items);
  AppendItem("prettyName", os.pretty_name(), items);

  wire::Writer writer;
  writer.U32(kVersion);
  WriteFixed(os.short_name(), kShortNameSize, writer);
  WriteFixed(os.full_name(), kFullNameSize, writer);
  writer.Zeros(kPadding).BytesAndNul(items);
  return writer.Take();
}

absl::StatusOr<v1::OperatingSystem> DecodeOsDetailed(absl::string_view value) {
  wire::Reader reader(value);
  v1::OperatingSystem os;
  if (reader.U32() != kVersion) {
    return absl::InvalidArgumentError("OS details are not of version 1");
  }
  os.set_short_name(std::string(ReadFixed(kShortNameSize, reader)));
  os.set_full_name(std::string(ReadFixed(kFullNameSize, reader)));
  reader.Skip(kPadding);
  const absl::string_view items = reader.UntilNul();
  if (!reader.ok() || !ParseItems(items, os)) {
    return absl::InvalidArgumentError("OS details are malformed");
  }
  return os;
}

}  // namespace toolboxd::guest_info
