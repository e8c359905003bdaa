// SPDX-License-Identifier: Apache-2.0

// VIX property lists and the list that GET_TOOLS_STATE answers (docs/protocol/vix.md 4.7).

#ifndef TOOLBOXD_TRANSPORTD_VIX_PROPERTY_LIST_H_
#define TOOLBOXD_TRANSPORTD_VIX_PROPERTY_LIST_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace toolboxd::vix {

// docs/protocol/vix.md 4.7.
enum PropertyType : int32_t {
  kPropertyInt32 = 1,
  // UTF-8, with its NUL on the wire but not here.
  kPropertyString = 2,
  kPropertyBool = 3,
  kPropertyHandle = 4,
  kPropertyInt64 = 5,
  kPropertyBlob = 6,
};

// The type says which alternative: int64_t holds all numbers and the boolean.
struct Property {
  int32_t id = 0;
  PropertyType type = kPropertyInt32;
  std::variant<int64_t, std::string> value;

  static Property Int32(int32_t id, int32_t value) { return {id, kPropertyInt32, value}; }
  static Property Bool(int32_t id, bool value) { return {id, kPropertyBool, int64_t{value}}; }
  static Property String(int32_t id, absl::string_view value) {
    return {id, kPropertyString, std::string(value)};
  }
  bool operator==(const Property&) const = default;
};

// In the order given (docs/protocol/vix.md 4.7).
std::string EncodePropertyList(const std::vector<Property>& properties);

// What the host learns about the guest by GET_TOOLS_STATE.
struct ToolsState {
  std::string os_version;        // "Linux 6.1.0-18-amd64 Debian GNU/Linux 12 (bookworm)"
  std::string os_version_short;  // vSphere's name of the system: "debian12-64"
  std::string product_name;
  std::string tools_version;
  std::string host_name;
  std::string temporary_directory;
  int32_t word_size = 64;
};

// The property list in base64. The properties that announce operations are present with
// the value 0: hosts look at presence, and vmtoolsd sends 0.
std::string EncodeToolsState(const ToolsState& state);

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_TRANSPORTD_VIX_PROPERTY_LIST_H_
