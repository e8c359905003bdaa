// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/file_operations.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "transportd/files/grpc_file_store.h"
#include "transportd/guest_operations/user_files.h"
#include "transportd/sessions/session_pool.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/results.h"

namespace toolboxd {
namespace {

using vix::Error;

// More records than this do not fit a reply.
constexpr uint64_t kMaxRecords = 512;

absl::StatusOr<std::shared_ptr<files::GrpcFileStore>> Hgfsd(GuestCall& call) {
  auto session = call.LogIn(SessionService::kHgfsd);
  if (!session.ok()) return session.status();
  return (*session)->files;
}

// Runs one method of Files, whose reply has nothing for the host.
template <typename Request, typename Reply>
Outcome Run(GuestCall& call, files::GrpcFileStore::Method<Request, Reply> method,
            const Request& request, absl::Duration timeout) {
  auto files = Hgfsd(call);
  if (!files.ok()) return files.status();
  Reply reply;
  return (*files)->Call(method, request, reply, timeout);
}

void Set(std::string* field, absl::string_view value) { field->assign(value.data(), value.size()); }

// Seconds to nanoseconds; a time that does not fit becomes the nearest one that does.
int64_t Nanoseconds(int64_t seconds) {
  int64_t result = 0;
  if (!__builtin_mul_overflow(seconds, int64_t{1000000000}, &result)) return result;
  return seconds < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

Outcome CreateTemporary(GuestCall& call, v1::FileType type) {
  vix::CreateTemporaryRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(body.directory);
  v1::CreateTemporaryRequest request;
  Set(request.mutable_directory(), body.directory);
  Set(request.mutable_prefix(), body.prefix);
  Set(request.mutable_suffix(), body.suffix);
  request.set_make_directory(type == v1::DIRECTORY);
  auto files = Hgfsd(call);
  if (!files.ok()) return files.status();
  v1::CreateTemporaryReply reply;
  const absl::Status status =
      (*files)->Call(&v1::Files::Stub::CreateTemporary, request, reply, (*files)->timeout());
  if (!status.ok()) return status;
  return reply.path();
}

Outcome Move(GuestCall& call, files::GrpcFileStore::Method<v1::MoveRequest, v1::MoveReply> method) {
  vix::MoveRequest body;
  const Error error = call.request().opcode == vix::kMoveFile ? DecodeLegacyMove(call.body(), body)
                                                              : Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(absl::StrCat(body.from, " -> ", body.to));
  v1::MoveRequest request;
  Set(request.mutable_from(), body.from);
  Set(request.mutable_to(), body.to);
  request.set_overwrite(body.overwrite);
  auto files = Hgfsd(call);
  if (!files.ok()) return files.status();
  return (*files)->Move(method, request);
}

// Logs in and returns everything that the user reaches by a path.
absl::StatusOr<std::unique_ptr<UserFiles>> LoggedInFiles(GuestCall& call,
                                                         const GuestServices& services) {
  auto session = call.LogIn(SessionService::kHgfsd);
  if (!session.ok()) return session.status();
  return std::make_unique<UserFiles>(
      &services, call.user(), [&call](SessionService service) { return call.LogIn(service); });
}

// The old API's questions about one path. `answer` makes the result of what hgfsd says; a body or
// a login that is refused never reaches it.
template <typename Answer>
Outcome LegacyGetInfo(GuestCall& call, v1::GetFileInfoRequest request, Answer answer) {
  vix::PathRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(body.path);
  auto files = Hgfsd(call);
  if (!files.ok()) return files.status();
  Set(request.mutable_path(), body.path);
  v1::FileInfo file;
  const absl::Status status =
      (*files)->Call(&v1::Files::Stub::GetInfo, request, file, (*files)->timeout());
  if (!status.ok()) return answer(status);
  return answer(std::move(file));
}

}  // namespace

Outcome ListFiles(GuestCall& call, const GuestServices& /*services*/) {
  vix::ListFilesRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(body.path);
  // A negative limit is 0, as in vmtoolsd.
  const uint64_t wanted = std::max(body.max_results, 0);
  if (body.index < 0 || body.offset >= static_cast<uint64_t>(std::numeric_limits<int32_t>::max()) ||
      (body.offset > 0 && body.offset >= wanted)) {
    return Error::kInvalidArgument;
  }
  auto files = Hgfsd(call);
  if (!files.ok()) return files.status();
  v1::ListFilesRequest request;
  Set(request.mutable_path(), body.path);
  Set(request.mutable_pattern(), body.pattern);
  request.set_skip(body.index + body.offset);
  request.set_limit(static_cast<uint32_t>(std::min(wanted - body.offset, kMaxRecords)));
  absl::StatusOr<v1::ListFilesReply> listed = (*files)->List(request);
  if (!listed.ok()) return listed.status();
  vix::FileList list;
  list.entries.assign(std::make_move_iterator(listed->mutable_entries()->begin()),
                      std::make_move_iterator(listed->mutable_entries()->end()));
  list.remaining = listed->remaining();
  list.wanted = wanted - body.offset - list.entries.size();
  return FormatFileList(list);
}

Outcome CreateDirectory(GuestCall& call, const GuestServices& services) {
  vix::DirectoryRequest body;
  const Error error = call.request().opcode == vix::kCreateDirectory
                          ? DecodeLegacyDirectory(call.body(), body)
                          : Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(body.path);
  v1::MakeDirectoryRequest request;
  Set(request.mutable_path(), body.path);
  request.set_parents(body.flag);
  return Run(call, &v1::Files::Stub::MakeDirectory, request, services.timeout);
}

Outcome DeleteDirectory(GuestCall& call, const GuestServices& services) {
  v1::DeleteDirectoryRequest request;
  if (vix::IsLegacy(call.request().opcode)) {
    vix::PathRequest body;
    const Error error = Decode(call.body(), body);
    if (error != Error::kOk) return error;
    Set(request.mutable_path(), body.path);
    request.set_recursive(call.request().opcode == vix::kDeleteDirectory);
  } else {
    vix::DirectoryRequest body;
    const Error error = Decode(call.body(), body);
    if (error != Error::kOk) return error;
    Set(request.mutable_path(), body.path);
    request.set_recursive(body.flag);
  }
  call.set_target(request.path());
  return Run(call, &v1::Files::Stub::DeleteDirectory, request, services.timeout);
}

Outcome DeleteFile(GuestCall& call, const GuestServices& services) {
  vix::PathRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(body.path);
  v1::DeleteFileRequest request;
  Set(request.mutable_path(), body.path);
  return Run(call, &v1::Files::Stub::DeleteFile, request, services.timeout);
}

Outcome MoveFile(GuestCall& call, const GuestServices& /*services*/) {
  return Move(call, &v1::Files::Stub::MoveFile);
}
Outcome MoveDirectory(GuestCall& call, const GuestServices& /*services*/) {
  return Move(call, &v1::Files::Stub::MoveDirectory);
}

Outcome CreateTemporaryFile(GuestCall& call, const GuestServices& /*services*/) {
  return CreateTemporary(call, v1::REGULAR);
}
Outcome CreateTemporaryDirectory(GuestCall& call, const GuestServices& /*services*/) {
  return CreateTemporary(call, v1::DIRECTORY);
}

Outcome SetFileAttributes(GuestCall& call, const GuestServices& services) {
  using Request = vix::SetAttributesRequest;
  Request body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(body.path);
  // Files on Linux have neither attribute.
  if ((body.flags & (Request::kHidden | Request::kReadOnly)) != 0) return Error::kInvalidArgument;
  v1::SetAttributesRequest request;
  Set(request.mutable_path(), body.path);
  v1::FileAttributes& attributes = *request.mutable_attributes();
  if (body.flags & Request::kAccessTime) attributes.set_access_time(Nanoseconds(body.access_time));
  if (body.flags & Request::kModificationTime) {
    attributes.set_modification_time(Nanoseconds(body.modification_time));
  }
  if (body.flags & Request::kOwner) attributes.set_uid(body.uid);
  if (body.flags & Request::kGroup) attributes.set_gid(body.gid);
  if (body.flags & Request::kPermissions) attributes.set_permissions(body.permissions & 07777);
  return Run(call, &v1::Files::Stub::SetAttributes, request, services.timeout);
}

Outcome TransferFromGuest(GuestCall& call, const GuestServices& services) {
  vix::ListFilesRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(body.path);
  auto files = LoggedInFiles(call, services);
  if (!files.ok()) return files.status();
  const absl::StatusOr<v1::FileInfo> file = (*files)->CheckRead(body.path);
  if (!file.ok()) return file.status();
  return vix::FormatFile(*file);
}

Outcome TransferToGuest(GuestCall& call, const GuestServices& services) {
  vix::TransferToGuestRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(body.path);
  auto files = LoggedInFiles(call, services);
  if (!files.ok()) return files.status();
  return (*files)->CheckWrite(body.path, body.overwrite);
}

Outcome LegacyExists(GuestCall& call, const GuestServices& /*services*/) {
  v1::GetFileInfoRequest request;
  request.set_follow(true);
  const v1::FileType wanted =
      call.request().opcode == vix::kDirectoryExists ? v1::DIRECTORY : v1::REGULAR;
  return LegacyGetInfo(call, std::move(request), [wanted](absl::StatusOr<v1::FileInfo> file) {
    if (!file.ok() && ReasonOf(file.status()) == v1::REASON_UNSPECIFIED)
      return Outcome(file.status());
    return Outcome(std::string(file.ok() && file->type() == wanted ? "1" : "0"));
  });
}

Outcome LegacyFileInfo(GuestCall& call, const GuestServices& /*services*/) {
  return LegacyGetInfo(call, v1::GetFileInfoRequest(), [](absl::StatusOr<v1::FileInfo> file) {
    if (!file.ok()) return Outcome(file.status());
    file->clear_name();
    return Outcome(vix::FormatLegacyFile(*file));
  });
}

Outcome LegacyListDirectory(GuestCall& call, const GuestServices& /*services*/) {
  vix::ListDirectoryRequest body;
  const Error error = Decode(call.body(), body);
  if (error != Error::kOk) return error;
  call.set_target(body.path);
  if (body.offset < 0) return Error::kInvalidArgument;
  auto files = Hgfsd(call);
  if (!files.ok()) return files.status();
  v1::ListFilesRequest request;
  Set(request.mutable_path(), body.path);
  request.set_skip(body.offset);
  request.set_limit(kMaxRecords);
  const absl::StatusOr<v1::ListFilesReply> listed = (*files)->List(request);
  if (!listed.ok()) return listed.status();
  std::string records;
  bool truncated = listed->remaining() > 0;
  for (const v1::FileInfo& file : listed->entries()) {
    const std::string record = vix::FormatLegacyFile(file);
    truncated = truncated || records.size() + record.size() + 2 > vix::kMaxResult;
    if (records.size() + record.size() + 2 > vix::kMaxResult) break;
    records += record;
  }
  return absl::StrCat(truncated ? "1 " : "0 ", records);
}

}  // namespace toolboxd
