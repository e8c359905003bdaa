// SPDX-License-Identifier: Apache-2.0

// A host that speaks HGFS to the server, packet by packet, over files in memory: sessions, handles
// and transfers in any order, with fields of any value, and packets that are damaged.
// Covers: transportd/hgfs/server.cc transportd/hgfs/messages.cc transportd/hgfs/packet.cc
// transportd/hgfs/path.cc transportd/hgfs/open_file.cc transportd/hgfs/session_table.cc

#include <algorithm>
#include <cstdlib>

#include "tests/fuzz/script_target.h"
#include "transportd/hgfs/messages.h"
#include "transportd/hgfs/path.h"
#include "transportd/hgfs/server.h"
#include "transportd/hgfs/testing/memory_files.h"

namespace toolboxd::hgfs {
namespace {

using fuzz::Number;
using fuzz::Step;
using fuzz::Text;

// The bytes that every file has from this offset on, unless it has a hole there: so whatever is
// read says itself whether it is right. Beyond the end of all files it does not matter.
absl::string_view Content(uint64_t offset, size_t size) {
  static const auto& bytes = *[] {
    auto* const made = new std::string(MemoryFiles::kMaxFile + (64 << 10), '\0');
    for (size_t i = 0; i < made->size(); ++i)
      (*made)[i] = static_cast<char>(1 + (i * 31 + i / 4096) % 255);
    return made;
  }();
  return absl::string_view(bytes).substr(std::min<uint64_t>(offset, bytes.size()), size);
}

const fuzz::Field kNames = Text({std::string("root\0a", 6), std::string("root\0d\0b", 8), "root",
                                 std::string("root\0link", 9), std::string("root\0new", 8),
                                 std::string("root\0..\0a", 9), "other", ""});
const fuzz::Field kVersion = Number({2, 1, 0});
const fuzz::Field kSession = Number({0, 1, 9});
const fuzz::Field kHandle = Number({1, 2, 3, 0});
const fuzz::Field kByHandle = Number({0, 1});
const fuzz::Field kOffset = Number({0, 1, 4096, 0xF000, 0xF800, 2 * 0xF000, 1 << 20});
const fuzz::Field kSize = Number({100, 0, 1, 0xF000, 0xF800, 0xF801, 0xFFFFFFFF});
const fuzz::Field kBits = Number({6, 7, 4, 0});
const fuzz::Field kMask = Number({0x80B, 0x3F, 0, 0xFFFFFFFFFFFFFFFF});
const fuzz::Field kHints = Number({0, 1, 2, 3, 4, 7});
const fuzz::Field kTime = Number({0, 116444736000000000, 0xFFFFFFFFFFFFFFFF});

enum StepType {
  kCreateSession,
  kDestroySession,
  kOpen,
  kRead,
  kWrite,
  kClose,
  kSearchOpen,
  kSearchRead,
  kGetattr,
  kSetattr,
  kCreateDir,
  kDelete,
  kRename,
  kVolume,
  kRaw,
  kUser,
  kFail,
  kWait,
};

const fuzz::Grammar& HgfsGrammar() {
  static const auto& grammar = *new fuzz::Grammar{
      {"create_session", {Number({0, 0xF800, 1, 0xFFFFFFFF}), Number()}},
      {"destroy_session", {kSession}},
      {"open",
       {kVersion, kSession, kByHandle, kHandle, kNames, Number({0, 1, 2, 4, 5}),
        Number({0, 1, 2, 3, 4, 5}), kMask, kBits, kBits, kBits, kBits, Number({0, 1})}},
      {"read", {kVersion, kSession, kHandle, kOffset, kSize}},
      // What it carries, and how many bytes it says besides.
      {"write",
       {kVersion, kSession, kHandle, kOffset, kSize, Number({0, 1, 0xFFFFFFFF}), Number({0, 1})}},
      {"close", {Number({0, 1, 2, 3}), kSession, kHandle}},
      {"search_open", {kVersion, kSession, kByHandle, kHandle, kNames}},
      {"search_read", {kVersion, kSession, kHandle, Number({0, 1, 2, 32, 0xFFFFFFFF})}},
      {"getattr", {kVersion, kSession, kByHandle, kHandle, kNames, kHints}},
      {"setattr",
       {kVersion, kSession, kByHandle, kHandle, kNames, kHints,
        Number({0x3FF, 0x3C0, 2, 0x80, 0x3000, 0xFFFFFFFFFFFFFFFF}), kOffset, kTime, kTime, kBits,
        kBits, kBits, kBits, Number({0, 1000})}},
      {"create_dir", {kVersion, kSession, kByHandle, kHandle, kNames, kMask, kBits, kBits}},
      {"delete", {kVersion, kSession, kByHandle, kHandle, kNames, kHints, Number({0, 1})}},
      {"rename", {kVersion, kSession, kByHandle, kHandle, kNames, kNames, kHints}},
      {"volume", {kVersion, kSession, kByHandle, kHandle, kNames}},
      {"raw", {Number({24, 18, 19, 38, 39, 40, 43, 0xFFFFFFFF}), kSession, Text({"", "x"})}},
      // Who sends what follows: alice, bob, or no credential.
      {"user", {Number({0, 1, 2})}},
      {"fail", {Number({1, 2, 3, 10, 20})}},
      {"wait", {Number({1, 500, 10000})}},
  };
  return grammar;
}

Op Version(const Step& step, std::initializer_list<Op> ops) {
  return ops.begin()[step.number(0) % ops.size()];
}

class Host {
 public:
  Host() {
    files_->files["/a"] = std::string(Content(0, kReadChunkBytes + 100));
    files_->files["/d"] = std::nullopt;
    files_->files["/d/b"] = "";
    files_->files["/link"] = std::string(Content(0, 10));
  }

