// SPDX-License-Identifier: Apache-2.0

// UserFiles: all that a guest user can reach by a path, wherever it is served.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_USER_FILES_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_USER_FILES_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "transportd/extensions/extensions.h"
#include "transportd/files/grpc_file_store.h"
#include "transportd/functions/function_table.h"
#include "transportd/policy/policy_store.h"
#include "transportd/sessions/session_pool.h"

namespace toolboxd {

// What UserFiles works with; all must outlive it and every file that it opened.
struct UserFilesDeps {
  SessionPool* sessions;
  const PolicyStore* policy;
  const Extensions* extensions;
  FunctionTable* functions;
  absl::Duration timeout;
  absl::Duration long_timeout;
};

// The user's session for a service, logged in if it must be.
using LogIn = std::function<absl::StatusOr<std::shared_ptr<UserSession>>(SessionService)>;

// The stores of a session, made once and kept with it.
std::shared_ptr<files::GrpcFileStore> SessionFiles(const UserFilesDeps& deps,
                                                   const std::shared_ptr<UserSession>& session);

// Routes by path (docs/protocol/hgfs.md 5.9): standard streams of functions, then those of programs
// (vixd; what vixd does not know is an ordinary file), schemes of extensions, hgfsd for
// everything else, directories as archives included. Asks the policy for the operation
// that each call amounts to. Open files keep it, and with it the sessions that it used.
class UserFiles final : public files::FileStore {
 public:
  UserFiles(UserFilesDeps deps, std::string user, LogIn log_in);

  // The credential is gone: from now on only sessions that were used already are used.
  void EndCall() { log_in_ = nullptr; }

  // Checks of a transfer before it starts; for the first with what the host is told.
  absl::StatusOr<v1::FileInfo> CheckRead(absl::string_view path);
  absl::Status CheckWrite(absl::string_view path, bool overwrite);

  absl::StatusOr<v1::FileInfo> Stat(absl::string_view path) override;
  absl::StatusOr<std::unique_ptr<files::ReadStream>> OpenRead(absl::string_view path,
                                                              uint64_t offset, uint32_t chunk_size,
                                                              v1::FileInfo* opened) override;
  absl::StatusOr<std::unique_ptr<files::WriteStream>> OpenWrite(
      const v1::OpenForWriting& open) override;
  absl::Status SetAttributes(absl::string_view path, const v1::FileAttributes& attributes) override;
  absl::StatusOr<v1::ListFilesReply> List(const v1::ListFilesRequest& request) override;
  absl::Status MakeDirectory(absl::string_view path, uint32_t permissions) override;
  absl::Status DeleteFile(absl::string_view path) override;
  absl::Status DeleteDirectory(absl::string_view path) override;
  absl::Status Rename(absl::string_view from, absl::string_view to, bool overwrite) override;
  absl::StatusOr<v1::Volume> GetVolume(absl::string_view path) override;

 private:
  using Store = std::shared_ptr<files::FileStore>;

  absl::StatusOr<std::shared_ptr<files::GrpcFileStore>> Files(SessionService service);
  // A store other than hgfsd for the path; null for an ordinary file.
  absl::StatusOr<Store> Special(absl::string_view path);
  // Whether an extension binds the path's scheme.
  bool IsExtension(absl::string_view path) const;
  // Calls `use` with the store of the path, and with hgfsd where a special one says
  // NOT_FOUND and the path may be a real file after all.
  template <typename Use>
  auto Route(absl::string_view path, Use use) -> decltype(use(*Store()));

  const UserFilesDeps deps_;
  const std::string user_;
  LogIn log_in_;
  std::shared_ptr<UserSession> sessions_[kSessionServices];
  // A function's streams or an extension's files, which an open file needs to the end.
  std::string special_path_;
  Store special_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_USER_FILES_H_
