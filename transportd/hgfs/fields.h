// SPDX-License-Identifier: Apache-2.0

// Decoder and Encoder: one description of a structure serves both directions.
//
// A structure is described by a function template `Describe(fields, op, value)` that names
// its fields in wire order. Decoder fills them, Encoder writes them.

#ifndef TOOLBOXD_TRANSPORTD_HGFS_FIELDS_H_
#define TOOLBOXD_TRANSPORTD_HGFS_FIELDS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "transportd/hgfs/attributes.h"
#include "transportd/hgfs/protocol.h"
#include "transportd/wire/reader.h"
#include "transportd/wire/writer.h"

namespace toolboxd::hgfs {

// A name as it is on the wire; see path.h. From version 3 on an open handle may stand for it.
struct Name {
  absl::string_view cp_name;
  bool by_handle = false;
  uint32_t handle = 0;
  // How the name is to be matched; ignored, as Linux names are exact.
  uint32_t case_type = 0;
};

// Reads the fields of a payload in their order; false from the first that is cut.
class Decoder {
 public:
  explicit Decoder(absl::string_view payload) : reader_(payload) {}

  void U8(uint8_t& value) { value = reader_.U8(); }
  void U32(uint32_t& value) { value = reader_.U32(); }
  void U64(uint64_t& value) { value = reader_.U64(); }
  void Reserved(size_t size) { reader_.Skip(size); }
  void Counted(uint32_t size, absl::string_view& data) { data = reader_.Bytes(size); }
  void OldPrefix(Op op) { Reserved(GenerationOf(op) < 3 ? 8 : 0); }

  // One byte follows every name (docs/protocol/hgfs.md 5.7). Its value is arbitrary, and it may be
  // missing at the end of a packet.
  void NameV1(Name& name) {
    const uint32_t length = reader_.U32();
    name.cp_name = reader_.Bytes(length);
    if (reader_.remaining() > 0) reader_.Skip(1);
  }
  void NameV3(Name& name) {
    const uint32_t length = reader_.U32();
    name.by_handle = (reader_.U32() & kNameIsHandle) != 0;
    name.case_type = reader_.U32();
    name.handle = reader_.U32();
    name.cp_name = reader_.Bytes(length);
    if (reader_.remaining() > 0) reader_.Skip(1);
  }

  // Hosts send more than a structure's size; only less is an error.
  bool ok() const { return reader_.ok(); }
  size_t remaining() const { return reader_.remaining(); }

 private:
  static constexpr uint32_t kNameIsHandle = 1;

  wire::Reader reader_;
};

// Writes the fields of a payload in their order.
class Encoder {
 public:
  void U8(uint8_t value) { writer_.U8(value); }
  void U32(uint32_t value) { writer_.U32(value); }
  void U64(uint64_t value) { writer_.U64(value); }
  void Reserved(size_t size) { writer_.Zeros(size); }
  void Counted(uint32_t, absl::string_view data) { writer_.Bytes(data); }
  void OldPrefix(Op op) { Reserved(GenerationOf(op) < 3 ? 8 : 0); }

  void NameV1(const Name& name) {
    writer_.U32(static_cast<uint32_t>(name.cp_name.size())).BytesAndNul(name.cp_name);
  }
  void NameV3(const Name& name) {
    writer_.U32(static_cast<uint32_t>(name.cp_name.size()));
    writer_.U32(name.by_handle).U32(name.case_type).U32(name.handle);
    writer_.BytesAndNul(name.cp_name);
  }

  std::string Take() { return writer_.Take(); }

 private:
  wire::Writer writer_;
};

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_FIELDS_H_
