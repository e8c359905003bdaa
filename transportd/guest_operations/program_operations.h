// SPDX-License-Identifier: Apache-2.0

// Guest operations on programs (docs/protocol/vix.md 4.6): VIX bodies to calls of vixd and back.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROGRAM_OPERATIONS_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROGRAM_OPERATIONS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "transportd/guest_operations/guest_call.h"
#include "transportd/guest_operations/user_files.h"

namespace toolboxd {

// Process lists that did not fit a reply, until the host has fetched the rest: for ten
// minutes, and for the user who asked. Not thread-safe.
class ProcessListCache {
 public:
  static constexpr size_t kMaxLists = 16;
  // Of all lists together; the oldest go first.
  static constexpr size_t kMaxBytes = 8 << 20;
  static constexpr absl::Duration kKept = absl::Minutes(10);

  explicit ProcessListCache(size_t page_size) : page_size_(page_size) {}

  // The reply for a new list: all of it, or its first page with a key for the rest.
  std::string First(const std::string& user, std::string list, absl::Time now);
  // The page at an offset. kInvalidArgument for a key that is unknown, old, or another
  // user's, and for an offset behind the end.
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

Outcome StartProgram(GuestCall& call, const UserFilesDeps& deps);
Outcome ListProcesses(GuestCall& call, const UserFilesDeps& deps, ProcessListCache& cache);
Outcome TerminateProcess(GuestCall& call, const UserFilesDeps& deps);
Outcome ReadEnvironment(GuestCall& call, const UserFilesDeps& deps);
// The old VIX API's.
Outcome LegacyListProcesses(GuestCall& call, const UserFilesDeps& deps);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_PROGRAM_OPERATIONS_H_
