// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/user_files.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/stream_path.h"
#include "transportd/extensions/extensions.h"
#include "transportd/functions/function_table.h"
#include "transportd/policy/policy_store.h"

namespace toolboxd {
namespace {

absl::Status StatusOf(const absl::Status& status) { return status; }
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// What hgfsd says of every archive, and a file cannot have (docs/protocol/hgfs.md 6.3).
constexpr uint64_t kSizeOfArchives = std::numeric_limits<int64_t>::max();

bool IsReason(const absl::Status& status, v1::Reason reason) { return ReasonOf(status) == reason; }

// "/echo:/x" and "/echo/x" have the scheme "echo".
absl::string_view SchemeOf(absl::string_view path) {
  if (!absl::StartsWith(path, "/")) return "";
  absl::string_view first = path.substr(1);
  first = first.substr(0, first.find('/'));
  if (absl::EndsWith(first, ":")) first.remove_suffix(1);
  return first;
}

// Paths of hgfsd's own scheme, which only its content service knows.
bool IsArchive(absl::string_view path) { return absl::StartsWith(path, "/archive:"); }

// Whether a path ends with options of an archive and nothing else (docs/protocol/hgfs.md 6.2): any
// other question mark may be a part of a file's name.
bool HasArchiveQuery(absl::string_view path) {
  const size_t mark = path.rfind('?');
  if (mark == absl::string_view::npos || mark + 1 == path.size()) return false;
  for (absl::string_view parameter : absl::StrSplit(path.substr(mark + 1), '&')) {
    const absl::string_view name = parameter.substr(0, parameter.find('='));
    if (name != "format" && name != "prefix") return false;
  }
  return true;
}

// Whether the path leads to a directory that exists.
bool IsDirectory(files::GrpcFileStore& files, absl::string_view path) {
  const absl::StatusOr<v1::FileInfo> content = files.Stat(path);
  if (!content.ok() || content->size() != kSizeOfArchives || IsArchive(path)) return false;
  // What follows a question mark may be options, or a part of the directory's name.
  return !absl::StrContains(path, '?') || IsReason(files.CheckRead(path).status(), v1::NOT_A_FILE);
}

}  // namespace

UserFiles::UserFiles(const GuestServices* services, std::string user, LogIn log_in)
    : services_(*services), user_(std::move(user)), log_in_(std::move(log_in)) {}

absl::Status UserFiles::CheckAny(std::initializer_list<Operation> operations) const {
  absl::Status first;
  for (const Operation operation : operations) {
    const absl::Status allowed = services_.policy->CheckOperation(operation);
    if (allowed.ok()) return allowed;
    first.Update(allowed);
  }
  return first;
}

absl::StatusOr<std::shared_ptr<files::GrpcFileStore>> UserFiles::Files(SessionService service) {
  std::shared_ptr<UserSession>& session = sessions_[static_cast<int>(service)];
  if (log_in_ != nullptr) {
    absl::StatusOr<std::shared_ptr<UserSession>> current = log_in_(service);
    if (!current.ok()) return current.status();
    session = *std::move(current);
  }
  if (session == nullptr)
    return absl::UnauthenticatedError(
        "the user's session has ended; the file must be opened again");
  return session->files;
}

absl::StatusOr<UserFiles::Store> UserFiles::Special(absl::string_view path) {
  if (special_ != nullptr && path == special_path_) return special_;
  if (const std::optional<StreamPath> stream = ParseStreamPath(path); stream.has_value()) {
    Store streams = services_.functions->Files(user_, stream->pid, services_.timeout);
    if (streams == nullptr) return Files(SessionService::kVixd);
    special_path_ = std::string(path);
    special_ = streams;
    return streams;
  }
  const ExtensionTarget* extension = services_.extensions->FindScheme(SchemeOf(path));
  if (extension == nullptr) return Store();
  files::GrpcFileStoreOptions options;
  options.timeout = extension->timeout;
  options.long_timeout = services_.long_timeout;
  options.content_only = true;
  options.user = user_;
  auto channel = extension->Connect();
  if (!channel.ok()) return channel.status();
  special_path_ = std::string(path);
  special_ = std::make_shared<files::GrpcFileStore>(*channel, std::move(options));
  return special_;
}

bool UserFiles::IsExtension(absl::string_view path) const {
  return !ParseStreamPath(path).has_value() &&
         services_.extensions->FindScheme(SchemeOf(path)) != nullptr;
}

template <typename Use>
auto UserFiles::Route(absl::string_view path, Use use) -> decltype(use(*Store())) {
  absl::StatusOr<Store> special = Special(path);
  if (!special.ok()) return special.status();
  if (*special != nullptr) {
    auto result = use(**special);
    if (!IsReason(StatusOf(result), v1::NOT_FOUND)) return result;
  }
  auto files = Files(SessionService::kHgfsd);
  if (!files.ok()) return files.status();
  return use(static_cast<files::FileStore&>(**files));
}

absl::StatusOr<v1::FileInfo> UserFiles::CheckRead(absl::string_view path) {
  absl::StatusOr<Store> special = Special(path);
  if (!special.ok()) return special.status();
  if (*special == nullptr && !IsArchive(path)) {
    auto files = Files(SessionService::kHgfsd);
    if (!files.ok()) return files.status();
    absl::StatusOr<v1::FileInfo> checked = (*files)->CheckRead(path);
    if (!IsReason(checked.status(), v1::NOT_A_FILE) && !IsReason(checked.status(), v1::NOT_FOUND)) {
      return checked;
    }
    // To the content service a directory, with or without query parameters, is an archive.
    absl::StatusOr<v1::FileInfo> archive = (*files)->Stat(path);
    if (!archive.ok()) return checked;
    archive->set_name(path.data(), path.size());
    return archive;
  }
  absl::StatusOr<v1::FileInfo> file = Stat(path);
  if (file.ok()) file->set_name(path.data(), path.size());
  return file;
}

absl::Status UserFiles::CheckWrite(absl::string_view path, bool overwrite) {
  absl::StatusOr<Store> special = Special(path);
  if (!special.ok()) return special.status();
  if (*special != nullptr) {
    const absl::Status found = (*special)->Stat(path).status();
    // An extension may create a missing file. A missing stream may be a real file.
    if (!IsReason(found, v1::NOT_FOUND)) return found;
    if (IsExtension(path)) return absl::OkStatus();
  }
  if (IsArchive(path)) return absl::OkStatus();
  auto files = Files(SessionService::kHgfsd);
  if (!files.ok()) return files.status();
  const absl::Status checked = (*files)->CheckWrite(path, overwrite);
  if (services_.policy->UnpacksUnasked() && IsReason(checked, v1::NOT_A_FILE) &&
      (*files)->Stat(path).ok()) {
    return absl::OkStatus();
  }
  return checked;
}

absl::StatusOr<v1::FileInfo> UserFiles::Stat(absl::string_view path) {
  // A listing shows attributes, and a download begins with them.
  const absl::Status allowed =
      CheckAny({Operation::kListFiles, Operation::kInitiateFileTransferFromGuest});
  if (!allowed.ok()) return allowed;
  return Route(path, [&](files::FileStore& files) { return files.Stat(path); });
}

absl::StatusOr<std::unique_ptr<files::ReadStream>> UserFiles::OpenRead(absl::string_view path,
                                                                       uint64_t offset,
                                                                       uint32_t chunk_size,
                                                                       v1::FileInfo* opened) {
  const absl::Status allowed =
      services_.policy->CheckOperation(Operation::kInitiateFileTransferFromGuest);
  if (!allowed.ok()) return allowed;
  return Route(path, [&](files::FileStore& files) {
    return files.OpenRead(path, offset, chunk_size, opened);
  });
}

absl::StatusOr<std::unique_ptr<files::WriteStream>> UserFiles::OpenWrite(
    const v1::OpenForWriting& open) {
  const absl::Status allowed =
      services_.policy->CheckOperation(Operation::kInitiateFileTransferToGuest);
  if (!allowed.ok()) return allowed;
  v1::OpenForWriting request = open;
  request.set_files_only(!services_.policy->UnpacksUnasked() && !IsArchive(open.path()));
  return Route(open.path(), [&](files::FileStore& files) { return files.OpenWrite(request); });
}

absl::Status UserFiles::SetAttributes(absl::string_view path,
                                      const v1::FileAttributes& attributes) {
  const absl::Status allowed = services_.policy->CheckOperation(Operation::kChangeFileAttributes);
  if (!allowed.ok()) return allowed;
  // Clients set attributes after every upload. What is not on disk has none to keep: success.
  absl::StatusOr<Store> special = Special(path);
  if (!special.ok()) return special.status();
  if (*special != nullptr) {
    const absl::Status known = (*special)->Stat(path).status();
    if (!IsReason(known, v1::NOT_FOUND)) return known;
  }
  auto files = Files(SessionService::kHgfsd);
  if (!files.ok()) return files.status();
  // To a transfer a directory is an archive, whose members have attributes of their own.
  if (IsDirectory(**files, path)) return absl::OkStatus();
  const absl::Status set = (*files)->SetAttributes(path, attributes);
  if (!IsReason(set, v1::NOT_FOUND)) return set;
  // An archive can be opened. An extension may take content under a name that it does not show.
  const bool is_virtual = IsExtension(path) ||
                          ((IsArchive(path) || HasArchiveQuery(path)) && (*files)->Stat(path).ok());
  return is_virtual ? absl::OkStatus() : set;
}

absl::StatusOr<v1::ListFilesReply> UserFiles::List(const v1::ListFilesRequest& request) {
  const absl::Status allowed = services_.policy->CheckOperation(Operation::kListFiles);
  if (!allowed.ok()) return allowed;
  return Route(request.path(), [&](files::FileStore& files) { return files.List(request); });
}

absl::Status UserFiles::MakeDirectory(absl::string_view path, uint32_t permissions) {
  const absl::Status allowed = services_.policy->CheckOperation(Operation::kMakeDirectory);
  if (!allowed.ok()) return allowed;
  return Route(path,
               [&](files::FileStore& files) { return files.MakeDirectory(path, permissions); });
}

absl::Status UserFiles::DeleteFile(absl::string_view path) {
  const absl::Status allowed = services_.policy->CheckOperation(Operation::kDeleteFile);
  if (!allowed.ok()) return allowed;
  return Route(path, [&](files::FileStore& files) { return files.DeleteFile(path); });
}

absl::Status UserFiles::DeleteDirectory(absl::string_view path) {
  const absl::Status allowed = services_.policy->CheckOperation(Operation::kDeleteDirectory);
  if (!allowed.ok()) return allowed;
  return Route(path, [&](files::FileStore& files) { return files.DeleteDirectory(path); });
}

absl::Status UserFiles::Rename(absl::string_view from, absl::string_view to, bool overwrite) {
  absl::Status allowed = services_.policy->CheckOperation(Operation::kMoveFile);
  if (allowed.ok()) allowed = services_.policy->CheckOperation(Operation::kMoveDirectory);
  if (!allowed.ok()) return allowed;
  return Route(from, [&](files::FileStore& files) { return files.Rename(from, to, overwrite); });
}

absl::StatusOr<v1::Volume> UserFiles::GetVolume(absl::string_view path) {
  const absl::Status allowed =
      CheckAny({Operation::kListFiles, Operation::kInitiateFileTransferFromGuest,
                Operation::kInitiateFileTransferToGuest});
  if (!allowed.ok()) return allowed;
  return Route(path, [&](files::FileStore& files) { return files.GetVolume(path); });
}

}  // namespace toolboxd
