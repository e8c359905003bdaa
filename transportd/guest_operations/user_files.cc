// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/user_files.h"

#include <utility>

#include "absl/strings/match.h"
#include "base/log.h"
#include "base/status.h"
#include "daemon/channel.h"
#include "transportd/functions/stream_path.h"

namespace toolboxd {
namespace {

absl::Status StatusOf(const absl::Status& status) { return status; }
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

bool IsReason(const absl::Status& status, v1::Reason reason) { return ReasonOf(status) == reason; }

// "/echo:/x" and "/echo/x" have the scheme "echo".
absl::string_view SchemeOf(absl::string_view path) {
  if (!absl::StartsWith(path, "/")) return "";
  absl::string_view first = path.substr(1);
  first = first.substr(0, first.find('/'));
  if (absl::EndsWith(first, ":")) first.remove_suffix(1);
  return first;
}

// hgfsd's own scheme: its paths are for the content service only.
bool IsArchive(absl::string_view path) { return absl::StartsWith(path, "/archive:"); }

}  // namespace

std::shared_ptr<files::GrpcFileStore> SessionFiles(const UserFilesDeps& deps,
                                                   const std::shared_ptr<UserSession>& session) {
  if (session->client == nullptr) {
    files::GrpcFileStoreOptions options;
    options.timeout = deps.timeout;
    options.long_timeout = deps.long_timeout;
    options.content_only = session->service == SessionService::kVixd;
    // Not a reference to the session: it holds the store.
    options.on_broken = [pool = deps.sessions,
                         weak = std::weak_ptr<UserSession>(session)](const absl::Status& why) {
      const std::shared_ptr<UserSession> broken = weak.lock();
      if (broken == nullptr) return;
      LogWarning(SessionServiceName(broken->service), " of ", broken->user,
                 " does not answer: ", why.message());
      pool->Drop(broken);
    };
    session->client = std::make_shared<files::GrpcFileStore>(session->channel, std::move(options));
  }
  return std::static_pointer_cast<files::GrpcFileStore>(session->client);
}

UserFiles::UserFiles(UserFilesDeps deps, std::string user, LogIn log_in)
    : deps_(deps), user_(std::move(user)), log_in_(std::move(log_in)) {}

absl::StatusOr<std::shared_ptr<files::GrpcFileStore>> UserFiles::Files(SessionService service) {
  std::shared_ptr<UserSession>& session = sessions_[static_cast<int>(service)];
  if (log_in_ != nullptr) {
    absl::StatusOr<std::shared_ptr<UserSession>> current = log_in_(service);
    if (!current.ok()) return current.status();
    session = *std::move(current);
  }
  if (session == nullptr) return absl::UnauthenticatedError("the session is over");
  return SessionFiles(deps_, session);
}

absl::StatusOr<UserFiles::Store> UserFiles::Special(absl::string_view path) {
  if (special_ != nullptr && path == special_path_) return special_;
  int64_t pid = 0;
  StandardStream stream;
  if (ParseStreamPath(path, pid, stream)) {
    Store streams = deps_.functions->Files(user_, pid, deps_.timeout);
    if (streams == nullptr) return Files(SessionService::kVixd);
    special_path_ = std::string(path);
    special_ = streams;
    return streams;
  }
  const ExtensionTarget* extension = deps_.extensions->FindScheme(SchemeOf(path));
  if (extension == nullptr) return Store();
  files::GrpcFileStoreOptions options;
  options.timeout = extension->timeout;
  options.long_timeout = deps_.long_timeout;
  options.content_only = true;
  special_path_ = std::string(path);
  special_ = std::make_shared<files::GrpcFileStore>(extension->Connect(), std::move(options));
  return special_;
}

bool UserFiles::IsExtension(absl::string_view path) const {
  int64_t pid = 0;
  StandardStream stream;
  return !ParseStreamPath(path, pid, stream) &&
         deps_.extensions->FindScheme(SchemeOf(path)) != nullptr;
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
    // A directory, or one with query parameters, is an archive to the content service.
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
    // An extension may create what is not there; a stream is there or is a real file.
    if (!IsReason(found, v1::NOT_FOUND)) return found;
    if (IsExtension(path)) return absl::OkStatus();
  }
  if (IsArchive(path)) return absl::OkStatus();
  auto files = Files(SessionService::kHgfsd);
  if (!files.ok()) return files.status();
  const absl::Status checked = (*files)->CheckWrite(path, overwrite);
  if (IsReason(checked, v1::NOT_A_FILE) && (*files)->Stat(path).ok()) return absl::OkStatus();
  return checked;
}

