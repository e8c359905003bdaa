// SPDX-License-Identifier: Apache-2.0

// Stands in for libFuzzer where the corpus is only replayed: each argument is a
// file, given to the fuzz target whole, followed by every one of its prefixes.

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "no corpus: a fuzz test without input proves nothing\n");
    return 1;
  }
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "cannot read %s\n", argv[i]);
      return 1;
    }
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
    // Truncation is the cheapest hostile input; a copy of the exact size lets
    // AddressSanitizer see a read past its end.
    for (size_t size = 0; size <= bytes.size(); ++size) {
      const std::vector<char> prefix(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(size));
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(prefix.data()), prefix.size());
    }
  }
  return 0;
}
