// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/time.h"

#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace toolboxd {
namespace {

// The first word, in decimal or with 0x.
std::optional<int32_t> FirstNumber(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  text = text.substr(0, text.find(' '));
  int32_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  if (absl::StartsWith(text, "0x") && absl::SimpleHexAtoi(text, &number)) return number;
  return std::nullopt;
}

TcloReply Synchronize(host_time::TimeSync& sync, absl::string_view arguments) {
  absl::ConsumeSuffix(&arguments, absl::string_view("\0", 1));
  const std::optional<int32_t> number = FirstNumber(arguments);
  if (!number.has_value()) return TcloReply::Error("Unable to tokenize TimeSync RPC data");
  // As vmtoolsd: only 1 permits going back.
  const auto direction =
      *number == 1 ? host_time::Direction::kEither : host_time::Direction::kForward;
  if (sync.Synchronize(direction, v1::HOST_REQUEST).ok()) return TcloReply::Ok();
  return TcloReply::Error("Unable to sync time");
}

}  // namespace

void AddTimeRoutes(Router& router, host_time::TimeSync* sync) {
  router.Add("Time_Synchronize",
             [sync](absl::string_view arguments) { return Synchronize(*sync, arguments); });
  // The request belongs to a feature that vmtoolsd has off by default.
  router.Add("TimeInfo_Update",
             [](absl::string_view) { return TcloReply::Error("TimeInfo not enabled"); });
}

}  // namespace toolboxd
