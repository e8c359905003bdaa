// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/property_list.h"

#include "absl/strings/escaping.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vix {
namespace {

enum PropertyId : int32_t {
  kTemporaryDirectory = 203,
  kToolsVersion = 4500,
  kApiOptions = 4501,
  kOsFamily = 4502,
  kOsVersion = 4503,
  kHostName = 4505,
  kProductName = 4511,
  kWordSize = 4519,
  kOsVersionShort = 4520,
  // One property for each operation: programs, credentials, files.
  kFirstEnabled = 4540,
  kLastEnabled = 4557,
};

constexpr int32_t kSupportsGetHandleState = 1;
constexpr int32_t kFamilyLinux = 1;

// Bytes of a value; 0 where the type has no fixed size.
int32_t FixedSize(int32_t type) {
  switch (type) {
    case kPropertyInt32:
    case kPropertyHandle:
      return 4;
    case kPropertyBool:
      return 1;
    case kPropertyInt64:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

std::string EncodePropertyList(const std::vector<Property>& properties) {
  wire::Writer writer;
  for (const Property& property : properties) {
    writer.I32(property.id).I32(property.type);
    const auto* text = std::get_if<std::string>(&property.value);
    if (text != nullptr) {
      const bool nul = property.type == kPropertyString;
      writer.I32(static_cast<int32_t>(text->size()) + nul).Bytes(*text).Zeros(nul);
      continue;
    }
    const int64_t number = std::get<int64_t>(property.value);
    const int32_t size = FixedSize(property.type);
    writer.I32(size);
    if (size == 1) writer.U8(static_cast<uint8_t>(number));
    if (size == 4) writer.I32(static_cast<int32_t>(number));
    if (size == 8) writer.I64(number);
  }
  return writer.Take();
}

std::string EncodeToolsState(const ToolsState& state) {
  std::vector<Property> list = {
      Property::String(kOsVersion, state.os_version),
      Property::String(kOsVersionShort, state.os_version_short),
      Property::String(kProductName, state.product_name),
      Property::String(kToolsVersion, state.tools_version),
      Property::String(kHostName, state.host_name),
      Property::Int32(kApiOptions, kSupportsGetHandleState),
      Property::Int32(kOsFamily, kFamilyLinux),
      Property::String(kTemporaryDirectory, state.temporary_directory),
      Property::Int32(kWordSize, state.word_size),
  };
  for (int32_t id = kFirstEnabled; id <= kLastEnabled; ++id) {
    list.push_back(Property::Bool(id, false));
  }
  return absl::Base64Escape(EncodePropertyList(list));
}

}  // namespace toolboxd::vix