absl::StatusOr<v1::FileInfo> UserFiles::Stat(absl::string_view path) {
  return Route(path, [&](files::FileStore& files) { return files.Stat(path); });
}

absl::StatusOr<std::unique_ptr<files::ReadStream>> UserFiles::OpenRead(absl::string_view path,
                                                                       uint64_t offset,
                                                                       uint32_t chunk_size,
                                                                       v1::FileInfo* opened) {
  const absl::Status allowed = deps_.policy->CheckOperation("InitiateFileTransferFromGuest");
  if (!allowed.ok()) return allowed;
  return Route(path, [&](files::FileStore& files) {
    return files.OpenRead(path, offset, chunk_size, opened);
  });
}

absl::StatusOr<std::unique_ptr<files::WriteStream>> UserFiles::OpenWrite(
    const v1::OpenForWriting& open) {
  const absl::Status allowed = deps_.policy->CheckOperation("InitiateFileTransferToGuest");
  if (!allowed.ok()) return allowed;
  return Route(open.path(), [&](files::FileStore& files) { return files.OpenWrite(open); });
}

absl::Status UserFiles::SetAttributes(absl::string_view path,
                                      const v1::FileAttributes& attributes) {
  const absl::Status allowed = deps_.policy->CheckOperation("ChangeFileAttributesInGuest");
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
  const absl::Status set = (*files)->SetAttributes(path, attributes);
  if (!IsReason(set, v1::NOT_FOUND)) return set;
  // An archive can be opened. An extension may take content under a name that it does not show.
  const bool is_virtual = IsExtension(path) || (*files)->Stat(path).ok();
  return is_virtual ? absl::OkStatus() : set;
}

absl::StatusOr<v1::ListFilesReply> UserFiles::List(const v1::ListFilesRequest& request) {
  const absl::Status allowed = deps_.policy->CheckOperation("ListFilesInGuest");
  if (!allowed.ok()) return allowed;
  return Route(request.path(), [&](files::FileStore& files) { return files.List(request); });
}

absl::Status UserFiles::MakeDirectory(absl::string_view path, uint32_t permissions) {
  const absl::Status allowed = deps_.policy->CheckOperation("MakeDirectoryInGuest");
  if (!allowed.ok()) return allowed;
  return Route(path,
               [&](files::FileStore& files) { return files.MakeDirectory(path, permissions); });
}

absl::Status UserFiles::DeleteFile(absl::string_view path) {
  const absl::Status allowed = deps_.policy->CheckOperation("DeleteFileInGuest");
  if (!allowed.ok()) return allowed;
  return Route(path, [&](files::FileStore& files) { return files.DeleteFile(path); });
}

absl::Status UserFiles::DeleteDirectory(absl::string_view path) {
  const absl::Status allowed = deps_.policy->CheckOperation("DeleteDirectoryInGuest");
  if (!allowed.ok()) return allowed;
  return Route(path, [&](files::FileStore& files) { return files.DeleteDirectory(path); });
}

absl::Status UserFiles::Rename(absl::string_view from, absl::string_view to, bool overwrite) {
  absl::Status allowed = deps_.policy->CheckOperation("MoveFileInGuest");
  if (allowed.ok()) allowed = deps_.policy->CheckOperation("MoveDirectoryInGuest");
  if (!allowed.ok()) return allowed;
  return Route(from, [&](files::FileStore& files) { return files.Rename(from, to, overwrite); });
}

absl::StatusOr<v1::Volume> UserFiles::GetVolume(absl::string_view path) {
  return Route(path, [&](files::FileStore& files) { return files.GetVolume(path); });
}

}  // namespace toolboxd
