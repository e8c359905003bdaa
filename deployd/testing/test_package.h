// SPDX-License-Identifier: Apache-2.0

// Packages for tests, from files or with faults.

#ifndef TOOLBOXD_DEPLOYD_TESTING_TEST_PACKAGE_H_
#define TOOLBOXD_DEPLOYD_TESTING_TEST_PACKAGE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace toolboxd::deployd {

// Name and content.
using TestFile = std::pair<std::string, std::string>;

enum class Compression : uint16_t { kStored = 0, kMszip = 1 };

// A cabinet of one folder with these files, in blocks of 32 KiB with checksums; MSZIP blocks refer
// to the text before them, as real ones do.
std::string MakeCabinet(const std::vector<TestFile>& files,
                        Compression compression = Compression::kStored);

// Gives every data block of a cabinet of one folder the checksum of what it has, as far as its
// headers lead to one.
void SumBlocks(std::string& cabinet);

// A package with the usual header around any payload.
std::string WrapPayload(const std::string& payload, uint8_t flags = 0);

// Both.
std::string MakePackage(const std::vector<TestFile>& files,
                        Compression compression = Compression::kStored, uint8_t flags = 0);

// `size` bytes of `value`, little-endian, over those at `offset`.
void Patch(std::string& bytes, size_t offset, uint64_t value, size_t size);

// The customization of the documented vector (docs/protocol/customization.md 9.3).
extern const char kVectorConfiguration[];

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_TESTING_TEST_PACKAGE_H_
