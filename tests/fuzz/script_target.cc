// SPDX-License-Identifier: Apache-2.0

#include "tests/fuzz/script_target.h"

#include <algorithm>
#include <cstring>

// libFuzzer's; not there where a corpus is replayed.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data, size_t size,
                                                         size_t max_size);

namespace toolboxd::fuzz {
namespace {

Script Parse(const uint8_t* data, size_t size) {
  return ParseScript(TargetGrammar(), {reinterpret_cast<const char*>(data), size});
}

// A script that does not fit loses its last steps.
size_t Write(Script script, uint8_t* data, size_t max_size) {
  std::string text = FormatScript(TargetGrammar(), script);
  while (text.size() > max_size) {
    script.pop_back();
    text = FormatScript(TargetGrammar(), script);
  }
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

// libFuzzer knows what the program has compared its input with.
void MutateByLibFuzzer(std::string& bytes, Random& random) {
  if (LLVMFuzzerMutate == nullptr) return MutateBytes(bytes, random);
  const size_t size = bytes.size();
  bytes.resize(std::min(kMaxText, size * 2 + 64));
  bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), size, bytes.size()));
}

}  // namespace
}  // namespace toolboxd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  toolboxd::fuzz::RunScript(toolboxd::fuzz::Parse(data, size));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  using namespace toolboxd::fuzz;  // NOLINT: the function is outside for its name only
  Random random(seed);
  Script script = Parse(data, size);
  Mutate(TargetGrammar(), script, random, MutateByLibFuzzer);
  return Write(std::move(script), data, max_size);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size,
                                            const uint8_t* second, size_t second_size, uint8_t* out,
                                            size_t max_size, unsigned seed) {
  using namespace toolboxd::fuzz;  // NOLINT: the function is outside for its name only
  Random random(seed);
  return Write(Cross(Parse(first, first_size), Parse(second, second_size), random), out, max_size);
}
