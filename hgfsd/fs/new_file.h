// SPDX-License-Identifier: Apache-2.0

// NewFile: a regular file that gets its name when it is complete.

#ifndef TOOLBOXD_HGFSD_FS_NEW_FILE_H_
#define TOOLBOXD_HGFSD_FS_NEW_FILE_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace toolboxd::hgfsd {

// What TakeName does with a file that has the name already.
enum class Existing { kReplace, kKeep };

// Until it takes its name it has none (O_TMPFILE), or, if the file system does not support that,
// ".toolboxd-upload-" and 16 hexadecimal digits. Without a name nothing is left of it if the
// process is killed. Destroyed before, it is removed. Not thread-safe.
class NewFile {
 public:
  // In the directory open as `directory`, which must stay open as long as the file. `permissions`
  // are reduced by the umask. `what` is the file in errors (FileError).
  static absl::StatusOr<std::unique_ptr<NewFile>> Make(int directory, mode_t permissions,
                                                       absl::string_view what);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // Open for reading and writing.
  int fd() const { return file_.get(); }

  // Names it in its directory: 0, or -1 and errno. EEXIST with kKeep; EISDIR, ENOTEMPTY or EEXIST
  // if the name is a directory's, which is never replaced. Call it again after an error, or give
  // the file up.
  int TakeName(const std::string& name, Existing existing);

 private:
  explicit NewFile(int directory) : directory_(directory) {}

  const int directory_;
  UniqueFd file_;
  // Its temporary name, if it has one.
  std::string temporary_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_NEW_FILE_H_
