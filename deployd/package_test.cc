// SPDX-License-Identifier: Apache-2.0

#include "deployd/package.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "base/unique_fd.h"
#include "deployd/testing/test_package.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;

// A folder that packages are unpacked into, with a file beside it that none may touch.
class UnpackTest : public testing::Test {
 protected:
  UnpackTest() {
    fs::create_directory(dir_.File("in"));
    std::ofstream(dir_.File("precious")) << "precious";
  }
  ~UnpackTest() override {
    EXPECT_EQ(ReadWholeFile(dir_.File("precious")), "precious");
    EXPECT_EQ(std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator()), 2);
  }

  absl::StatusOr<UnpackedPackage> Unpack(const std::string& package) {
    const UniqueFd directory(open(dir_.File("in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return UnpackPackage(package, directory.get());
  }
  std::string ErrorOf(const std::string& package) {
    return std::string(Unpack(package).status().message());
  }
  std::string Content(const std::string& name) { return ReadWholeFile(dir_.File("in/" + name)); }

  ShortTempDir dir_;
};

TEST_F(UnpackTest, UnpacksTheDocumentedVector) {
  const std::string package = MakePackage({{"cust.cfg", kVectorConfiguration}});
  ASSERT_EQ(package.size(), 877u);
  EXPECT_EQ(package.substr(0, 56),
            absl::HexStringToBytes("564d5741524544455"
                                   "04c4f59504b475f01000000580200006d030000000000000002000000000000"
                                   "6d010000000000000000000000000000"));
  EXPECT_EQ(package.substr(512, 77),
            absl::HexStringToBytes(
                "4d534346000000006d010000000000002c00000000000000030101000100000034120000"
                "4500000001000000200100000000000000"
                "00a15a00602000637573742e63666700"
                "567f0b6720012001"));
  const auto unpacked = Unpack(package);
  ASSERT_TRUE(unpacked.ok()) << unpacked.status();
  EXPECT_EQ(unpacked->files, 1u);
  EXPECT_EQ(unpacked->bytes, 288u);
  EXPECT_FALSE(unpacked->header.ignore_cloud_init);
  EXPECT_EQ(Content("cust.cfg"), kVectorConfiguration);
}

TEST_F(UnpackTest, FilesAndFoldersAreTheirOwnersOnly) {
  ASSERT_TRUE(
      Unpack(MakePackage({{"a", "1"}, {"scripts\\b", "2"}, {"scripts\\deep\\c", ""}})).ok());
  struct stat info;
  ASSERT_EQ(stat(dir_.File("in/a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode, S_IFREG | 0600u);
  ASSERT_EQ(stat(dir_.File("in/scripts/deep").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode, S_IFDIR | 0700u);
  EXPECT_EQ(Content("scripts/b"), "2");
  EXPECT_TRUE(fs::is_empty(dir_.File("in/scripts/deep/c")));
}

// Text of many blocks, whose later ones refer to the earlier.
std::vector<TestFile> ManyFiles() {
  std::vector<TestFile> files;
  std::string text;
  unsigned value = 1;
  for (int i = 0; i < 20; ++i) {
    while (text.size() < 7000u * (i + 1))
      text += std::to_string(value = value * 1103515245 + 12345);
    files.emplace_back("scripts\\file" + std::to_string(i), text);
  }
  return files;
}

TEST_F(UnpackTest, ManyBlocksStoredAndMszip) {
  for (const Compression compression : {Compression::kStored, Compression::kMszip}) {
    const std::vector<TestFile> files = ManyFiles();
    const auto unpacked = Unpack(MakePackage(files, compression));
    ASSERT_TRUE(unpacked.ok()) << unpacked.status();
    EXPECT_EQ(unpacked->files, files.size());
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(Content("scripts/file" + std::to_string(i)) == files[i].second) << i;
    }
    fs::remove_all(dir_.File("in/scripts"));
  }
}

TEST_F(UnpackTest, CabinetsOfGcab) {
  ShortTempDir made;
  fs::create_directory(made.File("scripts"));
  for (const TestFile& file : ManyFiles()) {
    std::string name = file.first;
    std::replace(name.begin(), name.end(), '\\', '/');
    std::ofstream(made.File(name)) << file.second;
  }
  for (const std::string option : {"", "-z"}) {
    const std::string command = "cd " + made.path() + " && rm -f out.cab && gcab -c " + option +
                                " out.cab scripts/* >/dev/null";
    ASSERT_EQ(system(command.c_str()), 0) << "gcab; tools/packages --test installs it";
    const auto unpacked = Unpack(WrapPayload(ReadWholeFile(made.File("out.cab"))));
    ASSERT_TRUE(unpacked.ok()) << unpacked.status();
    EXPECT_EQ(unpacked->files, 20u);
    EXPECT_TRUE(Content("scripts/file19") == ManyFiles()[19].second);
    fs::remove_all(dir_.File("in/scripts"));
  }
}

TEST_F(UnpackTest, PackageCutAnywhereIsRefused) {
  const std::string package = MakePackage({{"cust.cfg", kVectorConfiguration}});
  for (size_t size = 0; size < package.size(); ++size) {
    EXPECT_EQ(Unpack(package.substr(0, size)).status().code(), absl::StatusCode::kInvalidArgument)
        << size;
  }
  EXPECT_TRUE(fs::is_empty(dir_.File("in")));
}

TEST_F(UnpackTest, HeaderIsChecked) {
  std::string package = MakePackage({{"a", "1"}});
  const std::string good = package;
  Patch(package, 0, 'W', 1);
  EXPECT_EQ(ErrorOf(package), "the package has no package's signature");
  package = good;
  Patch(package, 16, 2, 1);
  EXPECT_EQ(ErrorOf(package), "the package has version 2.0, not 1.0");
  package = good;
  Patch(package, 18, 1, 1);
  EXPECT_EQ(ErrorOf(package), "the package has a ZIP payload; only cabinets are read");
  Patch(package, 18, 2, 1);
  EXPECT_EQ(ErrorOf(package), "the package has a tar payload; only cabinets are read");
  for (const uint64_t offset : {uint64_t{0}, uint64_t{511}, uint64_t{1} << 40, ~uint64_t{0}}) {
    package = good;
    Patch(package, 32, offset, 8);
    EXPECT_EQ(ErrorOf(package), "the package has its payload outside of itself") << offset;
  }
  package = good;
  Patch(package, 40, ~uint64_t{0}, 8);
  EXPECT_EQ(ErrorOf(package), "the package has its payload outside of itself");
  package = good;
  Patch(package, 24, package.size() + 1, 8);
  EXPECT_EQ(ErrorOf(package), "the package is truncated");
}

TEST_F(UnpackTest, FlagsAreRead) {
  EXPECT_TRUE(
      ParsePackageHeader(MakePackage({{"a", ""}}, Compression::kStored, 7))->ignore_cloud_init);
  EXPECT_FALSE(
      ParsePackageHeader(MakePackage({{"a", ""}}, Compression::kStored, 5))->ignore_cloud_init);
}

TEST_F(UnpackTest, NothingIsWrittenOutside) {
  for (const char* name :
       {"..\\precious", "../precious", "a\\..\\..\\precious", "..", "/precious"}) {
    EXPECT_FALSE(Unpack(MakePackage({{name, "bad"}})).ok()) << name;
  }
  EXPECT_FALSE(Unpack(MakePackage({{dir_.File("precious"), "bad"}})).ok());
  EXPECT_TRUE(fs::is_empty(dir_.File("in")));
}

TEST_F(UnpackTest, NameThatOccursTwiceIsRefused) {
  EXPECT_EQ(ErrorOf(MakePackage({{"a", "1"}, {"a", "2"}})), "the package has a twice");
  EXPECT_EQ(Content("a"), "1");
}

TEST_F(UnpackTest, FolderIsNotMadeOfAFile) {
  EXPECT_FALSE(Unpack(MakePackage({{"a", "1"}, {"a\\b", "2"}})).ok());
  EXPECT_EQ(Content("a"), "1");
}

TEST_F(UnpackTest, LinkInTheFolderIsNotFollowed) {
  fs::create_symlink(dir_.File("precious"), dir_.File("in/a"));
  fs::create_directory_symlink(dir_.path(), dir_.File("in/b"));
  EXPECT_FALSE(Unpack(MakePackage({{"a", "1"}})).ok());
  EXPECT_FALSE(Unpack(MakePackage({{"b\\precious", "1"}})).ok());
}

TEST_F(UnpackTest, BlockWithAWrongChecksumIsRefused) {
  std::string package = MakePackage({{"cust.cfg", kVectorConfiguration}});
  Patch(package, package.size() - 1, 'X', 1);
  EXPECT_TRUE(absl::StrContains(ErrorOf(package), "cannot be unpacked")) << ErrorOf(package);
}

TEST_F(UnpackTest, EveryChangedByteIsAnErrorOrHarmless) {
  const std::string good = MakePackage({{"cust.cfg", kVectorConfiguration}, {"scripts\\a", "echo"}},
                                       Compression::kMszip);
  for (size_t at = 0; at < good.size(); ++at) {
    for (const char change : {'\x01', '\x80', '\xff'}) {
      std::string package = good;
      package[at] = static_cast<char>(package[at] ^ change);
      Unpack(package).status().IgnoreError();
      fs::remove_all(dir_.File("in"));
      fs::create_directory(dir_.File("in"));
    }
  }
}

TEST_F(UnpackTest, LargestPackageIsUnpacked) {
  const std::string content(size_t{64} << 20, 'x');
  const auto unpacked = Unpack(MakePackage({{"a", content}}, Compression::kMszip));
  ASSERT_TRUE(unpacked.ok()) << unpacked.status();
  EXPECT_EQ(fs::file_size(dir_.File("in/a")), content.size());
}

}  // namespace
}  // namespace toolboxd::deployd
