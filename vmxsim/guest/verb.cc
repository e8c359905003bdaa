// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest/verb.h"

#include <cerrno>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace toolboxd::vmxsim {

Arguments::Arguments(const std::vector<std::string>& words) {
  size_t i = 0;
  for (; i < words.size(); ++i) {
    if (words[i] == "--") {
      ++i;
      break;
    }
    if (words[i].size() < 2 || words[i][0] != '-') break;
    options_.push_back(words[i]);
  }
  rest_.assign(words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
}

bool Arguments::Has(absl::string_view option) const {
  for (const std::string& word : options_) {
    if (word == option) return true;
  }
  return false;
}

std::string Arguments::Value(absl::string_view option, absl::string_view fallback) const {
  const std::vector<std::string> values = Values(option);
  return values.empty() ? std::string(fallback) : values.back();
}

std::vector<std::string> Arguments::Values(absl::string_view option) const {
  const std::string prefix = absl::StrCat(option, "=");
  std::vector<std::string> values;
  for (const std::string& word : options_) {
    if (absl::StartsWith(word, prefix)) values.push_back(word.substr(prefix.size()));
  }
  return values;
}

absl::Status Outcome(const absl::StatusOr<GuestReply>& reply) {
  if (!reply.ok()) return reply.status();
  return reply->error == 0 ? absl::OkStatus() : VixError(reply->error);
}

absl::StatusOr<int64_t> ParseNumber(absl::string_view text, int base) {
  const std::string copy(text);
  char* end = nullptr;
  errno = 0;
  const int64_t number = std::strtoll(copy.c_str(), &end, base);
  if (copy.empty() || *end != '\0' || errno != 0) {
    return absl::InvalidArgumentError(absl::StrCat("not a number: ", text));
  }
  return number;
}

}  // namespace toolboxd::vmxsim
