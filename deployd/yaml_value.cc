// SPDX-License-Identifier: Apache-2.0

#include "deployd/yaml_value.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace toolboxd::deployd {
namespace {

absl::string_view Unquoted(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.size() >= 2 && text.front() == text.back() &&
      (text.front() == '"' || text.front() == '\'')) {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

// Up to a comment: "#" at the start or after a blank, outside of quotes.
absl::string_view WithoutComment(absl::string_view line) {
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool starts = i == 0 || absl::ascii_isspace(static_cast<unsigned char>(line[i - 1]));
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#' && starts) {
      return line.substr(0, i);
    }
  }
  return line;
}

// "KEY: VALUE" or "KEY:"; none for another line.
std::optional<std::pair<absl::string_view, absl::string_view>> KeyAndValue(absl::string_view text) {
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  const absl::string_view rest = text.substr(colon + 1);
  if (!rest.empty() && !absl::ascii_isspace(static_cast<unsigned char>(rest[0]))) {
    return std::nullopt;
  }
  return std::make_pair(Unquoted(text.substr(0, colon)), absl::StripAsciiWhitespace(rest));
}

// The value at `path` of "{A: {B: c}, D: e}".
class Braces {
 public:
  Braces(absl::string_view text, const std::vector<absl::string_view>& path, size_t depth)
      : text_(text), path_(path), depth_(depth) {}

  std::optional<std::string> Find() {
    for (size_t i = 0; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c != '{' && c != '[' && c != ',' && c != '}' && c != ']') continue;
      Piece(text_.substr(start_, i - start_));
      start_ = i + 1;
      if (c == '{' || c == '[') keys_.emplace_back();
      if ((c == '}' || c == ']') && !keys_.empty()) keys_.pop_back();
    }
    return found_;
  }

 private:
  // What stands between two of the marks.
  void Piece(absl::string_view text) {
    if (keys_.empty()) return;
    const auto pair = KeyAndValue(absl::StripLeadingAsciiWhitespace(text));
    if (!pair.has_value()) return;
    keys_.back() = pair->first;
    if (depth_ + keys_.size() != path_.size()) return;
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i] != path_[depth_ + i]) return;
    }
    found_ = std::string(Unquoted(pair->second));
  }

  const absl::string_view text_;
  const std::vector<absl::string_view>& path_;
  // How many keys of the path stand before the braces.
  const size_t depth_;
  size_t start_ = 0;
  std::vector<absl::string_view> keys_;
  std::optional<std::string> found_;
};

// Follows the indentation of lines.
class Lines {
 public:
  explicit Lines(const std::vector<absl::string_view>& path) : path_(path) {}

  void Take(absl::string_view raw) {
    const absl::string_view line = absl::StripTrailingAsciiWhitespace(WithoutComment(raw));
    const size_t indent = line.find_first_not_of(' ');
    if (indent == absl::string_view::npos) return;
    // What is deeper than the last key of the path counts; everything else only as an end.
    while (!indents_.empty() && indents_.back() >= indent) indents_.pop_back();
    if (other_ <= indent) return;
    other_ = absl::string_view::npos;
    const auto pair = KeyAndValue(line.substr(indent));
    const size_t depth = indents_.size();
    if (!pair.has_value() || depth == path_.size() || pair->first != path_[depth]) {
      if (pair.has_value() || line[indent] == '-') other_ = indent + 1;
      return;
    }
    if (depth + 1 == path_.size()) {
      found_ = std::string(Unquoted(pair->second));
      other_ = indent + 1;
    } else if (absl::StartsWith(pair->second, "{")) {
      std::optional<std::string> inside = Braces(pair->second, path_, depth + 1).Find();
      if (inside.has_value()) found_ = std::move(inside);
      other_ = indent + 1;
    } else {
      indents_.push_back(indent);
    }
  }
  const std::optional<std::string>& found() const { return found_; }

 private:
  const std::vector<absl::string_view>& path_;
  // The indentations of the keys of the path that this line is below.
  std::vector<size_t> indents_;
  // Lines from this indentation on belong to a key that is not on the path.
  size_t other_ = absl::string_view::npos;
  std::optional<std::string> found_;
};

}  // namespace

std::optional<std::string> YamlValue(absl::string_view text,
                                     const std::vector<absl::string_view>& path) {
  Lines lines(path);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) lines.Take(line);
  return lines.found();
}

bool IsTrue(absl::string_view value) {
  const std::string lower = absl::AsciiStrToLower(value);
  return lower == "true" || lower == "yes" || lower == "on" || lower == "1";
}

std::optional<std::vector<std::string>> YamlWords(absl::string_view value) {
  value = absl::StripAsciiWhitespace(value);
  if (!absl::ConsumePrefix(&value, "[") || !absl::ConsumeSuffix(&value, "]")) return std::nullopt;
  std::vector<std::string> words;
  for (const absl::string_view word : absl::StrSplit(value, ',')) {
    if (!Unquoted(word).empty()) words.emplace_back(Unquoted(word));
  }
  return words;
}

}  // namespace toolboxd::deployd
