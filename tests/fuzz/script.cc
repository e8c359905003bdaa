// SPDX-License-Identifier: Apache-2.0

#include "tests/fuzz/script.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace toolboxd::fuzz {
namespace {

constexpr size_t kMaxDamage = 4;

// Less than `limit`, which is not 0.
size_t Below(Random& random, size_t limit) {
  return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
}

bool OneIn(Random& random, size_t chances) { return Below(random, chances) == 0; }

bool IsNumber(const Field& field) { return field.texts.empty(); }

// The next word of a line: up to a space outside of quotes.
absl::string_view TakeWord(absl::string_view& line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  bool quoted = false;
  size_t end = 0;
  for (; end < line.size() && (quoted || line[end] != ' '); ++end) {
    if (line[end] == '"') quoted = !quoted;
    if (quoted && line[end] == '\\' && end + 1 < line.size()) ++end;
  }
  const absl::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

// What is not closed or escaped well is taken as it is.
std::string Unquote(absl::string_view word) {
  if (!word.empty() && word.front() == '"') word.remove_prefix(1);
  if (!word.empty() && word.back() == '"') word.remove_suffix(1);
  std::string text;
  if (!absl::CUnescape(word, &text)) text = std::string(word);
  if (text.size() > kMaxText) text.resize(kMaxText);
  return text;
}

Value Default(const Field& field) {
  if (IsNumber(field)) return {field.numbers.empty() ? 0 : field.numbers.front(), ""};
  return {0, field.texts.front()};
}

Value ParseValue(const Field& field, absl::string_view word) {
  if (word.empty()) return Default(field);
  if (!IsNumber(field)) return {0, Unquote(word)};
  Value value;
  if (!absl::SimpleAtoi(word, &value.number)) return Default(field);
  return value;
}

std::optional<Damage> ParseDamage(absl::string_view word) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(word.substr(1), absl::MaxSplits(':', 1));
  uint32_t offset, mask;
  if (!absl::SimpleHexAtoi(parts.first, &offset) || !absl::SimpleHexAtoi(parts.second, &mask)) {
    return std::nullopt;
  }
  return Damage{offset, static_cast<uint8_t>(mask)};
}

std::optional<Step> ParseStep(const Grammar& grammar, absl::string_view line) {
  const absl::string_view name = TakeWord(line);
  const auto type =
      std::find_if(grammar.begin(), grammar.end(),
                   [name](const MessageType& candidate) { return candidate.name == name; });
  if (type == grammar.end()) return std::nullopt;
  Step step;
  step.type = type - grammar.begin();
  absl::string_view word = TakeWord(line);
  for (const Field& field : type->fields) {
    const bool here = word.empty() || word.front() != '!';
    step.values.push_back(ParseValue(field, here ? word : ""));
    if (here) word = TakeWord(line);
  }
  for (; !word.empty() && step.damage.size() < kMaxDamage; word = TakeWord(line)) {
    if (word.front() != '!') continue;
    if (const auto damage = ParseDamage(word)) step.damage.push_back(*damage);
  }
  return step;
}

Step NewStep(const Grammar& grammar, Random& random) {
  Step step;
  step.type = Below(random, grammar.size());
  for (const Field& field : grammar[step.type].fields) {
    Value value = Default(field);
    if (OneIn(random, 2)) {
      if (IsNumber(field)) {
        if (!field.numbers.empty())
          value.number = field.numbers[Below(random, field.numbers.size())];
      } else {
        value.text = field.texts[Below(random, field.texts.size())];
      }
    }
    step.values.push_back(std::move(value));
  }
  return step;
}

// A number that occurs in the script: handles and sizes go from one message to another.
uint64_t AnyNumber(const Script& script, Random& random) {
  const Step& step = script[Below(random, script.size())];
  return step.values.empty() ? 0 : step.number(Below(random, step.values.size()));
}

void MutateNumber(const Field& field, const Script& script, uint64_t& number, Random& random) {
  switch (Below(random, 6)) {
    case 0:
      ++number;
      break;
    case 1:
      --number;
      break;
    case 2:
      number ^= uint64_t{1} << Below(random, 64);
      break;
    case 3:
      // Of any magnitude.
      number = ((uint64_t{random()} << 32) | random()) >> Below(random, 64);
      break;
    case 4:
      number = AnyNumber(script, random);
      break;
    default:
      if (!field.numbers.empty()) number = field.numbers[Below(random, field.numbers.size())];
  }
}

void MutateText(const Field& field, std::string& text, Random& random,
                const BytesMutator& mutate_bytes) {
  switch (Below(random, 4)) {
    case 0:
      text = field.texts[Below(random, field.texts.size())];
      break;
    case 1:
      text += field.texts[Below(random, field.texts.size())];
      break;
    default:
      mutate_bytes(text, random);
  }
  if (text.size() > kMaxText) text.resize(kMaxText);
}

void MutateValue(const Grammar& grammar, Script& script, Random& random,
                 const BytesMutator& mutate_bytes) {
  Step& step = script[Below(random, script.size())];
  if (step.values.empty()) return;
  const size_t index = Below(random, step.values.size());
  const Field& field = grammar[step.type].fields[index];
  if (IsNumber(field)) {
    MutateNumber(field, script, step.values[index].number, random);
  } else {
    MutateText(field, step.values[index].text, random, mutate_bytes);
  }
}

void MutateDamage(Step& step, Random& random) {
  if (!step.damage.empty() && OneIn(random, 2)) {
    step.damage.erase(step.damage.begin() +
                      static_cast<std::ptrdiff_t>(Below(random, step.damage.size())));
  } else if (step.damage.size() < kMaxDamage) {
    step.damage.push_back({static_cast<uint32_t>(Below(random, 256)),
                           static_cast<uint8_t>(OneIn(random, 4) ? 0 : random())});
  }
}

void MutateOnce(const Grammar& grammar, Script& script, Random& random,
                const BytesMutator& mutate_bytes) {
  const auto at = [&] {
    return script.begin() + static_cast<std::ptrdiff_t>(Below(random, script.size()));
  };
  if (script.empty()) {
    script.push_back(NewStep(grammar, random));
    return;
  }
  switch (Below(random, 10)) {
    case 0:
    case 1:
      script.insert(at() + (OneIn(random, 2) ? 1 : 0), NewStep(grammar, random));
      break;
    case 2:
      if (script.size() > 1) script.erase(at());
      break;
    case 3: {
      const Step copy = *at();
      script.insert(at(), copy);
      break;
    }
    case 4:
      std::iter_swap(at(), at());
      break;
    case 5:
      MutateDamage(*at(), random);
      break;
    default:
      MutateValue(grammar, script, random, mutate_bytes);
  }
  if (script.size() > kMaxSteps) script.resize(kMaxSteps);
}

}  // namespace

