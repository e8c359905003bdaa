// SPDX-License-Identifier: Apache-2.0

// What both services leave allocated.

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/testing/allocated_bytes.h"
#include "gtest/gtest.h"
#include "hgfsd/testing/client.h"
#include "hgfsd/testing/services_fixture.h"

namespace toolboxd::hgfsd {
namespace {

class HgfsdServicesMemory : public HgfsdServices {
 protected:
  HgfsdServicesMemory() {
    for (int i = 0; i < 5; ++i) dir_.File(absl::StrCat("from", i), std::string(3000, 'x'));
    dir_.Directory("from");
    dir_.File("from/file", std::string(30000, 'x'));
  }

  // Transfers a file and a directory in both directions; makes, moves, lists and deletes. The files
  // are as before.
  void Round() {
    Upload upload(*handler_, dir_ / "uploaded");
    upload.Append(std::string(50000, 'x'));
    ASSERT_TRUE(upload.Commit().ok());
    ASSERT_EQ(Read(*handler_, dir_ / "uploaded").data.size(), 50000u);
    const Download archive = Read(*handler_, dir_ / "from?format=tgz");
    ASSERT_TRUE(archive.status.ok());
    v1::MakeDirectoryRequest make;
    make.set_path(dir_ / "made");
    Call(&v1::Files::Stub::MakeDirectory, make);
    Upload unpack(*handler_, dir_ / "made");
    unpack.Append(absl::string_view(archive.data).substr(0, archive.data.size() - 3));
    ASSERT_TRUE(unpack.Commit().ok());
    v1::MoveRequest move;
    move.set_from(dir_ / "made");
    move.set_to(dir_ / "moved");
    Call(&v1::Files::Stub::MoveDirectory, move);
    v1::ListFilesRequest list;
    list.set_path(dir_.path());
    Call(&v1::Files::Stub::List, list);
    v1::DeleteDirectoryRequest remove;
    remove.set_path(dir_ / "moved");
    remove.set_recursive(true);
    Call(&v1::Files::Stub::DeleteDirectory, remove);
  }
};

// A process of hours, in bytes: neither what nothing refers to nor what grows.
TEST_F(HgfsdServicesMemory, ThousandsOfOperationsLeaveNothingAllocated) {
  if (!kAllocationsAreCounted) GTEST_SKIP() << "what a sanitizer allocates is not counted";
  constexpr int kWarmUp = 50, kRounds = 1000;
  // A hundred bytes a round would be 47 KiB from one half to the other.
  constexpr size_t kTolerance = 24 << 10;
  // gRPC's buffers come and go by 150 KiB: the least of each half is compared.
  size_t least[2] = {SIZE_MAX, SIZE_MAX};
  for (int i = 0; i < kWarmUp + kRounds; ++i) {
    ASSERT_NO_FATAL_FAILURE(Round());
    if (i < kWarmUp) continue;
    size_t& half = least[i < kWarmUp + kRounds / 2 ? 0 : 1];
    half = std::min(half, AllocatedBytes());
  }
  EXPECT_LT(least[1], least[0] + kTolerance);
}

}  // namespace
}  // namespace toolboxd::hgfsd
