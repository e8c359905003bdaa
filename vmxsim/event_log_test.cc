// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/event_log.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace toolboxd::vmxsim {
namespace {

std::string Line(const std::string& text) {
  const absl::Time start = absl::FromUnixSeconds(1000);
  Event event;
  event.time = start + absl::Milliseconds(1500);
  event.channel = 1;
  event.kind = "reply";
  event.text = text;
  return event.Format(start);
}

TEST(EventLog, LineHasTimeChannelKindAndText) {
  EXPECT_EQ(Line("1 value"), "  1.500000   1 reply     1 value");
}

TEST(EventLog, LineWithoutTextHasNoBlanksAtItsEnd) { EXPECT_EQ(Line(""), "  1.500000   1 reply"); }

TEST(EventLog, LineKeepsABlankOfTheMessage) {
  EXPECT_EQ(Line("OK "), "  1.500000   1 reply     OK ");
}

}  // namespace
}  // namespace toolboxd::vmxsim