Field Number(std::vector<uint64_t> values) { return {std::move(values), {}}; }
Field Text(std::vector<std::string> values) { return {{}, std::move(values)}; }

Script ParseScript(const Grammar& grammar, absl::string_view text) {
  Script script;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (script.size() == kMaxSteps) break;
    if (auto step = ParseStep(grammar, line)) script.push_back(*std::move(step));
  }
  return script;
}

std::string FormatScript(const Grammar& grammar, const Script& script) {
  std::string text;
  for (const Step& step : script) {
    const MessageType& type = grammar[step.type];
    absl::StrAppend(&text, type.name);
    for (size_t i = 0; i < type.fields.size(); ++i) {
      if (IsNumber(type.fields[i])) {
        absl::StrAppend(&text, " ", step.number(i));
      } else {
        absl::StrAppend(&text, " \"", absl::CEscape(step.text(i)), "\"");
      }
    }
    for (const Damage& damage : step.damage) {
      absl::StrAppend(&text, " !", absl::Hex(damage.offset), ":", absl::Hex(damage.mask));
    }
    text += '\n';
  }
  return text;
}

void Apply(const Step& step, std::string& message) {
  for (const Damage& damage : step.damage) {
    if (message.empty()) return;
    const size_t offset = damage.offset % message.size();
    if (damage.mask == 0) {
      message.resize(offset);
    } else {
      message[offset] = static_cast<char>(message[offset] ^ damage.mask);
    }
  }
}

void MutateBytes(std::string& bytes, Random& random) {
  const size_t at = Below(random, bytes.size() + 1);
  switch (bytes.empty() ? 0 : Below(random, 4)) {
    case 0:
      bytes.insert(at, 1, static_cast<char>(random()));
      break;
    case 1:
      bytes.erase(at, 1 + Below(random, 4));
      break;
    case 2:
      bytes.insert(at, bytes.substr(Below(random, bytes.size())));
      break;
    default:
      bytes[at % bytes.size()] =
          static_cast<char>(bytes[at % bytes.size()] ^ (1 << Below(random, 8)));
  }
}

void Mutate(const Grammar& grammar, Script& script, Random& random,
            const BytesMutator& mutate_bytes) {
  const size_t changes = 1 + Below(random, 4);
  for (size_t i = 0; i < changes; ++i) MutateOnce(grammar, script, random, mutate_bytes);
}

Script Cross(const Script& first, const Script& second, Random& random) {
  Script script(first.begin(),
                first.begin() + static_cast<std::ptrdiff_t>(Below(random, first.size() + 1)));
  script.insert(script.end(),
                second.begin() + static_cast<std::ptrdiff_t>(Below(random, second.size() + 1)),
                second.end());
  if (script.size() > kMaxSteps) script.resize(kMaxSteps);
  return script;
}

}  // namespace toolboxd::fuzz
