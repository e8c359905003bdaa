// SPDX-License-Identifier: Apache-2.0

// Reader: bounded, endian-explicit access to bytes from the hypervisor.
//
// Every decoder of the project reads through this class. It never reads outside
// its span, never allocates, and never throws. After one failed read all later
// reads fail and yield zero values, so a decoder may read a whole structure and
// look at ok() once.

#ifndef TOOLBOXD_TRANSPORTD_WIRE_READER_H_
#define TOOLBOXD_TRANSPORTD_WIRE_READER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace toolboxd::wire {

// Not thread-safe. Does not own the bytes, which must outlive it and every view
// that it returned.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}

  // Little-endian integers (VIX, HGFS, backdoor structures).
  uint8_t U8();
  uint16_t U16();
  uint32_t U32();
  uint64_t U64();
  int32_t I32() { return static_cast<int32_t>(U32()); }
  int64_t I64() { return static_cast<int64_t>(U64()); }

  // Big-endian integers (XDR, DataMap).
  uint32_t U32Be();

  // The next `size` bytes. A size beyond the end fails; nothing is consumed.
  absl::string_view Bytes(size_t size);

  // The next `size` bytes followed by a NUL that is consumed but not returned;
  // fails where the NUL is missing. docs/protocol/vix.md 4.4, "length excludes the NUL".
  absl::string_view BytesAndNul(size_t size);

  // Everything up to a NUL, which is consumed but not returned; fails without one.
  absl::string_view UntilNul();

  // Everything that is left; never fails on a healthy reader.
  absl::string_view Rest();

  void Skip(size_t size) { Bytes(size); }

  // Marks the reader as failed, for a value that is readable but not acceptable.
  void Fail();

  bool ok() const { return ok_; }
  // Bytes not read yet; 0 after a failure.
  size_t remaining() const { return rest_.size(); }
  // Whether the whole span was read without a failure.
  bool AtEnd() const { return ok_ && rest_.empty(); }

 private:
  uint64_t LittleEndian(size_t size);

  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace toolboxd::wire

#endif  // TOOLBOXD_TRANSPORTD_WIRE_READER_H_
