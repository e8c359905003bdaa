// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/property_list.h"

#include <limits>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "transportd/vix/testing/host_messages.h"
#include "transportd/wire/testing/test_data.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vix {
namespace {

std::string Vector(const std::string& name) {
  return wire::ReadTestData("transportd/vix/testdata/" + name);
}

TEST(PropertyList, VectorWithEveryTypeDecodes) {
  const std::string bytes = Vector("property_list.bin");
  std::vector<Property> list;
  ASSERT_TRUE(DecodePropertyList(bytes, list));
  ASSERT_EQ(list.size(), 5u);
  EXPECT_EQ(std::get<int64_t>(list[0].value), std::numeric_limits<int32_t>::max());
  EXPECT_EQ(list[1], Property::String(2, "foo"));
  EXPECT_EQ(list[2], Property::Bool(3, true));
  EXPECT_EQ(std::get<int64_t>(list[3].value), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(std::get<std::string>(list[4].value), "deadbeef");
  EXPECT_EQ(EncodePropertyList(list), bytes);
}

TEST(PropertyList, CapturedStatesReencode) {
  for (const char* name : {"tools_state_toolbox.bin", "tools_state_vmtoolsd.bin"}) {
    const std::string bytes = Vector(name);
    std::vector<Property> list;
    ASSERT_TRUE(DecodePropertyList(bytes, list)) << name;
    EXPECT_EQ(EncodePropertyList(list), bytes) << name;
  }
}

TEST(PropertyList, EveryTruncationIsRefused) {
  const std::string bytes = Vector("property_list.bin");
  int accepted = 0;
  for (size_t size = 1; size < bytes.size(); ++size) {
    std::vector<Property> list;
    accepted += DecodePropertyList(absl::string_view(bytes).substr(0, size), list);
  }
  // Only the ends of whole properties.
  EXPECT_EQ(accepted, 4);
}

TEST(PropertyList, BadLengthsAndTypesAreRefused) {
  const struct {
    int32_t type, length;
  } kBad[] = {{1, 3}, {1, 8}, {2, 0}, {2, -1}, {3, 4},
              {5, 4}, {6, 0}, {0, 4}, {7, 4},  {2, 1 << 30}};
  for (const auto& bad : kBad) {
    wire::Writer writer;
    writer.I32(1).I32(bad.type).I32(bad.length).Zeros(16);
    std::vector<Property> list;
    EXPECT_FALSE(DecodePropertyList(writer.bytes(), list)) << bad.type << " " << bad.length;
  }
}

TEST(PropertyList, StringWithoutNulIsRefused) {
  wire::Writer writer;
  writer.I32(1).I32(kPropertyString).I32(3).Bytes("abc");
  std::vector<Property> list;
  EXPECT_FALSE(DecodePropertyList(writer.bytes(), list));
}

TEST(ToolsStateProperties, HasThePropertiesThatHostsRead) {
  ToolsState state;
  state.host_name = "vm";
  state.tools_version = "1.0";
  std::string bytes;
  ASSERT_TRUE(absl::Base64Unescape(EncodeToolsState(state), &bytes));
  std::vector<Property> list;
  ASSERT_TRUE(DecodePropertyList(bytes, list));
  int operations = 0;
  for (const Property& property : list) {
    if (property.id >= 4540 && property.id <= 4557) {
      EXPECT_EQ(property, Property::Bool(property.id, false));
      ++operations;
    }
  }
  EXPECT_EQ(operations, 18);
  EXPECT_NE(std::find(list.begin(), list.end(), Property::String(4505, "vm")), list.end());
  EXPECT_NE(std::find(list.begin(), list.end(), Property::Int32(4502, 1)), list.end());
}

}  // namespace
}  // namespace toolboxd::vix