  void Run(const Step& step);
  void CheckEnd() {
    for (const auto& [path, content] : files_->files) {
      if (content.has_value()) CheckContent(*content, 0);
    }
    if (server_.sessions() > SessionTable::kMaxSessions) std::abort();
  }

 private:
  void CheckContent(absl::string_view data, uint64_t offset) const {
    if (!content_is_known_) return;
    const absl::string_view content = Content(offset, data.size());
    if (data == content) return;
    for (size_t i = 0; i < data.size(); ++i) {
      if (data[i] != 0 && data[i] != content[i]) std::abort();
    }
  }

  static Name NameOf(const Step& step, size_t first) {
    Name name;
    name.by_handle = step.number(first) % 2 == 1;
    name.handle = step.number(first + 1);
    name.cp_name = step.text(first + 2);
    return name;
  }

  uint64_t Session(uint64_t index) const {
    return sessions_.empty() ? index : sessions_[index % sessions_.size()];
  }

  // Sends a payload and returns the answer's, if it is a success. The reply is the packet's own,
  // and encodes again as it is.
  template <typename Reply>
  bool Send(const Step& step, Op op, uint64_t session, absl::string_view payload, Reply& reply) {
    Packet packet;
    packet.op = static_cast<uint32_t>(op);
    packet.session_id = session;
    packet.request_id = 0x80000000 + ++requests_;
    packet.payload = payload;
    std::string bytes = EncodePacket(packet);
    fuzz::Apply(step, bytes);
    answer_ = server_.Dispatch(bytes, clients_[user_]);
    Packet answer;
    if (!DecodePacket(answer_, answer)) std::abort();
    if (answer_.size() > 0xFC00) std::abort();
    if (!step.damage.empty()) return false;
    if (answer.request_id != packet.request_id || answer.op != packet.op) std::abort();
    if (answer.status != Status::kSuccess) return false;
    if (!Decode(op, answer.payload, reply)) std::abort();
    if (Encode(op, reply) != answer.payload) std::abort();
    return true;
  }
  template <typename Request>
  bool Call(const Step& step, Op op, const Request& request) {
    EmptyReply reply;
    return Call(step, op, request, reply);
  }
  template <typename Request, typename Reply>
  bool Call(const Step& step, Op op, const Request& request, Reply& reply) {
    const size_t session = step.type == kCreateSession || step.type == kDestroySession ? 0 : 1;
    const uint64_t index = step.values.size() > session ? step.number(session) : 0;
    return Send(step, op, Session(index), Encode(op, request), reply);
  }

