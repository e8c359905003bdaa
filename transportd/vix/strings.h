// SPDX-License-Identifier: Apache-2.0

// Strings in VIX bodies: vmtoolsd's checks, and the percent escapes of results
// (docs/protocol/vix.md 4.4, 4.6).

#ifndef TOOLBOXD_TRANSPORTD_VIX_STRINGS_H_
#define TOOLBOXD_TRANSPORTD_VIX_STRINGS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "transportd/vix/error.h"
#include "transportd/wire/reader.h"

namespace toolboxd::vix {

// `"%&'<>` as %22 %25 %26 %27 %3C %3E; bytes that are not part of well-formed UTF-8 as
// %XX too, so a reply is UTF-8 whatever the names are. NUL, which would end a reply, is %00.
std::string Escape(absl::string_view text);

// Reads a body: its fixed structure, then its strings in order. The first failure is
// kept, as vmtoolsd looks at them in order, and Finish() returns it.
// Not thread-safe; the views point into the body.
class BodyReader {
 public:
  explicit BodyReader(absl::string_view body) : reader_(body) {}

  uint8_t U8() { return reader_.U8(); }
  uint32_t U32() { return reader_.U32(); }
  uint64_t U64() { return reader_.U64(); }
  int32_t I32() { return reader_.I32(); }
  int64_t I64() { return reader_.I64(); }

  // Raw bytes: property lists and packets.
  absl::string_view Bytes(size_t size) { return reader_.Bytes(size); }
  size_t remaining() const { return reader_.remaining(); }

  // A length that excludes the NUL: length + 1 bytes, a NUL at the end only.
  absl::string_view String(uint32_t length);
  // The same; empty is kInvalidArgument (3), unless the body has a worse fault.
  absl::string_view Path(uint32_t length);
  // A length that includes the NUL; 0 means that nothing is there.
  absl::string_view OptionalString(uint32_t length);

  // Notes a fault of the content, such as a count that does not match.
  void Fail(Error error);

  // kOk if everything was read, nothing is left over and nothing failed.
  Error Finish();

 private:
  absl::string_view Check(absl::string_view bytes_with_nul);

  wire::Reader reader_;
  Error error_ = Error::kOk;
  bool empty_path_ = false;
};

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_TRANSPORTD_VIX_STRINGS_H_
