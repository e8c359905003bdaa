// SPDX-License-Identifier: Apache-2.0

#include "deployd/cabinet.h"

#include <string>

#include "deployd/limits.h"
#include "deployd/testing/test_package.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

std::string ErrorOf(const std::string& cabinet) {
  return std::string(ReadCabinet(cabinet).status().message());
}

// Offsets in a cabinet of one folder and one file "a".
constexpr size_t kFlags = 30;
constexpr size_t kFolderCompression = 42;
constexpr size_t kFileFolder = 52;
constexpr size_t kBlockUnpacked = 68;

TEST(SafeName, BackslashesSeparateFolders) {
  EXPECT_EQ(*SafeName("scripts\\Customize.pl"), "scripts/Customize.pl");
  EXPECT_EQ(*SafeName("cust.cfg"), "cust.cfg");
  EXPECT_EQ(*SafeName("a/b c/..d"), "a/b c/..d");
}

TEST(SafeName, NamesThatLeaveTheirFolderAreRefused) {
  for (const char* name : {"../x", "..\\x", "a/../x", "a/..", "..", "/x", "\\x", "\\\\host\\x",
                           "C:\\x", "C:x", "", ".", "./x", "a//x", "a/", "a\nb", "\xc3\xa4"}) {
    EXPECT_EQ(SafeName(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(SafeName, DepthAndLengthAreBounded) {
  EXPECT_TRUE(SafeName("1/2/3/4/5/6/7/8/file").ok());
  EXPECT_FALSE(SafeName("1/2/3/4/5/6/7/8/9/file").ok());
  EXPECT_TRUE(SafeName(std::string(kMaxNameBytes, 'a')).ok());
  EXPECT_FALSE(SafeName(std::string(kMaxNameBytes + 1, 'a')).ok());
}

TEST(ReadCabinet, ListsFilesInTheirOrder) {
  const auto files = ReadCabinet(MakeCabinet({{"b\\c", "123"}, {"a", ""}, {"d", "4"}}));
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ((*files)[0].name, "b/c");
  EXPECT_EQ((*files)[0].size, 3u);
  EXPECT_EQ((*files)[1].size, 0u);
  EXPECT_EQ((*files)[2].name, "d");
}

TEST(ReadCabinet, CabinetCutAnywhereIsRefused) {
  const std::string cabinet = MakeCabinet({{"a", "content"}, {"b", "more"}}, Compression::kMszip);
  for (size_t size = 0; size < cabinet.size(); ++size) {
    EXPECT_FALSE(ReadCabinet(cabinet.substr(0, size)).ok()) << size;
  }
}

TEST(ReadCabinet, BytesAfterItAreIgnored) {
  EXPECT_TRUE(ReadCabinet(MakeCabinet({{"a", "1"}}) + "signature").ok());
}

TEST(ReadCabinet, CompressionByLzxOrQuantumIsNamedAndRefused) {
  std::string cabinet = MakeCabinet({{"a", "1"}});
  Patch(cabinet, kFolderCompression, 0x1503, 2);
  EXPECT_EQ(ErrorOf(cabinet), "the cabinet is compressed by LZX; only MSZIP and none are read");
  Patch(cabinet, kFolderCompression, 0x0002, 2);
  EXPECT_EQ(ErrorOf(cabinet), "the cabinet is compressed by Quantum; only MSZIP and none are read");
  Patch(cabinet, kFolderCompression, 0x0007, 2);
  EXPECT_NE(ErrorOf(cabinet), "");
}

TEST(ReadCabinet, PartOfASetIsRefused) {
  for (const uint64_t flags : {1, 2, 3}) {
    std::string cabinet = MakeCabinet({{"a", "1"}});
    Patch(cabinet, kFlags, flags, 2);
    EXPECT_EQ(ErrorOf(cabinet), "the cabinet is one of several that belong together");
  }
}

TEST(ReadCabinet, OversizedBlockIsRefused) {
  std::string cabinet = MakeCabinet({{"a", std::string(32768, 'x')}}, Compression::kMszip);
  EXPECT_TRUE(ReadCabinet(cabinet).ok());
  Patch(cabinet, kBlockUnpacked, 32769, 2);
  EXPECT_EQ(ErrorOf(cabinet), "the cabinet has a block of 32769 bytes");
  Patch(cabinet, kBlockUnpacked, 0, 2);
  EXPECT_EQ(ErrorOf(cabinet), "the cabinet has an empty block");
}

TEST(ReadCabinet, FileBeyondItsFolderIsRefused) {
  std::string cabinet = MakeCabinet({{"a", "12"}});
  Patch(cabinet, 44, 3, 4);
  EXPECT_EQ(ErrorOf(cabinet), "the cabinet lacks a part of a");
  Patch(cabinet, 44, 0xffffffff, 4);
  Patch(cabinet, 48, 0xffffffff, 4);
  EXPECT_EQ(ErrorOf(cabinet), "the cabinet lacks a part of a");
  cabinet = MakeCabinet({{"a", "12"}});
  for (const uint64_t folder : {1, 0xfffd, 0xfffe, 0xffff}) {
    Patch(cabinet, kFileFolder, folder, 2);
    EXPECT_EQ(ErrorOf(cabinet), "the cabinet has a in a folder that it lacks");
  }
}

TEST(ReadCabinet, CountOfFilesIsBounded) {
  std::vector<TestFile> files;
  for (int i = 0; i < 1000; ++i) files.emplace_back("f" + std::to_string(i), "x");
  EXPECT_EQ(ReadCabinet(MakeCabinet(files))->size(), 1000u);
  files.emplace_back("last", "x");
  EXPECT_EQ(ErrorOf(MakeCabinet(files)), "the cabinet has 1001 files; at most 1000 are allowed");
  EXPECT_EQ(ErrorOf(MakeCabinet({})), "the cabinet has no file");
}

TEST(ReadCabinet, FilesThatShareTheirBytesCountEach) {
  std::vector<TestFile> files;
  for (int i = 0; i < 3; ++i) files.emplace_back("f" + std::to_string(i), "");
  files.emplace_back("big", std::string(30 << 20, 'x'));
  std::string cabinet = MakeCabinet(files);
  EXPECT_TRUE(ReadCabinet(cabinet).ok());
  // Entries of 19 bytes; each now is the whole folder.
  for (int i = 0; i < 3; ++i) Patch(cabinet, 44 + 19 * i, 30 << 20, 4);
  EXPECT_EQ(ErrorOf(cabinet), "the cabinet has more than 64 MiB");
}

TEST(ReadCabinet, BombIsSeenBeforeItIsUnpacked) {
  const std::string bomb =
      MakeCabinet({{"bomb", std::string((64 << 20) + 1, '\0')}}, Compression::kMszip);
  EXPECT_LT(bomb.size(), size_t{1} << 20);
  EXPECT_EQ(ErrorOf(bomb), "the cabinet has more than 64 MiB");
}

TEST(ReadCabinet, FoldersThatShareTheirBlocksAreRefused) {
  // 1000 folders, each of the same 65535 blocks of one byte.
  std::string cabinet = "MSCF";
  cabinet.resize(36 + 1000 * 8 + 20);
  const size_t data = cabinet.size();
  cabinet.resize(data + 65535 * 9);
  Patch(cabinet, 8, cabinet.size(), 4);
  Patch(cabinet, 24, 0x0103, 2);
  Patch(cabinet, 26, 1000, 2);
  Patch(cabinet, 28, 1, 2);
  for (size_t i = 0; i < 1000; ++i) {
    Patch(cabinet, 36 + i * 8, data, 4);
    Patch(cabinet, 36 + i * 8 + 4, 65535, 2);
  }
  for (size_t i = 0; i < 65535; ++i) Patch(cabinet, data + i * 9 + 4, 0x00010001, 4);
  EXPECT_EQ(ErrorOf(cabinet), "the cabinet has blocks in two folders");
}

TEST(ReadCabinet, ReservedFieldsAreSkipped) {
  // As makecab writes them with /D ReservePerFolderSize and the like.
  std::string cabinet = MakeCabinet({{"a", "1"}});
  const std::string data = cabinet.substr(cabinet.size() - 9);
  std::string with = cabinet.substr(0, 36) + std::string("\x02\x00\x01\x03", 4) + "rr" +
                     cabinet.substr(36, 8) + "f" + cabinet.substr(44, 18) + data.substr(0, 8) +
                     "ddd" + data.substr(8);
  Patch(with, 8, with.size(), 4);
  Patch(with, 16, 36 + 6 + 9, 4);
  Patch(with, kFlags, 4, 2);
  Patch(with, 42, 36 + 6 + 9 + 18, 4);
  const auto files = ReadCabinet(with);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ((*files)[0].name, "a");
}

}  // namespace
}  // namespace toolboxd::deployd
