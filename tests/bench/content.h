// SPDX-License-Identifier: Apache-2.0

// Whole transfers of one file, timed.

#ifndef TOOLBOXD_TESTS_BENCH_CONTENT_H_
#define TOOLBOXD_TESTS_BENCH_CONTENT_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "tests/bench/guest.h"

namespace toolboxd::bench {

// As the guest's first user. Ends the program unless exactly `size` bytes come.
absl::Duration TimedDownload(Guest& guest, const std::string& path, uint64_t size);
// Makes or replaces a file of `size` bytes.
absl::Duration TimedUpload(Guest& guest, const std::string& path, uint64_t size);

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_CONTENT_H_