  void CreateSession(const Step& step);
  void Open(const Step& step);
  void Read(const Step& step);
  void Write(const Step& step);
  void SetAttributes(const Step& step);
  void Search(const Step& step);
  void Change(const Step& step);
  void Manage(const Step& step);

  std::shared_ptr<MemoryFiles> files_ = std::make_shared<MemoryFiles>();
  Client clients_[3] = {{"alice", files_}, {"bob", files_}, {"", nullptr}};
  size_t user_ = 0;
  absl::Time now_ = absl::FromUnixSeconds(1000);
  size_t audited_ = 0;
  Server server_{[this](const AuditRecord& record) {
                   if (!record.operation.has_value()) std::abort();
                   ++audited_;
                 },
                 [this] { return now_; }};
  std::vector<uint64_t> sessions_;
  // What files have is Content().
  bool content_is_known_ = true;
  uint32_t requests_ = 0;
  std::string answer_;
};

void Host::CreateSession(const Step& step) {
  CreateSessionRequest request;
  request.max_packet_size = step.number(0);
  request.flags = step.number(1);
  CreateSessionReply reply;
  if (Send(step, Op::kCreateSessionV4, 0, Encode(Op::kCreateSessionV4, request), reply)) {
    if (reply.max_packet_size > kMaxPayload) std::abort();
    sessions_.push_back(reply.session_id);
  }
}

void Host::Open(const Step& step) {
  OpenRequest request;
  request.name = NameOf(step, 2);
  request.mode = step.number(5);
  request.flags = step.number(6);
  request.mask = step.number(7);
  request.special = step.number(8);
  request.owner = step.number(9);
  request.group = step.number(10);
  request.other = step.number(11);
  request.desired_lock = step.number(12);
  OpenReply reply;
  Call(step, Version(step, {Op::kOpen, Op::kOpenV2, Op::kOpenV3}), request, reply);
}

void Host::Read(const Step& step) {
  ReadRequest request;
  request.handle = step.number(2);
  request.offset = step.number(3);
  request.size = step.number(4);
  ReadReply reply;
  if (!Call(step, Version(step, {Op::kRead, Op::kReadV3}), request, reply)) return;
  if (reply.data.size() > request.size || reply.size != reply.data.size()) std::abort();
  CheckContent(reply.data, request.offset);
}

void Host::Write(const Step& step) {
  WriteRequest request;
  request.handle = step.number(2);
  request.offset = step.number(3);
  request.data = Content(request.offset, step.number(4) % 0xF801);
  request.size = static_cast<uint32_t>(request.data.size() + step.number(5));
  // Content at another place than its own would not be known again.
  request.flags = 0;
  // Damage may be to the content, or to its place.
  if (!step.damage.empty()) content_is_known_ = false;
  WriteReply reply;
  if (!Call(step, Version(step, {Op::kWrite, Op::kWriteV3}), request, reply)) return;
  if (reply.size != request.size || reply.size > request.data.size()) std::abort();
}

void Host::SetAttributes(const Step& step) {
  SetattrRequest request;
  request.name = NameOf(step, 2);
  request.hints = step.number(5);
  request.attributes.mask = step.number(6);
  request.attributes.size = step.number(7);
  request.attributes.access_time = step.number(8);
  request.attributes.write_time = step.number(9);
  request.attributes.special = step.number(10);
  request.attributes.owner = step.number(11);
  request.attributes.group = step.number(12);
  request.attributes.other = step.number(13);
  request.attributes.uid = request.attributes.gid = step.number(14);
  Call(step, Version(step, {Op::kSetattr, Op::kSetattrV2, Op::kSetattrV3}), request);
}

void Host::Search(const Step& step) {
  if (step.type == kSearchOpen) {
    SearchOpenRequest request;
    request.name = NameOf(step, 2);
    OpenReply reply;
    Call(step, Version(step, {Op::kSearchOpen, Op::kSearchOpenV3}), request, reply);
    return;
  }
  SearchReadRequest request;
  request.handle = step.number(2);
  request.offset = step.number(3);
  SearchReadReply reply;
  Call(step, Version(step, {Op::kSearchRead, Op::kSearchReadV2, Op::kSearchReadV3}), request,
       reply);
}

// By name.
void Host::Change(const Step& step) {
  const Name name = NameOf(step, 2);
  switch (step.type) {
    case kGetattr: {
      GetattrReply reply;
      Call(step, Version(step, {Op::kGetattr, Op::kGetattrV2, Op::kGetattrV3}),
           NameRequest{step.number(5), name}, reply);
      break;
    }
    case kCreateDir: {
      CreateDirRequest request;
      request.name = name;
      request.mask = step.number(5);
      request.owner = step.number(6);
      request.group = step.number(7);
      Call(step, Version(step, {Op::kCreateDir, Op::kCreateDirV2, Op::kCreateDirV3}), request);
      break;
    }
    case kDelete: {
      const DeleteRequest request{step.number(5), name};
      const bool file = step.number(6) % 2 == 0;
      Call(step,
           file ? Version(step, {Op::kDeleteFile, Op::kDeleteFileV2, Op::kDeleteFileV3})
                : Version(step, {Op::kDeleteDir, Op::kDeleteDirV2, Op::kDeleteDirV3}),
           request);
      break;
    }
    case kRename: {
      RenameRequest request{step.number(6), name, {}};
      request.to.cp_name = step.text(5);
      Call(step, Version(step, {Op::kRename, Op::kRenameV2, Op::kRenameV3}), request);
      break;
    }
    default: {
      VolumeReply reply;
      Call(step, Version(step, {Op::kQueryVolume, Op::kQueryVolumeV3}), NameRequest{0, name},
           reply);
    }
  }
}

// What does not belong to an open file.
void Host::Manage(const Step& step) {
  switch (step.type) {
    case kDestroySession: {
      EmptyReply reply;
      Send(step, Op::kDestroySessionV4, Session(step.number(0)),
           Encode(Op::kDestroySessionV4, EmptyReply()), reply);
      break;
    }
    case kRaw: {
      Packet packet;
      packet.op = step.number(0);
      packet.session_id = Session(step.number(1));
      packet.payload = step.text(2);
      Packet answer;
      if (!DecodePacket(server_.Dispatch(EncodePacket(packet), clients_[user_]), answer)) {
        std::abort();
      }
      break;
    }
    case kUser:
      user_ = step.number(0) % 3;
      break;
    case kFail:
      files_->failure = static_cast<v1::Reason>(step.number(0) % (v1::Reason_MAX + 1));
      break;
    default:
      now_ += absl::Seconds(step.number(0) % 100000);
      server_.Maintain();
  }
}

void Host::Run(const Step& step) {
  switch (step.type) {
    case kCreateSession:
      return CreateSession(step);
    case kOpen:
      return Open(step);
    case kRead:
      return Read(step);
    case kWrite:
      return Write(step);
    case kClose: {
      HandleRequest request;
      request.handle = step.number(2);
      Call(step, Version(step, {Op::kClose, Op::kCloseV3, Op::kSearchClose, Op::kSearchCloseV3}),
           request);
      return;
    }
    case kSearchOpen:
    case kSearchRead:
      return Search(step);
    case kSetattr:
      return SetAttributes(step);
    case kGetattr:
    case kCreateDir:
    case kDelete:
    case kRename:
    case kVolume:
      return Change(step);
    default:
      return Manage(step);
  }
}

}  // namespace
}  // namespace toolboxd::hgfs

const toolboxd::fuzz::Grammar& toolboxd::fuzz::TargetGrammar() { return hgfs::HgfsGrammar(); }

void toolboxd::fuzz::RunScript(const Script& script) {
  hgfs::Host host;
  for (const Step& step : script) host.Run(step);
  host.CheckEnd();
}
