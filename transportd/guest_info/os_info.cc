// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/os_info.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
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

void AppendItem(absl::string_view key, absl::string_view value, std::string& items) {
  if (value.empty()) return;
  absl::StrAppend(&items, items.empty() ? "" : " ", key, "='");
  for (const char c : value.substr(0, kMaxValue)) {
    if (c == '\'' || c == '\\') items.push_back('\\');
    items.push_back(c == '\0' ? ' ' : c);
  }
  items.push_back('\'');
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

}  // namespace toolboxd::guest_info
