// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/server.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/shared_deadline.h"
#include "base/status.h"
#include "transportd/hgfs/path.h"
#include "transportd/hgfs/status.h"
#include "transportd/vix/strings.h"

namespace toolboxd::hgfs {
namespace {

// Entries of a directory that are fetched at a time: up to 5 KB each, with a link's target.
constexpr uint32_t kSearchPage = 32;

std::string Done(Op op) { return Encode(op, EmptyReply()); }

// Permission bits of a file or directory that is created. VMX asks for the owner's class
// only; the others get what the service's umask leaves of the owner's.
uint32_t Permissions(uint64_t mask, uint8_t special, uint8_t owner, uint8_t group, uint8_t other,
                     uint32_t fallback) {
  uint32_t permissions = fallback;
  const auto set = [&](uint64_t bit, int shift, uint8_t bits) {
    if ((mask & bit) == 0) return;
    permissions = (permissions & ~(7u << shift)) | ((bits & 7u) << shift);
  };
  set(kOpenMaskSpecial, 9, special);
  set(kOpenMaskOwner, 6, owner);
  set(kOpenMaskGroup, 3, group);
  set(kOpenMaskOther, 0, other);
  return permissions;
}

v1::OpenForWriting::Mode ModeOf(uint32_t flags) {
  switch (flags) {
    case kOpenEmpty:
      return v1::OpenForWriting::TRUNCATE_EXISTING;
    case kCreate:
      return v1::OpenForWriting::CREATE;
    case kCreateSafe:
      return v1::OpenForWriting::CREATE_NEW;
    case kCreateEmpty:
      return v1::OpenForWriting::CREATE_OR_TRUNCATE;
    default:
      return v1::OpenForWriting::OPEN_EXISTING;
  }
}

// Operations as bits of a number; those that are supported are below 64.
constexpr uint64_t Set(std::initializer_list<Op> ops) {
  uint64_t set = 0;
  for (const Op op : ops) set |= uint64_t{1} << static_cast<uint32_t>(op);
  return set;
}

// The failure that stands for a status of HGFS's own.
absl::Status ErrorOf(Status status) {
  switch (status) {
    case Status::kSuccess:
      return absl::OkStatus();
    case Status::kProtocolError:
    case Status::kInvalidHandle:
    case Status::kInvalidName:
      return MakeError(v1::INVALID_ARGUMENT, "");
    case Status::kStaleSession:
      return absl::FailedPreconditionError("");
    default:
      return MakeError(ToReason(status), "");
  }
}

// Why an upload ends of which not all packets were understood and executed.
absl::Status PacketLost(absl::string_view how) {
  return absl::AbortedError(absl::StrCat("a packet of the upload was ", how));
}

}  // namespace

Server::Outcome::Outcome(Status status) : status(status), error(ErrorOf(status)) {}

Server::Outcome::Outcome(const absl::Status& error) : error(error) {
  const v1::Reason reason = ReasonOf(error);
  status = reason != v1::REASON_UNSPECIFIED ? FromReason(reason) : FromStatusCode(error.code());
}

std::string Server::Dispatch(absl::string_view bytes, const Client& client) {
  const SharedDeadline deadline;
  Packet packet;
  if (!DecodePacket(bytes, packet)) return EncodeReply(packet, Status::kProtocolError, "");
  AuditRecord record = {client.user, OperationOf(static_cast<Op>(packet.op)), "", {}};
  Outcome outcome = Run(packet, client, record);
  if (audit_ && record.operation.has_value()) {
    record.result = outcome.error;
    audit_(record);
  }
  return EncodeReply(packet, outcome.status, outcome.payload);
}

void Server::Refuse(absl::string_view bytes) {
  Packet packet;
  if (!DecodePacket(bytes, packet)) return;
  Session* session = sessions_.Find(packet.session_id);
  if (session == nullptr) return;
  session->FailWriters(PacketLost("refused"));
  if (static_cast<Op>(packet.op) == Op::kDestroySessionV4) session->used = absl::InfinitePast();
}

void Server::RunDeferredWork() {
  const Transfer last = std::exchange(last_transfer_, Transfer());
  Session* session = last.handle == 0 ? nullptr : sessions_.Find(last.session);
  Handle* handle = session == nullptr ? nullptr : sessions_.FindHandle(*session, last.handle);
  if (handle == nullptr) return;
  if (handle->read != nullptr) handle->read->ReadAhead();
  if (handle->write != nullptr) handle->write->FlushIfReady();
}

void Server::Maintain() {
  sessions_.Expire(clock_());
  sessions_.ForEachHandle([](Handle& handle) {
    if (handle.write != nullptr) handle.write->FlushIfReady();
  });
}

Server::Outcome Server::Run(const Packet& packet, const Client& client, AuditRecord& record) {
  if (!IsSupported(packet.op)) return Status::kNotSupported;
  const Op op = static_cast<Op>(packet.op);
  if (op == Op::kCreateSessionV4) return CreateSession(packet, client);
  if (op == Op::kDestroySessionV4) {
    return sessions_.Destroy(packet.session_id, client.user) ? Outcome(Done(op))
                                                             : Outcome(Status::kStaleSession);
  }
  last_transfer_ = {packet.session_id, 0};
  Session* session = sessions_.Find(packet.session_id, client.user, clock_());
  if (session == nullptr) return Status::kStaleSession;
  if (client.files == nullptr) return Status::kAccessDenied;
  return RunInSession({op, packet.payload, client, *session, record});
}

const Server::Handler Server::kHandlers[] = {
    {Set({Op::kOpen, Op::kOpenV2, Op::kOpenV3}), &Server::Open},
    {Set({Op::kRead, Op::kReadV3}), &Server::Read},
    {Set({Op::kWrite, Op::kWriteV3}), &Server::Write},
    {Set({Op::kClose, Op::kCloseV3, Op::kSearchClose, Op::kSearchCloseV3}), &Server::Close},
    {Set({Op::kGetattr, Op::kGetattrV2, Op::kGetattrV3}), &Server::Getattr},
    {Set({Op::kSetattr, Op::kSetattrV2, Op::kSetattrV3}), &Server::Setattr},
    {Set({Op::kSearchOpen, Op::kSearchOpenV3}), &Server::SearchOpen},
    {Set({Op::kSearchRead, Op::kSearchReadV2, Op::kSearchReadV3}), &Server::SearchRead},
    {Set({Op::kCreateDir, Op::kCreateDirV2, Op::kCreateDirV3}), &Server::CreateDir},
    {Set({Op::kDeleteFile, Op::kDeleteFileV2, Op::kDeleteFileV3}), &Server::DeleteFile},
    {Set({Op::kDeleteDir, Op::kDeleteDirV2, Op::kDeleteDirV3}), &Server::DeleteDir},
    {Set({Op::kRename, Op::kRenameV2, Op::kRenameV3}), &Server::Rename},
    {Set({Op::kQueryVolume, Op::kQueryVolumeV3}), &Server::QueryVolume},
};

Server::Outcome Server::RunInSession(const Call& call) {
  for (const Handler& handler : kHandlers) {
    if ((handler.ops & Set({call.op})) != 0) return (this->*handler.run)(call);
  }
  return Status::kNotSupported;
}

Server::Outcome Server::CreateSession(const Packet& packet, const Client& client) {
  CreateSessionRequest request;
  if (!Decode(Op::kCreateSessionV4, packet.payload, request)) return Status::kProtocolError;
  CreateSessionReply reply;
  reply.session_id = sessions_.Create(client.user, clock_());
  if (reply.session_id == 0) return Status::kTooManySessions;
  // Without a size in the request the default of the reply holds.
  if (request.max_packet_size != 0) {
    reply.max_packet_size = std::min(request.max_packet_size, kMaxPayload);
  }
  constexpr uint64_t kCapable = uint64_t{1} << 32;
  for (uint32_t op = 0; op <= static_cast<uint32_t>(Op::kDestroySessionV4); ++op) {
    if (IsSupported(op)) reply.capabilities.push_back(kCapable | op);
  }
  return Encode(Op::kCreateSessionV4, reply);
}

Status Server::Resolve(const Call& call, const Name& name, std::string& path) {
  Status status = Status::kSuccess;
  if (name.by_handle) {
    const Handle* handle = sessions_.FindHandle(call.session, name.handle);
    if (handle == nullptr) return Status::kInvalidHandle;
    path = handle->path;
  } else {
    status = DecodePath(name.cp_name, path);
  }
  // Record a rejected name exactly as received.
  std::string& target = call.record.target;
  if (!target.empty()) target += " -> ";
  target += status == Status::kSuccess
                ? path
                : absl::StrReplaceAll(name.cp_name, {{absl::string_view("\0", 1), "/"}});
  return status;
}

Server::Outcome Server::Open(const Call& call) {
  OpenRequest request;
  if (!Decode(call.op, call.payload, request)) return Status::kProtocolError;
  const uint32_t mode = request.mode & ~kSequential;
  call.record.operation = mode == kReadOnly ? Operation::kInitiateFileTransferFromGuest
                                            : Operation::kInitiateFileTransferToGuest;
  std::string path;
  const Status status = Resolve(call, request.name, path);
  if (status != Status::kSuccess) return status;
  // A lock is a promise to other clients, which a server of streams cannot keep.
  if (request.desired_lock != 0) return Status::kNotSupported;
  if (request.flags > kCreateEmpty) return Status::kInvalidParameter;
  switch (mode) {
    case kReadOnly:
      return OpenForRead(call, path);
    case kWriteOnly:
      return OpenForWrite(call, request, path);
    default:
      // A stream has one direction; no host was seen to request both.
      return Status::kAccessDenied;
  }
}

Server::Outcome Server::AddFile(const Call& call, Handle handle) {
  handle.record =
      std::make_unique<TransferRecord>(&audit_, std::exchange(call.record, AuditRecord()));
  handle.transfer = ++transfers_;
  handle.opened = handle.used = call.session.used;
  OpenReply reply;
  reply.handle = sessions_.AddHandle(call.session, std::move(handle));
  return Encode(call.op, reply);
}

Server::Outcome Server::OpenForRead(const Call& call, const std::string& path) {
  auto file = ReadFile::Open(call.client.files, path);
  if (!file.ok()) return Outcome(file.status());
  Handle handle;
  handle.read = *std::move(file);
  handle.path = path;
  return AddFile(call, std::move(handle));
}

Server::Outcome Server::OpenForWrite(const Call& call, const OpenRequest& request,
                                     const std::string& path) {
  v1::OpenForWriting open;
  open.set_path(path);
  open.set_mode(ModeOf(request.flags));
  open.set_permissions(Permissions(request.mask, request.special, request.owner, request.group,
                                   request.other, 0666));
  auto file = WriteFile::Open(call.client.files, open);
  if (!file.ok()) return Outcome(file.status());
  Handle handle;
  handle.write = *std::move(file);
  handle.path = path;
  return AddFile(call, std::move(handle));
}

Server::Outcome Server::Read(const Call& call) {
  ReadRequest request;
  if (!Decode(call.op, call.payload, request)) return Status::kProtocolError;
  Handle* handle = sessions_.FindHandle(call.session, request.handle);
  if (handle == nullptr || handle->read == nullptr) return Status::kInvalidHandle;
  absl::StatusOr<std::string> data =
      handle->read->Read(request.offset, std::min(request.size, kMaxPayload));
  last_transfer_.handle = request.handle;
  handle->result = data.status();
  if (!data.ok()) return Outcome(data.status());
  handle->used = call.session.used;
  handle->bytes += data->size();
  bytes_from_guest_ += data->size();
  ReadReply reply;
  reply.size = static_cast<uint32_t>(data->size());
  reply.data = *data;
  return Encode(call.op, reply);
}

Server::Outcome Server::Write(const Call& call) {
  WriteRequest request;
  if (!Decode(call.op, call.payload, request)) {
    call.session.FailWriters(PacketLost("malformed"));
    return Status::kProtocolError;
  }
  Handle* handle = sessions_.FindHandle(call.session, request.handle);
  if (handle == nullptr || handle->write == nullptr) return Status::kInvalidHandle;
  const bool append = (request.flags & kWriteAppend) != 0;
  last_transfer_.handle = request.handle;
  const absl::Status status = handle->write->Write(request.offset, append, request.data);
  if (!status.ok()) return Outcome(status);
  handle->used = call.session.used;
  handle->bytes += request.data.size();
  bytes_to_guest_ += request.data.size();
  WriteReply reply;
  reply.size = request.size;
  return Encode(call.op, reply);
}

Server::Outcome Server::Close(const Call& call) {
  HandleRequest request;
  if (!Decode(call.op, call.payload, request)) return Status::kProtocolError;
  // The handle ends whatever the outcome: a failed upload is not closed twice.
  const std::optional<Handle> handle = sessions_.TakeHandle(call.session, request.handle);
  if (!handle.has_value()) return Status::kInvalidHandle;
  const absl::Status status = handle->write != nullptr ? handle->write->Close() : absl::OkStatus();
  // A download has no outcome but that of its last packet.
  if (handle->record != nullptr) handle->record->End(handle->read ? handle->result : status);
  if (status.ok()) return Done(call.op);
  // The host gets a number; only the message names the member of an archive that failed.
  LogWarning("upload user=", vix::Escape(call.client.user), " target=\"", vix::Escape(handle->path),
             "\" failed: ", status.message());
  return Outcome(status);
}

Server::Outcome Server::Getattr(const Call& call) {
  NameRequest request;
  if (!Decode(call.op, call.payload, request)) return Status::kProtocolError;
  std::string path;
  const Status status = Resolve(call, request.name, path);
  if (status != Status::kSuccess) return status;
  absl::StatusOr<v1::FileInfo> file = call.client.files->Stat(path);
  // An upload is not at its path before Close, but the host asks for it by name.
  if (const WriteFile* writer = call.session.FindWriter(path); writer != nullptr) {
    call.record.operation.reset();
    if (!file.ok()) {
      file.emplace();
      file->set_type(v1::REGULAR);
      file->set_mode(writer->permissions());
    }
    file->set_size(writer->size());
  }
  if (!file.ok()) return Outcome(file.status());
  GetattrReply reply;
  reply.attributes = FromFileInfo(*file);
  std::string target;
  if (file->type() == v1::SYMLINK) target = EncodePath(file->symlink_target());
  reply.symlink_target.cp_name = target;
  return Encode(call.op, reply);
}

Server::Outcome Server::Setattr(const Call& call) {
  SetattrRequest request;
  if (!Decode(call.op, call.payload, request)) return Status::kProtocolError;
  std::string path;
  const Status status = Resolve(call, request.name, path);
  if (status != Status::kSuccess) return status;

  WriteFile* writer = call.session.FindWriter(path);
  // Attributes of an upload are part of it.
  if (writer != nullptr) call.record.operation.reset();
  uint32_t permissions = writer != nullptr ? writer->permissions() : 0;
  constexpr uint64_t kClasses = kMaskOwnerPermissions | kMaskGroupPermissions |
                                kMaskOtherPermissions | kMaskSpecialPermissions;
  const uint64_t classes = request.attributes.mask & kClasses;
  if (classes != 0 && classes != kClasses) {
    // The other classes stay what they are.
    const absl::StatusOr<v1::FileInfo> file = call.client.files->Stat(path);
    if (file.ok()) permissions = file->mode() & 07777;
  }
  // A date, which clock_ does not have.
  const v1::FileAttributes attributes = ToFileAttributes(
      request.attributes, request.hints, permissions, absl::ToUnixNanos(absl::Now()));
  if (attributes.ByteSizeLong() == 0) return Done(call.op);
  const absl::Status result = writer != nullptr
                                  ? writer->SetAttributes(attributes)
                                  : call.client.files->SetAttributes(path, attributes);
  return result.ok() ? Outcome(Done(call.op)) : Outcome(result);
}

Server::Outcome Server::SearchOpen(const Call& call) {
  SearchOpenRequest request;
  if (!Decode(call.op, call.payload, request)) return Status::kProtocolError;
  Handle handle;
  handle.search = std::make_unique<Search>();
  const Status status = Resolve(call, request.name, handle.path);
  if (status != Status::kSuccess) return status;
  v1::ListFilesRequest list;
  list.set_path(handle.path);
  const auto listed = call.client.files->List(list);
  if (!listed.ok()) return Outcome(listed.status());
  OpenReply reply;
  reply.handle = sessions_.AddHandle(call.session, std::move(handle));
  return Encode(call.op, reply);
}

Server::Outcome Server::SearchRead(const Call& call) {
  SearchReadRequest request;
  if (!Decode(call.op, call.payload, request)) return Status::kProtocolError;
  Handle* handle = sessions_.FindHandle(call.session, request.handle);
  if (handle == nullptr || handle->search == nullptr) return Status::kInvalidHandle;
  Search& search = *handle->search;
  if (request.offset < search.first || request.offset - search.first >= search.entries.size()) {
    v1::ListFilesRequest list;
    list.set_path(handle->path);
    list.set_skip(request.offset);
    list.set_limit(kSearchPage);
    absl::StatusOr<v1::ListFilesReply> listed = call.client.files->List(list);
    if (!listed.ok()) return Outcome(listed.status());
    search.first = request.offset;
    search.entries.assign(listed->entries().begin(), listed->entries().end());
  }
  SearchReadReply reply;
  // An empty name says that there are no more.
  std::string target;
  if (!search.entries.empty()) {
    const v1::FileInfo& entry = search.entries[request.offset - search.first];
    reply.count = 1;
    reply.attributes = FromFileInfo(entry);
    reply.name.cp_name = entry.name();
    if (entry.type() == v1::SYMLINK) target = EncodePath(entry.symlink_target());
    reply.symlink_target.cp_name = target;
  }
  return Encode(call.op, reply);
}

Server::Outcome Server::CreateDir(const Call& call) {
  CreateDirRequest request;
  if (!Decode(call.op, call.payload, request)) return Status::kProtocolError;
  std::string path;
  const Status status = Resolve(call, request.name, path);
  if (status != Status::kSuccess) return status;
  const uint64_t mask = call.op == Op::kCreateDir ? kOpenMaskOwner : request.mask << 2;
  const absl::Status made = call.client.files->MakeDirectory(
      path, Permissions(mask, request.special, request.owner, request.group, request.other, 0700));
  return made.ok() ? Outcome(Done(call.op)) : Outcome(made);
}

Server::Outcome Server::DeleteFile(const Call& call) {
  return Delete(call, &files::FileStore::DeleteFile);
}

Server::Outcome Server::DeleteDir(const Call& call) {
  return Delete(call, &files::FileStore::DeleteDirectory);
}

Server::Outcome Server::Delete(const Call& call,
                               absl::Status (files::FileStore::*remove)(absl::string_view)) {
  DeleteRequest request;
  if (!Decode(call.op, call.payload, request)) return Status::kProtocolError;
  std::string path;
  const Status status = Resolve(call, request.name, path);
  if (status != Status::kSuccess) return status;
  const absl::Status deleted = ((*call.client.files).*remove)(path);
  return deleted.ok() ? Outcome(Done(call.op)) : Outcome(deleted);
}

Server::Outcome Server::Rename(const Call& call) {
  RenameRequest request;
  if (!Decode(call.op, call.payload, request)) return Status::kProtocolError;
  std::string from;
  std::string to;
  Status status = Resolve(call, request.from, from);
  if (status == Status::kSuccess) status = Resolve(call, request.to, to);
  if (status != Status::kSuccess) return status;
  const bool overwrite = (request.hints & kRenameNoReplace) == 0;
  const absl::Status renamed = call.client.files->Rename(from, to, overwrite);
  return renamed.ok() ? Outcome(Done(call.op)) : Outcome(renamed);
}

Server::Outcome Server::QueryVolume(const Call& call) {
  NameRequest request;
  if (!Decode(call.op, call.payload, request)) return Status::kProtocolError;
  std::string path;
  const Status status = Resolve(call, request.name, path);
  if (status != Status::kSuccess) return status;
  const absl::StatusOr<v1::Volume> volume = call.client.files->GetVolume(path);
  if (!volume.ok()) return Outcome(volume.status());
  VolumeReply reply;
  reply.free_bytes = volume->free_bytes();
  reply.total_bytes = volume->total_bytes();
  return Encode(call.op, reply);
}

}  // namespace toolboxd::hgfs
