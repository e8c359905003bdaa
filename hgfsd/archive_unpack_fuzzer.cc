// SPDX-License-Identifier: Apache-2.0

// Unpacks arbitrary bytes into a directory: nothing may crash, and nothing may appear or change
// outside of that directory.

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "hgfsd/archive_unpack.h"

namespace {

namespace fs = std::filesystem;

// A folder with a file to protect and the target beside it.
struct Place {
  Place() {
    // In memory: a run takes a fraction of a millisecond.
    char path[] = "/dev/shm/hgfsd-fuzz-XXXXXX";
    if (mkdtemp(path) == nullptr) abort();
    folder = path;
    fs::create_directory(folder / "outside");
    std::ofstream(folder / "outside" / "file") << "precious";
  }
  ~Place() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  void EmptyTarget() const {
    fs::remove_all(folder / "target");
    fs::create_directory(folder / "target");
  }
  bool Untouched() const {
    std::ifstream file(folder / "outside" / "file");
    const std::string content((std::istreambuf_iterator<char>(file)), {});
    return content == "precious" &&
           std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 2 &&
           std::distance(fs::directory_iterator(folder / "outside"), fs::directory_iterator()) == 1;
  }
  fs::path folder;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1 << 20) return 0;
  static const Place place;
  place.EmptyTarget();
  absl::string_view rest(reinterpret_cast<const char*>(data), size);
  const int target = open((place.folder / "target").c_str(), O_RDONLY | O_DIRECTORY);
  toolboxd::hgfsd::UnpackArchive(target, [&]() -> absl::StatusOr<absl::string_view> {
    absl::string_view next = rest.substr(0, 777);
    rest.remove_prefix(next.size());
    return next;
  }).IgnoreError();
  close(target);
  if (!place.Untouched()) abort();
  return 0;
}
