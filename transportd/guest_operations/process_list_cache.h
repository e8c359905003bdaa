// SPDX-License-Identifier: Apache-2.0

// ProcessListCache: process lists that the host fetches in pages (docs/protocol/vix.md 4.6).

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROCESS_LIST_CACHE_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROCESS_LIST_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "base/shares.h"
#include "transportd/guest_operations/guest_call.h"

namespace toolboxd {

// Keeps each list that did not fit a reply until the host has fetched the rest of it, for the user
// who asked. The lists are shared by all users (base/shares.h). Not thread-safe.
class ProcessListCache {
 public:
  // Bytes of a list, of one user's lists, and of all. A list counts as kMinBytes at least, so there
  // are sixteen at most.
  static constexpr size_t kMaxListBytes = 4 << 20;
  static constexpr size_t kMaxUserBytes = 4 << 20;
  static constexpr size_t kMaxBytes = 8 << 20;
  static constexpr size_t kMinBytes = kMaxBytes / 16;
  static constexpr absl::Duration kRetention = absl::Minutes(10);

  // `page_size` is in bytes.
  explicit ProcessListCache(size_t page_size) : page_size_(page_size) {}

  // The reply for a new list, of at most kMaxListBytes: all of it, or its first page with a key for
  // the rest.
  std::string First(const std::string& user, std::string list, absl::Time now);
  // The page at an offset. kInvalidArgument for a key that is unknown, old, or another
  // user's, and for an offset after the end.
  Outcome Next(const std::string& user, uint32_t key, uint32_t offset, absl::Time now);

 private:
  void Forget(uint32_t key);

  struct List {
    std::string user;
    std::string text;
    absl::Time made;
  };
  const size_t page_size_;
  std::map<uint32_t, List> lists_;
  Shares<uint32_t> shares_{{.user = kMaxUserBytes, .total = kMaxBytes}};
  uint32_t next_key_ = 1;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROCESS_LIST_CACHE_H_
