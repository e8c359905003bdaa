// SPDX-License-Identifier: Apache-2.0

// UserFiles: everything that a guest user can reach by a path, whichever service has it.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_USER_FILES_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_USER_FILES_H_

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "transportd/files/file_store.h"
#include "transportd/files/grpc_file_store.h"
#include "transportd/guest_operations/guest_services.h"
#include "transportd/operation/operation.h"
#include "transportd/sessions/session_pool.h"

namespace toolboxd {

// The user's session for a service, logged in if it must be.
using LogIn = std::function<absl::StatusOr<std::shared_ptr<UserSession>>(SessionService)>;

// Routes by path (docs/protocol/hgfs.md 5.9): standard streams of functions, then those of programs
// (vixd; a path that vixd does not know is an ordinary file), schemes of extensions, hgfsd for
// everything else, directories as archives included. Asks the policy for the operation
// that each call amounts to. Open files hold it, and through it the sessions that it used. Not
// thread-safe.
class UserFiles final : public files::FileStore {
 public:
  // `services` must outlive the files that are opened.
  UserFiles(const GuestServices* services, std::string user, LogIn log_in);

  // To be called when the credential goes: from now on only sessions already in use are used.
  void EndCall() { log_in_ = nullptr; }

  // Checks of a transfer before it starts. The first returns what the host is sent.
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

  // Whether the policy permits any of the operations; otherwise the first one's refusal.
  absl::Status CheckAny(std::initializer_list<Operation> operations) const;
  absl::StatusOr<std::shared_ptr<files::GrpcFileStore>> Files(SessionService service);
  // A store other than hgfsd for the path; null for an ordinary file.
  absl::StatusOr<Store> Special(absl::string_view path);
  // Whether an extension binds the path's scheme.
  bool IsExtension(absl::string_view path) const;
  // Calls `use` with the store of the path, and then with hgfsd if a special store returns
  // NOT_FOUND: the path may be a real file.
  template <typename Use>
  auto Route(absl::string_view path, Use use) -> decltype(use(*Store()));

  const GuestServices& services_;
  const std::string user_;
  LogIn log_in_;
  std::shared_ptr<UserSession> sessions_[kSessionServices];
  // The store of a function's streams or an extension's files, which an open file needs until it is
  // closed, and the path that it is for.
  std::string special_path_;
  Store special_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_USER_FILES_H_
