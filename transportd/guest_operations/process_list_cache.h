// SPDX-License-Identifier: Apache-2.0

// ProcessListCache: process lists that the host fetches in pages (docs/protocol/vix.md 4.6).

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROCESS_LIST_CACHE_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROCESS_LIST_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "transportd/guest_operations/guest_call.h"

namespace toolboxd {

// Keeps each list that did not fit a reply until the host has fetched the rest of it, for the user
// who asked. Not thread-safe.
class ProcessListCache {
 public:
  static constexpr size_t kMaxLists = 16;
  // Of all lists together; the oldest are discarded first.
  static constexpr size_t kMaxBytes = 8 << 20;
  static constexpr absl::Duration kRetention = absl::Minutes(10);

  // `page_size` is in bytes.
  explicit ProcessListCache(size_t page_size) : page_size_(page_size) {}

  // The reply for a new list: all of it, or its first page with a key for the rest.
  std::string First(const std::string& user, std::string list, absl::Time now);
  // The page at an offset. kInvalidArgument for a key that is unknown, old, or another
  // user's, and for an offset after the end.
  Outcome Next(const std::string& user, uint32_t key, uint32_t offset, absl::Time now);

 private:
  struct List {
    std::string user;
    std::string text;
    absl::Time made;
  };
  const size_t page_size_;
  std::map<uint32_t, List> lists_;
  uint32_t next_key_ = 1;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROCESS_LIST_CACHE_H_
