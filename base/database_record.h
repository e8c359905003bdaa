// SPDX-License-Identifier: Apache-2.0

// FindRecord: a user's or a group's record in the machine's databases, however long it is. Without
// Abseil.

#ifndef TOOLBOXD_BASE_DATABASE_RECORD_H_
#define TOOLBOXD_BASE_DATABASE_RECORD_H_

#include <errno.h>

#include <cstddef>
#include <string>

namespace toolboxd {

// Bytes. A group's record has its members: this is more than 200,000 of them. A longer one is not
// found.
constexpr size_t kMaxDatabaseRecord = 4 << 20;

// Calls `find`, which is getpwnam_r or one of its relatives. Returns `record`, whose texts are in
// `buffer`. Null with errno 0 is a key that the database does not have; with any other errno, which
// differs between databases, it did not say.
template <typename Key, typename Record>
const Record* FindRecord(int (*find)(Key, Record*, char*, size_t, Record**), Key key,
                         Record& record, std::string& buffer) {
  Record* found = nullptr;
  for (size_t size = 16 << 10; size <= kMaxDatabaseRecord; size *= 4) {
    buffer.resize(size);
    errno = find(key, &record, buffer.data(), buffer.size(), &found);
    if (errno != ERANGE) break;
  }
  return found;
}

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_DATABASE_RECORD_H_
