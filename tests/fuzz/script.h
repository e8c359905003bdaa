// SPDX-License-Identifier: Apache-2.0

// Scripts: sequences of typed messages, for fuzz targets that get past a decoder's first checks.
//
// A target describes its messages once (a Grammar). Its input is text, one message a line:
//
//   open_v3 1 "root\000tmp" !12:ff
//
// a name, the values of its fields, and damage: a byte of the encoded message that is changed (an
// offset and a mask in hexadecimal), or where it ends (the mask 0). Every text is a script: lines
// that begin with no known name are skipped, values that are missing are the first of their field.
// So what a fuzzer finds can be read, and a corpus be written by hand.
//
// All functions are pure but for the random numbers they are given.

#ifndef TOOLBOXD_TESTS_FUZZ_SCRIPT_H_
#define TOOLBOXD_TESTS_FUZZ_SCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace toolboxd::fuzz {

// A field and the values that mean something in it, of which a mutation often takes one. Exactly
// one of the lists has values, and says whether the field is a number or bytes.
struct Field {
  std::vector<uint64_t> numbers;
  std::vector<std::string> texts;
};
Field Number(std::vector<uint64_t> values = {0});
Field Text(std::vector<std::string> values = {""});

struct MessageType {
  // Lower-case letters, digits and "_".
  std::string name;
  std::vector<Field> fields;
};
using Grammar = std::vector<MessageType>;

// Of a field; which of the two it has is the grammar's matter.
struct Value {
  uint64_t number = 0;
  std::string text;
  bool operator==(const Value&) const = default;
};

// A change of an encoded message: `mask` is applied to the byte at `offset`, modulo its size. With
// mask 0 the message ends there.
struct Damage {
  uint32_t offset = 0;
  uint8_t mask = 0;
  bool operator==(const Damage&) const = default;
};

struct Step {
  // Index into the grammar.
  size_t type = 0;
  // As many as the type has fields.
  std::vector<Value> values;
  std::vector<Damage> damage;
  bool operator==(const Step&) const = default;

  uint64_t number(size_t field) const { return values[field].number; }
  const std::string& text(size_t field) const { return values[field].text; }
};
using Script = std::vector<Step>;

// A script has no more steps, and a text no more bytes.
inline constexpr size_t kMaxSteps = 32;
inline constexpr size_t kMaxText = 2048;

Script ParseScript(const Grammar& grammar, absl::string_view text);
// ParseScript() of it is `script` again.
std::string FormatScript(const Grammar& grammar, const Script& script);

// Does the step's damage to its encoded message.
void Apply(const Step& step, std::string& message);

using Random = std::mt19937;
// Changes bytes in place, as LLVMFuzzerMutate() does.
using BytesMutator = std::function<void(std::string& bytes, Random& random)>;
// Flips, adds, removes or repeats some bytes.
void MutateBytes(std::string& bytes, Random& random);

// Changes one to four things of a script: a value, a step, the order, or damage.
void Mutate(const Grammar& grammar, Script& script, Random& random,
            const BytesMutator& mutate_bytes = MutateBytes);
// The first steps of one and the last of the other.
Script Cross(const Script& first, const Script& second, Random& random);

}  // namespace toolboxd::fuzz

#endif  // TOOLBOXD_TESTS_FUZZ_SCRIPT_H_
