// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/glob.h"

#include <algorithm>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace toolboxd::snapshotd {
namespace {

// Above all of Unicode: a byte that is not part of a character.
constexpr uint32_t kFirstByte = 0x110000;

uint32_t Decode(absl::string_view sequence) {
  constexpr uint8_t kLeadBits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  uint32_t character = static_cast<uint8_t>(sequence[0]) & kLeadBits[sequence.size()];
  for (const char byte : sequence.substr(1)) {
    character = character << 6 | (static_cast<uint8_t>(byte) & 0x3f);
  }
  return character;
}

std::vector<uint32_t> CharactersOf(absl::string_view text) {
  std::vector<uint32_t> characters;
  characters.reserve(text.size());
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(std::string_view(text.data(), text.size()));
    characters.push_back(length == 0 ? kFirstByte + static_cast<uint8_t>(text[0])
                                     : Decode(text.substr(0, length)));
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return characters;
}

// The character at `at`, which may be escaped; moves to the next one.
absl::StatusOr<uint32_t> TakeCharacter(const std::vector<uint32_t>& pattern, size_t& at) {
  if (pattern[at] == '\\' && ++at == pattern.size()) {
    return absl::InvalidArgumentError("a backslash at the end stands for nothing");
  }
  return pattern[at++];
}

absl::Status Unclosed() { return absl::InvalidArgumentError("a \"[\" has no \"]\""); }

}  // namespace

absl::StatusOr<Glob> Glob::Parse(absl::string_view pattern) {
  if (pattern.size() > kMaxPattern) {
    return absl::InvalidArgumentError(absl::StrCat("longer than ", kMaxPattern, " bytes"));
  }
  Glob glob;
  glob.prefix_ = std::string(pattern.substr(0, pattern.find_first_of("*?[\\")));
  const std::vector<uint32_t> characters = CharactersOf(pattern);
  for (size_t at = 0; at < characters.size();) {
    Token token;
    if (characters[at] == '*') {
      const size_t first = at;
      while (at < characters.size() && characters[at] == '*') ++at;
      token.kind = at - first > 1 ? Kind::kRunAcross : Kind::kRun;
    } else if (characters[at] == '?') {
      token.kind = Kind::kAny;
      ++at;
    } else if (characters[at] == '[') {
      absl::StatusOr<Token> set = ParseSet(characters, ++at);
      if (!set.ok()) return set.status();
      token = *std::move(set);
    } else {
      const absl::StatusOr<uint32_t> character = TakeCharacter(characters, at);
      if (!character.ok()) return character.status();
      token.character = *character;
    }
    glob.tokens_.push_back(std::move(token));
  }
  return glob;
}

// `at` is after the "[", and then after the "]".
absl::StatusOr<Glob::Token> Glob::ParseSet(const std::vector<uint32_t>& pattern, size_t& at) {
  Token token;
  token.kind = Kind::kSet;
  if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) {
    token.negated = true;
    ++at;
  }
  // A "]" at the start is one of the characters.
  for (bool is_first = true; at < pattern.size() && (is_first || pattern[at] != ']');
       is_first = false) {
    const absl::StatusOr<uint32_t> first = TakeCharacter(pattern, at);
    if (!first.ok()) return Unclosed();
    uint32_t last = *first;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      ++at;
      const absl::StatusOr<uint32_t> end = TakeCharacter(pattern, at);
      if (!end.ok()) return Unclosed();
      last = *end;
    }
    if (last < *first) return absl::InvalidArgumentError("a range in \"[...]\" is empty");
    token.ranges.emplace_back(*first, last);
  }
  if (at == pattern.size()) return Unclosed();
  ++at;
  return token;
}

bool Glob::Accepts(const Token& token, uint32_t character) {
  if (token.kind == Kind::kLiteral) return character == token.character;
  if (token.kind == Kind::kRunAcross) return true;
  if (character == '/') return false;
  if (token.kind != Kind::kSet) return true;
  const bool found =
      std::any_of(token.ranges.begin(), token.ranges.end(), [character](const auto& range) {
        return range.first <= character && character <= range.second;
      });
  return found != token.negated;
}

// All ways to match at once: which tokens may come next. No way is tried twice.
bool Glob::Matches(absl::string_view text) const {
  if (!absl::StartsWith(text, prefix_)) return false;
  const auto is_run = [this](size_t at) {
    return at < tokens_.size() &&
           (tokens_[at].kind == Kind::kRun || tokens_[at].kind == Kind::kRunAcross);
  };
  // A run may also be of nothing.
  const auto enter = [&is_run](std::vector<bool>& next, size_t at) {
    next[at] = true;
    while (is_run(at)) next[++at] = true;
  };
  std::vector<bool> current(tokens_.size() + 1);
  enter(current, 0);
  for (const uint32_t character : CharactersOf(text)) {
    std::vector<bool> next(tokens_.size() + 1);
    bool is_alive = false;
    for (size_t at = 0; at < tokens_.size(); ++at) {
      if (!current[at] || !Accepts(tokens_[at], character)) continue;
      enter(next, is_run(at) ? at : at + 1);
      is_alive = true;
    }
    if (!is_alive) return false;
    current = std::move(next);
  }
  return current[tokens_.size()];
}

}  // namespace toolboxd::snapshotd
