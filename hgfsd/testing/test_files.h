// SPDX-License-Identifier: Apache-2.0

// Files for tests: a temporary directory, attributes of files, and code that runs as another user.

#ifndef TOOLBOXD_HGFSD_TESTING_TEST_FILES_H_
#define TOOLBOXD_HGFSD_TESTING_TEST_FILES_H_

#include <sys/acl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "gmock/gmock.h"

namespace toolboxd::hgfsd {

// A new directory, mode 0755, removed with its content at the end.
class TestDirectory {
 public:
  // Not under TEST_TMPDIR: other users must reach it.
  explicit TestDirectory(const std::string& base = "/tmp");
  ~TestDirectory();

  const std::string& path() const { return path_; }
  std::string operator/(absl::string_view name) const;
  // Makes a file and returns its path.
  std::string File(absl::string_view name, absl::string_view content = "",
                   mode_t mode = 0644) const;
  std::string Directory(absl::string_view name, mode_t mode = 0755) const;
  std::string Link(absl::string_view name, const std::string& target) const;

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path);
// What lstat says. Adds a failure to the test if there is no such file.
struct stat StatOf(const std::string& path);
// lstat succeeds.
bool Exists(const std::string& path);
// Permission bits of a file.
mode_t ModeOf(const std::string& path);
// Sets the ACL of a file or directory (acl_from_text). HasAcl: whether it has an ACL beyond its
// permission bits. `type` is ACL_TYPE_ACCESS or ACL_TYPE_DEFAULT.
void SetAcl(const std::string& path, acl_type_t type, const char* text);
bool HasAcl(const std::string& path, acl_type_t type);
// Gives a file the capability to open low ports. HasCapability: whether it has any.
void SetCapability(const std::string& path);
bool HasCapability(const std::string& path);
// Gives each of two names the other's file, at once or, before Linux 3.15 and where the file system
// cannot, one after the other. Each step may fail.
void ExchangeNames(const std::string& a, const std::string& b);
// Names in a directory without "." and "..", sorted.
std::vector<std::string> Names(const std::string& directory);

// Has a lease on a file for this process, as its owner can: an ordinary open for reading or writing
// waits until it is given up, at most /proc/sys/fs/lease-break-time (45 s).
class Lease {
 public:
  explicit Lease(const std::string& path);

 private:
  UniqueFd file_;
};

// Runs `body` in a child process with user and group 65534 and no other groups, and adds its
// failures to the test. Needs root.
void AsNobody(const std::function<void()>& body);

// From now on this process cannot start a thread. Must not be root.
void NoMoreThreads();

inline absl::Status GetStatus(const absl::Status& status) { return status; }
template <typename T>
absl::Status GetStatus(const absl::StatusOr<T>& result) {
  return result.status();
}

// A status or StatusOr with this reason.
MATCHER_P(FailsWith, reason, "") {
  const absl::Status status = GetStatus(arg);
  *result_listener << status.ToString();
  return ReasonOf(status) == reason;
}

MATCHER(IsOk, "") {
  const absl::Status status = GetStatus(arg);
  *result_listener << status.ToString();
  return status.ok();
}

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_TESTING_TEST_FILES_H_
