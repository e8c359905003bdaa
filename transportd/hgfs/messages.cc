// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/messages.h"

#include <type_traits>

namespace toolboxd::hgfs {
namespace {

// Each Describe() names the fields of a structure in wire order, for Decoder and for
// Encoder; in an Encoder the message is const.

template <typename Fields, typename Message>
using MessageOf = std::conditional_t<std::is_same_v<Fields, Encoder>, const Message, Message>;

// A handle that version 2 always carries, with a hint or a flag that says to use it.
template <typename Fields>
void DescribeHandleAndName(Fields& f, bool use_handle, MessageOf<Fields, Name>& name) {
  f.U32(name.handle);
  f.NameV1(name);
  if constexpr (std::is_same_v<Fields, Decoder>) {
    name.by_handle = use_handle;
  }
}

template <typename Fields>
void DescribeAttributesV2(Fields& f, MessageOf<Fields, Attributes>& a) {
  f.U64(a.mask);
  f.U32(a.type);
  f.U64(a.size);
  f.U64(a.create_time);
  f.U64(a.access_time);
  f.U64(a.write_time);
  f.U64(a.change_time);
  f.U8(a.special);
  f.U8(a.owner);
  f.U8(a.group);
  f.U8(a.other);
  f.U64(a.flags);
  f.U64(a.allocation);
  f.U32(a.uid);
  f.U32(a.gid);
  f.U64(a.file_id);
  f.U32(a.volume_id);
  f.U32(a.effective);
  f.Reserved(8);
}

template <typename Fields>
void DescribeAttributesV1(Fields& f, MessageOf<Fields, Attributes>& a) {
  f.U32(a.type);
  f.U64(a.size);
  f.U64(a.create_time);
  f.U64(a.access_time);
  f.U64(a.write_time);
  f.U64(a.change_time);
  f.U8(a.owner);
}

// Bits of version 1's one-byte mask and of the later masks and hints.
constexpr struct {
  uint8_t old_bit;
  uint64_t mask;
  uint64_t hint;
} kOldMask[] = {
    {0x01, kMaskSize, 0},          {0x02, kMaskCreateTime, 0},   {0x04, kMaskAccessTime, 0},
    {0x08, kMaskWriteTime, 0},     {0x10, kMaskChangeTime, 0},   {0x20, kMaskOwnerPermissions, 0},
    {0x40, 0, kHintSetAccessTime}, {0x80, 0, kHintSetWriteTime},
};

void ApplyOldMask(uint8_t old_mask, SetattrRequest& m) {
  for (const auto& entry : kOldMask) {
    if ((old_mask & entry.old_bit) == 0) continue;
    m.attributes.mask |= entry.mask;
    m.hints |= entry.hint;
  }
}

uint8_t OldMaskOf(const SetattrRequest& m) {
  uint8_t old_mask = 0;
  for (const auto& entry : kOldMask) {
    if ((m.attributes.mask & entry.mask) != 0 || (m.hints & entry.hint) != 0) {
      old_mask |= entry.old_bit;
    }
  }
  return old_mask;
}

template <typename Fields>
void Describe(Fields& f, Op, MessageOf<Fields, CreateSessionRequest>& m) {
  // A count of capabilities, which captured hosts send as 0 whatever follows.
  f.Reserved(4);
  f.U32(m.max_packet_size);
  f.U32(m.flags);
  f.Reserved(4);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, NameRequest>& m) {
  f.OldPrefix(op);
  switch (op) {
    case Op::kGetattrV2:
      f.U64(m.hints);
      DescribeHandleAndName(f, (m.hints & kHintUseHandle) != 0, m.name);
      break;
    case Op::kGetattrV3:
      f.U64(m.hints);
      f.Reserved(8);
      f.NameV3(m.name);
      break;
    case Op::kQueryVolumeV3:
      f.Reserved(8);
      f.NameV3(m.name);
      break;
    default:
      f.NameV1(m.name);
  }
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, GetattrReply>& m) {
  f.OldPrefix(op);
  if (op == Op::kGetattr) return DescribeAttributesV1(f, m.attributes);
  DescribeAttributesV2(f, m.attributes);
  if (op == Op::kGetattrV2) return f.NameV1(m.symlink_target);
  f.Reserved(8);
  f.NameV3(m.symlink_target);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, SetattrRequest>& m) {
  f.OldPrefix(op);
  if (op == Op::kSetattr) {
    uint8_t old_mask = OldMaskOf(m);
    f.U8(old_mask);
    if constexpr (std::is_same_v<Fields, Decoder>) ApplyOldMask(old_mask, m);
    DescribeAttributesV1(f, m.attributes);
    return f.NameV1(m.name);
  }
  f.U64(m.hints);
  DescribeAttributesV2(f, m.attributes);
  if (op == Op::kSetattrV2) {
    return DescribeHandleAndName(f, (m.hints & kHintUseHandle) != 0, m.name);
  }
  f.Reserved(8);
  f.NameV3(m.name);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, OpenRequest>& m) {
  f.OldPrefix(op);
  if (op == Op::kOpen) {
    f.U32(m.mode);
    f.U32(m.flags);
    f.U8(m.owner);
    return f.NameV1(m.name);
  }
  f.U64(m.mask);
  f.U32(m.mode);
  f.U32(m.flags);
  f.U8(m.special);
  f.U8(m.owner);
  f.U8(m.group);
  f.U8(m.other);
  f.U64(m.attributes);
  f.U64(m.allocation);
  f.U32(m.desired_access);
  f.U32(m.share_access);
  f.U32(m.desired_lock);
  f.Reserved(16);
  op == Op::kOpenV2 ? f.NameV1(m.name) : f.NameV3(m.name);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, OpenReply>& m) {
  f.OldPrefix(op);
  f.U32(m.handle);
  // The lock that was given (none), in version 3 also flags.
  if (op == Op::kOpenV2) f.Reserved(4);
  if (op == Op::kOpenV3) f.Reserved(12);
  if (op == Op::kSearchOpenV3) f.Reserved(8);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, HandleRequest>& m) {
  f.OldPrefix(op);
  f.U32(m.handle);
  if (GenerationOf(op) == 3) f.Reserved(8);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, ReadRequest>& m) {
  f.OldPrefix(op);
  f.U32(m.handle);
  f.U64(m.offset);
  f.U32(m.size);
  if (op == Op::kReadV3) f.Reserved(8);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, ReadReply>& m) {
  f.OldPrefix(op);
  f.U32(m.size);
  if (op == Op::kReadV3) f.Reserved(8);
  f.Counted(m.size, m.data);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, WriteRequest>& m) {
  f.OldPrefix(op);
  f.U32(m.handle);
  f.U8(m.flags);
  f.U64(m.offset);
  f.U32(m.size);
  if (op == Op::kWriteV3) f.Reserved(8);
  f.Counted(m.size, m.data);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, WriteReply>& m) {
  f.OldPrefix(op);
  f.U32(m.size);
  if (op == Op::kWriteV3) f.Reserved(8);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, SearchOpenRequest>& m) {
  f.OldPrefix(op);
  if (op == Op::kSearchOpen) return f.NameV1(m.name);
  f.Reserved(8);
  f.NameV3(m.name);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, SearchReadRequest>& m) {
  f.OldPrefix(op);
  f.U32(m.handle);
  f.U32(m.offset);
  if (op == Op::kSearchReadV3) f.Reserved(12);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, SearchReadReply>& m) {
  f.OldPrefix(op);
  switch (op) {
    case Op::kSearchRead:
      DescribeAttributesV1(f, m.attributes);
      return f.NameV1(m.name);
    case Op::kSearchReadV2:
      DescribeAttributesV2(f, m.attributes);
      f.NameV1(m.name);
      return f.NameV1(m.symlink_target);
    default:
      f.U64(m.count);
      // Reserved, and where the next entry is: this is the only one.
      f.Reserved(12);
      DescribeAttributesV2(f, m.attributes);
      f.NameV3(m.name);
  }
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, CreateDirRequest>& m) {
  f.OldPrefix(op);
  if (op == Op::kCreateDir) {
    f.U8(m.owner);
    return f.NameV1(m.name);
  }
  f.U64(m.mask);
  f.U8(m.special);
  f.U8(m.owner);
  f.U8(m.group);
  f.U8(m.other);
  if (op == Op::kCreateDirV2) return f.NameV1(m.name);
  f.Reserved(8);
  f.NameV3(m.name);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, DeleteRequest>& m) {
  constexpr uint64_t kUseHandle = 1;
  f.OldPrefix(op);
  if (GenerationOf(op) == 1) return f.NameV1(m.name);
  f.U64(m.hints);
  if (GenerationOf(op) == 2) {
    return DescribeHandleAndName(f, (m.hints & kUseHandle) != 0, m.name);
  }
  f.Reserved(8);
  f.NameV3(m.name);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, RenameRequest>& m) {
  f.OldPrefix(op);
  if (op != Op::kRename) f.U64(m.hints);
  if (op == Op::kRenameV3) {
    f.Reserved(8);
    f.NameV3(m.from);
    return f.NameV3(m.to);
  }
  if (op == Op::kRenameV2) {
    f.U32(m.from.handle);
    f.U32(m.to.handle);
    if constexpr (std::is_same_v<Fields, Decoder>) {
      m.from.by_handle = (m.hints & 1) != 0;
      m.to.by_handle = (m.hints & 2) != 0;
    }
  }
  f.NameV1(m.from);
  f.NameV1(m.to);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, VolumeReply>& m) {
  f.OldPrefix(op);
  f.U64(m.free_bytes);
  f.U64(m.total_bytes);
  if (op == Op::kQueryVolumeV3) f.Reserved(8);
}

template <typename Fields>
void Describe(Fields& f, Op op, MessageOf<Fields, EmptyReply>&) {
  f.OldPrefix(op);
  if (GenerationOf(op) > 2) f.Reserved(8);
}

// The identity of the server follows the capabilities; there is none.
template <typename Fields>
void Describe(Fields& f, Op, MessageOf<Fields, CreateSessionReply>& m) {
  f.U64(m.session_id);
  auto count = static_cast<uint32_t>(m.capabilities.size());
  f.U32(count);
  f.U32(m.max_packet_size);
  f.Reserved(4);
  // The packet size is valid.
  uint32_t flags = 1;
  f.U32(flags);
  f.Reserved(4);
  if constexpr (std::is_same_v<Fields, Decoder>) {
    // No more than there are bytes for.
    for (; count > 0 && f.ok(); --count) f.U64(m.capabilities.emplace_back());
  } else {
    for (const uint64_t capability : m.capabilities) f.U64(capability);
  }
}

}  // namespace

template <typename Message>
bool Decode(Op op, absl::string_view payload, Message& message) {
  Decoder decoder(payload);
  Describe(decoder, op, message);
  return decoder.ok();
}

template <typename Message>
std::string Encode(Op op, const Message& message) {
  Encoder encoder;
  Describe(encoder, op, message);
  return encoder.Take();
}

#define TOOLBOXD_HGFS_INSTANTIATE(Message)               \
  template bool Decode(Op, absl::string_view, Message&); \
  template std::string Encode(Op, const Message&);
TOOLBOXD_HGFS_INSTANTIATE(CreateSessionRequest)
TOOLBOXD_HGFS_INSTANTIATE(CreateSessionReply)
TOOLBOXD_HGFS_INSTANTIATE(NameRequest)
TOOLBOXD_HGFS_INSTANTIATE(GetattrReply)
TOOLBOXD_HGFS_INSTANTIATE(SetattrRequest)
TOOLBOXD_HGFS_INSTANTIATE(OpenRequest)
TOOLBOXD_HGFS_INSTANTIATE(OpenReply)
TOOLBOXD_HGFS_INSTANTIATE(HandleRequest)
TOOLBOXD_HGFS_INSTANTIATE(ReadRequest)
TOOLBOXD_HGFS_INSTANTIATE(ReadReply)
TOOLBOXD_HGFS_INSTANTIATE(WriteRequest)
TOOLBOXD_HGFS_INSTANTIATE(WriteReply)
TOOLBOXD_HGFS_INSTANTIATE(SearchOpenRequest)
TOOLBOXD_HGFS_INSTANTIATE(SearchReadRequest)
TOOLBOXD_HGFS_INSTANTIATE(SearchReadReply)
TOOLBOXD_HGFS_INSTANTIATE(CreateDirRequest)
TOOLBOXD_HGFS_INSTANTIATE(DeleteRequest)
TOOLBOXD_HGFS_INSTANTIATE(RenameRequest)
TOOLBOXD_HGFS_INSTANTIATE(VolumeReply)
TOOLBOXD_HGFS_INSTANTIATE(EmptyReply)
#undef TOOLBOXD_HGFS_INSTANTIATE

}  // namespace toolboxd::hgfs
