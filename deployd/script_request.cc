// SPDX-License-Identifier: Apache-2.0

#include "deployd/script_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/utf8.h"

namespace toolboxd::deployd {
namespace {

constexpr int kMaxSeconds = 3600;
constexpr char kNoRequest[] = "not a request for customization scripts";
constexpr absl::string_view kOk = "ok";
constexpr absl::string_view kFailed = "failed ";

bool IsId(absl::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c));
  });
}

}  // namespace

std::string Encode(const ScriptRequest& request) {
  return absl::StrCat(request.id, " ", absl::ToInt64Seconds(request.time_limit), "\n", request.json,
                      "\n");
}

absl::StatusOr<ScriptRequest> DecodeScriptRequest(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  // An empty view without an address has no line.
  const absl::string_view first = lines.empty() ? "" : lines[0];
  const std::vector<absl::string_view> words = absl::StrSplit(first, ' ');
  int seconds = 0;
  if (lines.size() != 3 || !lines[2].empty() || words.size() != 2 || !IsId(words[0]) ||
      !absl::SimpleAtoi(words[1], &seconds) || seconds < 1 || seconds > kMaxSeconds) {
    return absl::InvalidArgumentError(kNoRequest);
  }
  ScriptRequest request{std::string(words[0]), absl::Seconds(seconds), std::string(lines[1])};
  // As another spelling of the number.
  if (Encode(request) != text) return absl::InvalidArgumentError(kNoRequest);
  return request;
}

std::string EncodeOutcome(absl::string_view id, const absl::Status& status) {
  if (status.ok()) return absl::StrCat(id, " ", kOk, "\n");
  const absl::string_view message = status.message();
  return absl::StrCat(id, " ", kFailed, PrintableUtf8({message.data(), message.size()}), "\n");
}

absl::Status DecodeOutcome(absl::string_view id, absl::string_view text) {
  const bool ours = absl::ConsumePrefix(&text, absl::StrCat(id, " "));
  if (!ours || !absl::ConsumeSuffix(&text, "\n")) return absl::NotFoundError("no outcome");
  if (text == kOk) return absl::OkStatus();
  if (!absl::ConsumePrefix(&text, kFailed)) return absl::NotFoundError("no outcome");
  return absl::UnknownError(PrintableUtf8({text.data(), text.size()}));
}

}  // namespace toolboxd::deployd
