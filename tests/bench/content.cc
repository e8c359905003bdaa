// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/content.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "vmxsim/guest/hgfs_transfer.h"

namespace toolboxd::bench {

absl::Duration TimedDownload(Guest& guest, const std::string& path, uint64_t size) {
  uint64_t received = 0;
  const absl::Time start = absl::Now();
  const auto count = [&received](absl::string_view data) {
    received += data.size();
    return absl::OkStatus();
  };
  Require(vmxsim::Download(guest.operations(), path, count).status(), "download");
  const absl::Duration time = absl::Now() - start;
  if (received != size)
    Require(absl::UnknownError(absl::StrCat(received, " bytes came")), "download");
  return time;
}

absl::Duration TimedUpload(Guest& guest, const std::string& path, uint64_t size) {
  uint64_t left = size;
  const auto next = [&left](size_t chunk) {
    const size_t part = static_cast<size_t>(std::min<uint64_t>(left, chunk));
    left -= part;
    return absl::StatusOr<std::string>(std::string(part, 'u'));
  };
  const absl::Time start = absl::Now();
  Require(vmxsim::Upload(guest.operations(), path, next).status(), "upload");
  return absl::Now() - start;
}

}  // namespace toolboxd::bench
