// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/faults.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"

namespace toolboxd::vmxsim {
namespace {

// What happens in a conversation of so many messages, each with its number.
std::vector<std::string> Play(uint64_t seed, int messages) {
  Faults faults({.seed = seed});
  std::vector<std::string> events;
  for (int i = 0; i < messages; ++i) {
    const std::string number = std::to_string(i);
    if (faults.Checkpoint()) events.push_back("checkpoint " + number);
    if (faults.WrongType()) events.push_back("wrong-type " + number);
    if (faults.BadCookie()) events.push_back("bad-cookie " + number);
    if (faults.CloseAfterMessage()) events.push_back("close " + number);
    const auto vanish = faults.TakeVanish();
    if (!vanish.has_value()) continue;
    EXPECT_GT(*vanish, absl::ZeroDuration());
    EXPECT_LE(*vanish, absl::Seconds(2));
    events.push_back("vanish " + number);
  }
  return events;
}

TEST(SeededFaults, SameSeedGivesTheSameFaultsAtTheSameMessages) {
  EXPECT_EQ(Play(7, 5000), Play(7, 5000));
  EXPECT_NE(Play(7, 5000), Play(8, 5000));
}

// The numbers of the generator are the standard's.
TEST(SeededFaults, FaultsOfASeedAreTheSameOnEveryMachine) {
  EXPECT_EQ(Play(1, 400), (std::vector<std::string>{"checkpoint 31", "close 111", "vanish 174",
                                                    "close 271", "vanish 327"}));
}

TEST(SeededFaults, EveryKindComes) {
  std::set<std::string> kinds;
  for (const std::string& event : Play(1, 5000)) {
    kinds.insert(std::vector<std::string>(absl::StrSplit(event, ' '))[0]);
  }
  EXPECT_EQ(kinds,
            (std::set<std::string>{"bad-cookie", "checkpoint", "close", "vanish", "wrong-type"}));
}

TEST(SeededFaults, NoneComeWithoutASeed) { EXPECT_TRUE(Play(0, 5000).empty()); }

TEST(SeededFaults, EachIsALineForALog) {
  Faults faults({.seed = 3});
  for (int i = 0; i < 5000; ++i) faults.CloseAfterMessage();
  const size_t lines = faults.TakeScheduled().size();
  // One in 20 to 120 messages.
  EXPECT_GT(lines, 5000u / 120);
  EXPECT_LT(lines, 5000u / 20);
  EXPECT_TRUE(faults.TakeScheduled().empty());
}

}  // namespace
}  // namespace toolboxd::vmxsim
