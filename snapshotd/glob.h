// SPDX-License-Identifier: Apache-2.0

// Patterns of paths. Not fnmatch(3): that one has no "**", and needs a locale for UTF-8.

#ifndef TOOLBOXD_SNAPSHOTD_GLOB_H_
#define TOOLBOXD_SNAPSHOTD_GLOB_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::snapshotd {

inline constexpr size_t kMaxPattern = 4095;

// "*" is any run of characters but "/", "**" any run of characters at all, "?" one character but
// "/", "[a-cx]" one of these, "[!a-c]" one of the others but "/", "\" takes the next one literally.
// Characters are those of UTF-8; a byte that belongs to none counts as one. Pure and thread-safe.
class Glob {
 public:
  // INVALID_ARGUMENT says what is wrong: "[" without "]", an empty range, "\" at the end, more than
  // kMaxPattern bytes.
  static absl::StatusOr<Glob> Parse(absl::string_view pattern);

  // Whether the pattern matches the whole text. Takes at most one step for each pair of characters.
  bool Matches(absl::string_view text) const;

 private:
  enum class Kind { kLiteral, kAny, kSet, kRun, kRunAcross };
  struct Token {
    Kind kind = Kind::kLiteral;
    // kLiteral.
    uint32_t character = 0;
    // kSet: first and last of each range.
    std::vector<std::pair<uint32_t, uint32_t>> ranges;
    bool negated = false;
  };

  static absl::StatusOr<Token> ParseSet(const std::vector<uint32_t>& pattern, size_t& at);
  static bool Accepts(const Token& token, uint32_t character);

  // Bytes with which every match starts.
  std::string prefix_;
  std::vector<Token> tokens_;
};

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_GLOB_H_
