// SPDX-License-Identifier: Apache-2.0

// Unpacks arbitrary bytes, as a package and as its cabinet: nothing may crash, and nothing may
// appear outside of the folder.
// Covers: deployd/package.cc deployd/cabinet.cc deployd/beneath.cc

#include <fcntl.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/unique_fd.h"
#include "deployd/limits.h"
#include "deployd/package.h"
#include "deployd/testing/test_package.h"

namespace {

namespace fs = std::filesystem;

// A folder in memory with the target in it.
struct Place {
  Place() {
    char path[] = "/dev/shm/deployd-fuzz-XXXXXX";
    if (mkdtemp(path) == nullptr) abort();
    folder = path;
  }
  ~Place() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  fs::path folder;
};

void Unpack(const Place& place, const std::string& package) {
  namespace dd = toolboxd::deployd;
  fs::remove_all(place.folder / "in");
  fs::create_directory(place.folder / "in");
  const toolboxd::UniqueFd directory(
      open((place.folder / "in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto unpacked = dd::UnpackPackage(package, directory.get());
  if (unpacked.ok() && unpacked->bytes > dd::kMaxUnpackedBytes) abort();
  if (std::distance(fs::directory_iterator(place.folder), fs::directory_iterator()) != 1) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1 << 20) return 0;
  static const Place place;
  const std::string input(reinterpret_cast<const char*>(data), size);
  Unpack(place, input);
  Unpack(place, toolboxd::deployd::WrapPayload(input));
  return 0;
}
