// SPDX-License-Identifier: Apache-2.0

#include "transportd/trace/hgfs_details.h"

#include <cstdint>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "transportd/hgfs/messages.h"
#include "transportd/hgfs/packet.h"
#include "transportd/hgfs/path.h"
#include "transportd/hgfs/protocol.h"

namespace toolboxd::trace {
namespace {

using hgfs::Op;

void AddName(absl::string_view label, const hgfs::Name& name, Details& details) {
  if (name.by_handle) return details.Number("handle", name.handle);
  std::string path;
  if (hgfs::DecodePath(name.cp_name, path) == hgfs::Status::kSuccess) {
    details.Text(label, path);
  } else {
    details.Size(label, name.cp_name.size());
  }
}

// The details of messages with one name.
template <typename Message>
bool Named(Op op, absl::string_view payload, Details& details) {
  Message message;
  if (!hgfs::Decode(op, payload, message)) return false;
  AddName("path", message.name, details);
  return true;
}

bool Renamed(Op op, absl::string_view payload, Details& details) {
  hgfs::RenameRequest request;
  if (!hgfs::Decode(op, payload, request)) return false;
  AddName("from", request.from, details);
  AddName("to", request.to, details);
  return true;
}

bool OfHandle(Op op, absl::string_view payload, Details& details) {
  hgfs::HandleRequest request;
  if (!hgfs::Decode(op, payload, request)) return false;
  details.Number("handle", request.handle);
  return true;
}

// The details of a read, a write and a page of a search.
template <typename Message>
bool Positioned(Op op, absl::string_view payload, Details& details) {
  Message message;
  if (!hgfs::Decode(op, payload, message)) return false;
  details.Number("handle", message.handle);
  details.Number("offset", static_cast<int64_t>(message.offset));
  if constexpr (!std::is_same_v<Message, hgfs::SearchReadRequest>) {
    details.Number("size", message.size);
  }
  return true;
}

bool Empty(Op, absl::string_view, Details&) { return true; }

struct Known {
  absl::string_view name;
  Op first;
  // The same operation in later versions.
  Op second;
  Op third;
  bool (*show)(Op op, absl::string_view payload, Details& details);
};

constexpr Known kKnown[] = {
    {"Open", Op::kOpen, Op::kOpenV2, Op::kOpenV3, Named<hgfs::OpenRequest>},
    {"Read", Op::kRead, Op::kRead, Op::kReadV3, Positioned<hgfs::ReadRequest>},
    {"Write", Op::kWrite, Op::kWrite, Op::kWriteV3, Positioned<hgfs::WriteRequest>},
    {"Close", Op::kClose, Op::kClose, Op::kCloseV3, OfHandle},
    {"SearchOpen", Op::kSearchOpen, Op::kSearchOpen, Op::kSearchOpenV3,
     Named<hgfs::SearchOpenRequest>},
    {"SearchRead", Op::kSearchRead, Op::kSearchReadV2, Op::kSearchReadV3,
     Positioned<hgfs::SearchReadRequest>},
    {"SearchClose", Op::kSearchClose, Op::kSearchClose, Op::kSearchCloseV3, OfHandle},
    {"Getattr", Op::kGetattr, Op::kGetattrV2, Op::kGetattrV3, Named<hgfs::NameRequest>},
    {"Setattr", Op::kSetattr, Op::kSetattrV2, Op::kSetattrV3, Named<hgfs::SetattrRequest>},
    {"CreateDir", Op::kCreateDir, Op::kCreateDirV2, Op::kCreateDirV3,
     Named<hgfs::CreateDirRequest>},
    {"DeleteFile", Op::kDeleteFile, Op::kDeleteFileV2, Op::kDeleteFileV3,
     Named<hgfs::DeleteRequest>},
    {"DeleteDir", Op::kDeleteDir, Op::kDeleteDirV2, Op::kDeleteDirV3, Named<hgfs::DeleteRequest>},
    {"Rename", Op::kRename, Op::kRenameV2, Op::kRenameV3, Renamed},
    {"QueryVolume", Op::kQueryVolume, Op::kQueryVolume, Op::kQueryVolumeV3,
     Named<hgfs::NameRequest>},
    {"CreateSession", Op::kCreateSessionV4, Op::kCreateSessionV4, Op::kCreateSessionV4, Empty},
    {"DestroySession", Op::kDestroySessionV4, Op::kDestroySessionV4, Op::kDestroySessionV4, Empty},
};

}  // namespace

void AddHgfsPacket(absl::string_view packet, Details& details) {
  hgfs::Packet header;
  if (!hgfs::DecodePacket(packet, header)) return details.Size("malformed_packet", packet.size());
  const Op op = static_cast<Op>(header.op);
  for (const Known& known : kKnown) {
    if (op != known.first && op != known.second && op != known.third) continue;
    details.Text("hgfs", known.name);
    if (!known.show(op, header.payload, details)) details.Size("malformed", header.payload.size());
    return;
  }
  details.Number("hgfs_operation", header.op);
}

std::string DescribeHgfsReply(absl::string_view packet) {
  hgfs::Packet header;
  if (!hgfs::DecodePacket(packet, header)) return "";
  return absl::StrCat("HGFS status ", static_cast<uint32_t>(header.status));
}

}  // namespace toolboxd::trace
