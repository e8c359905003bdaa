// SPDX-License-Identifier: Apache-2.0

// Customization packages whose parts fit together but for what the script says: names, sizes and
// places in the headers, and data blocks that are broken below a checksum that is right.
// Covers: deployd/package.cc deployd/cabinet.cc deployd/beneath.cc

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "base/unique_fd.h"
#include "deployd/limits.h"
#include "deployd/package.h"
#include "deployd/testing/test_package.h"
#include "tests/fuzz/script_target.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;
using fuzz::Number;
using fuzz::Step;
using fuzz::Text;

enum StepType { kFile, kPacking, kHeader, kCabinet, kEntry, kBlock };

const fuzz::Field kValue =
    Number({0, 1, 2, 3, 44, 512, 600, 0x7FFF, 0x8000, 0xFFFD, 0xFFFE, 0xFFFF, 0xFFFFFFFF});

const fuzz::Grammar& PackageGrammar() {
  static const auto& grammar = *new fuzz::Grammar{
      {"file",
       {Text({"cust.cfg", "a/b", "a\\c", "scripts/Customize.pl", "../x", "/x", "c:x", ".", "a//b",
              "", std::string(255, 'n'), std::string(256, 'n'), "a", "1/2/3/4/5/6/7/8/9/10"}),
        Text({"[NETWORK]\n", "", "x"}), Number({1, 0, 3277, 70000})}},
      // Stored or MSZIP, and the package's flags.
      {"packing", {Number({1, 0}), Number({0, 2, 255})}},
      // A field of the package's header, the cabinet's with its folder, a file's entry.
      {"header", {Number({0, 1, 2, 3, 4, 5, 6, 7, 8}), kValue}},
      {"cabinet", {Number({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), kValue}},
      {"entry", {Number({0, 1, 2}), Number({0, 1, 2, 3, 4}), kValue}},
      // Bytes of the data, counted from the first block, that get a right checksum afterwards.
      {"block", {Number({0, 4, 6, 8, 10, 11, 12, 20, 4000, 32780}), Number({1, 0x80, 0xFF})}},
  };
  return grammar;
}

struct Place {
  size_t offset;
  size_t size;
};
// docs/protocol/customization.md 9.3.
constexpr Place kHeaderFields[] = {{0, 8},  {16, 2}, {18, 1}, {19, 1}, {20, 2},
                                   {24, 8}, {32, 8}, {40, 8}, {48, 8}};
constexpr Place kCabinetFields[] = {{0, 4},  {4, 4},  {8, 4},  {12, 4}, {16, 4}, {20, 4}, {24, 2},
                                    {26, 2}, {28, 2}, {30, 2}, {36, 4}, {40, 2}, {42, 2}};
constexpr Place kEntryFields[] = {{0, 4}, {4, 4}, {8, 2}, {10, 4}, {14, 2}};
constexpr size_t kFirstEntry = 44;

void PatchIfThere(std::string& bytes, size_t offset, Place place, uint64_t value) {
  if (offset + place.offset + place.size <= bytes.size()) {
    Patch(bytes, offset + place.offset, value, place.size);
  }
}

// The entry of a file in a cabinet that MakeCabinet() made.
size_t EntryOf(const std::vector<TestFile>& files, size_t index) {
  size_t offset = kFirstEntry;
  for (size_t i = 0; i < index; ++i) offset += 16 + files[i].first.size() + 1;
  return offset;
}

struct Package {
  std::vector<TestFile> files;
  std::string bytes;
  // As MakePackage() made it.
  bool whole = true;
};

std::string Repeated(const std::string& text, uint64_t times) {
  std::string content;
  for (uint64_t i = 0; i < times % 70001 && content.size() < 100000; ++i) content += text;
  return content;
}

void ChangeCabinet(const Step& step, const std::vector<TestFile>& files, std::string& cabinet) {
  if (step.type == kCabinet) {
    PatchIfThere(cabinet, 0, kCabinetFields[step.number(0) % std::size(kCabinetFields)],
                 step.number(1));
  } else if (step.type == kEntry && !files.empty()) {
    PatchIfThere(cabinet, EntryOf(files, step.number(0) % files.size()),
                 kEntryFields[step.number(1) % std::size(kEntryFields)], step.number(2));
  } else if (step.type == kBlock) {
    const size_t at = EntryOf(files, files.size()) + step.number(0) % (1 << 20);
    if (at < cabinet.size()) cabinet[at] = static_cast<char>(cabinet[at] ^ step.number(1));
  }
}

Package Build(const fuzz::Script& script) {
  Package package;
  Compression compression = Compression::kStored;
  uint8_t flags = 0;
  for (const Step& step : script) {
    if (step.type == kFile) {
      package.files.emplace_back(step.text(0), Repeated(step.text(1), step.number(2)));
      // The format ends a name with a NUL.
      if (step.text(0).find('\0') != std::string::npos) package.whole = false;
    } else if (step.type == kPacking) {
      compression = step.number(0) == 0 ? Compression::kStored : Compression::kMszip;
      flags = static_cast<uint8_t>(step.number(1));
    } else {
      package.whole = false;
    }
    if (!step.damage.empty()) package.whole = false;
  }
  std::string cabinet = MakeCabinet(package.files, compression);
  for (const Step& step : script) ChangeCabinet(step, package.files, cabinet);
  SumBlocks(cabinet);
  package.bytes = WrapPayload(cabinet, flags);
  for (const Step& step : script) {
    if (step.type == kHeader) {
      PatchIfThere(package.bytes, 0, kHeaderFields[step.number(0) % std::size(kHeaderFields)],
                   step.number(1));
    }
    fuzz::Apply(step, package.bytes);
  }
  return package;
}

// A folder in memory.
struct Folder {
  Folder() {
    char path[] = "/dev/shm/deployd-script-XXXXXX";
    if (mkdtemp(path) == nullptr) abort();
    name = path;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(name, ignored);
  }
  fs::path name;
};

// The regular files below a folder, by their path from there.
std::map<std::string, std::string> FilesOf(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_symlink()) abort();
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files[fs::relative(entry.path(), folder)] =
        std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return files;
}

void Check(const Package& package, const UnpackedPackage& unpacked, const fs::path& folder) {
  const auto files = FilesOf(folder);
  uint64_t bytes = 0;
  for (const auto& file : files) bytes += file.second.size();
  if (unpacked.files != files.size() || unpacked.bytes != bytes) abort();
  if (unpacked.bytes > kMaxUnpackedBytes || unpacked.files > kMaxFiles) abort();
  if (!package.whole) return;
  if (files.size() != package.files.size()) abort();
  for (const TestFile& file : package.files) {
    std::string name = file.first;
    for (char& c : name) c = c == '\\' ? '/' : c;
    if (files.count(name) == 0 || files.at(name) != file.second) abort();
  }
}

}  // namespace
}  // namespace toolboxd::deployd

const toolboxd::fuzz::Grammar& toolboxd::fuzz::TargetGrammar() { return deployd::PackageGrammar(); }

void toolboxd::fuzz::RunScript(const Script& script) {
  using namespace toolboxd::deployd;  // NOLINT: the fuzzer's only subject
  static const Folder folder;
  const fs::path inside = folder.name / "in";
  fs::remove_all(inside);
  fs::create_directory(inside);
  const UniqueFd directory(open(inside.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Package package = Build(script);
  const auto unpacked = UnpackPackage(package.bytes, directory.get());
  if (unpacked.ok()) Check(package, *unpacked, inside);
  if (std::distance(fs::directory_iterator(folder.name), fs::directory_iterator()) != 1) abort();
}
