// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/router.h"

#include <string>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using std::string_literals::operator""s;

Router EchoRouter() {
  Router router;
  router.Add("echo",
             [](absl::string_view arguments) { return TcloReply::Ok(std::string(arguments)); });
  return router;
}

TEST(Router, ArgumentsFollowOneSpace) {
  EXPECT_EQ(EchoRouter().Dispatch("echo a b").Encode(), "OK a b");
  EXPECT_EQ(EchoRouter().Dispatch("echo  a").Encode(), "OK  a");
}

TEST(Router, ArgumentsKeepTheirNuls) {
  EXPECT_EQ(EchoRouter().Dispatch("echo a\0b\0"s).Encode(), "OK a\0b\0"s);
}

TEST(Router, CommandNameMayEndWithNul) {
  EXPECT_EQ(EchoRouter().Dispatch("echo\0"s).Encode(), "OK \0"s);
}

TEST(Router, CommandMayHaveNoArguments) {
  EXPECT_EQ(EchoRouter().Dispatch("echo").Encode(), "OK ");
}

TEST(Router, UnknownCommandIsAnError) {
  EXPECT_EQ(EchoRouter().Dispatch("nope 1").Encode(), "ERROR Unknown Command");
  EXPECT_EQ(EchoRouter().Dispatch("").Encode(), "ERROR Unknown Command");
}

TEST(Router, LastHandlerOfACommandWins) {
  Router router = EchoRouter();
  router.Add("echo", [](absl::string_view) { return TcloReply::Error("off"); });
  EXPECT_EQ(router.Dispatch("echo a").Encode(), "ERROR off");
}

TEST(Router, OverrideIsAskedBeforeHandlers) {
  Router router = EchoRouter();
  bool on = true;
  router.SetOverride(
      [&](absl::string_view command, absl::string_view arguments) -> std::optional<TcloReply> {
        if (!on || command != "echo") return std::nullopt;
        return TcloReply::Ok("mine " + std::string(arguments));
      });
  EXPECT_EQ(router.Dispatch("echo a").Encode(), "OK mine a");
  EXPECT_EQ(router.Dispatch("other").Encode(), "ERROR Unknown Command");
  on = false;
  EXPECT_EQ(router.Dispatch("echo a").Encode(), "OK a");
}

TEST(Router, ReplyHasThePaceOfItsCommand) {
  Router router = EchoRouter();
  router.Add(
      "work", [](absl::string_view) { return TcloReply::Ok(); }, Pace::kGuestOperation);
  EXPECT_EQ(router.Dispatch("echo").pace, Pace::kOrdinary);
  EXPECT_EQ(router.Dispatch("work").pace, Pace::kGuestOperation);
  EXPECT_EQ(router.Dispatch("nope").pace, Pace::kOrdinary);
}

}  // namespace
}  // namespace toolboxd
