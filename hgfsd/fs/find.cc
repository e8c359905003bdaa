// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/find.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/shown_name.h"
#include "base/status.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/paths.h"
#include "hgfsd/fs/trust.h"

namespace toolboxd::hgfsd {
namespace {

constexpr int kMaxLinks = 40;  // As in the kernel.
constexpr int kHold = O_PATH | O_NOFOLLOW | O_CLOEXEC;

bool IsOnProcfs(int fd) {
  struct statfs volume;
  return fstatfs(fd, &volume) == 0 && static_cast<unsigned>(volume.f_type) == PROC_SUPER_MAGIC;
}

// Holds the directory `path` if no link is on the way; -1 and errno otherwise.
int OpenWithoutLinks(const std::string& path) {
  struct open_how how = {};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  return static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how)));
}

// One resolution of a path.
class Search {
 public:
  Search(absl::string_view path, FinalLink final_link)
      : follow_(final_link == FinalLink::kFollow || path.back() == '/'),
        must_be_directory_(path.back() == '/') {
    entry_.path = std::string(path);
  }

  absl::StatusOr<Entry> Run();

 private:
  enum class Origin { kPath, kLink };

  // A component of the path or of a link's text; or, with an empty name, the end of the text of a
  // link whose owner must own what it leads to.
  struct Step {
    std::string name;
    Origin origin = Origin::kLink;
    uid_t owner = 0;
  };

  absl::Status StartAtRoot();
  // Puts the components of `path` before what is left.
  void Push(absl::string_view path, Origin origin);
  // Whether nothing but ends of links is left.
  bool IsLast() const;
  absl::Status Take(const Step& step);
  // Opens what has this name in the directory, which becomes the entry's; the errno.
  int OpenNamed(const std::string& name, bool last);
  // Makes the entry that was found last the directory to search.
  absl::Status Enter();
  absl::Status Follow();
  absl::Status FollowByKernel();
  absl::Status CheckOwner(uid_t owner) const;
  absl::Status Error(int error) const { return FileError(error, entry_.path); }

  const bool follow_;
  const bool must_be_directory_;
  // `directory` and `name` of the last component so far; `file` is what was found there.
  Entry entry_;
  // The next one last.
  std::vector<Step> left_;
  int links_ = 0;
};

absl::StatusOr<Entry> Search::Run() {
  const PathParts parts = SplitPath(entry_.path);
  if (const int fd = OpenWithoutLinks(parts.parent); fd >= 0) {
    entry_.file.reset(fd);
    if (fstat(fd, &entry_.status) != 0) return Error(errno);
    entry_.name = ".";
    if (!parts.name.empty()) left_.push_back({parts.name, Origin::kPath});
  } else {
    // A link is on the way, or a name that is shown in another way than it is; or the kernel has no
    // openat2, or a filter refuses it.
    const bool shown = errno == ENOENT && absl::StrContains(parts.parent, '%');
    if (errno != ELOOP && errno != ENOSYS && errno != EPERM && !shown) return Error(errno);
    if (absl::Status status = StartAtRoot(); !status.ok()) return status;
    Push(entry_.path, Origin::kPath);
  }
  while (!left_.empty()) {
    const Step step = std::move(left_.back());
    left_.pop_back();
    absl::Status status = step.name.empty() ? CheckOwner(step.owner) : Take(step);
    if (!status.ok()) return status;
  }
  if (entry_.name == ".") {
    // The directory is its own entry.
    if (absl::Status status = Enter(); !status.ok()) return status;
    entry_.file.reset(fcntl(entry_.directory.get(), F_DUPFD_CLOEXEC, 3));
    if (!entry_.file.ok()) return Error(errno);
    entry_.status = entry_.directory_status;
  }
  if (must_be_directory_ && entry_.exists() && !entry_.IsDirectory()) return Error(ENOTDIR);
  return std::move(entry_);
}

absl::Status Search::StartAtRoot() {
  entry_.file.reset(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  entry_.name = ".";
  if (!entry_.file.ok() || fstat(entry_.file.get(), &entry_.status) != 0) return Error(errno);
  return absl::OkStatus();
}

void Search::Push(absl::string_view path, Origin origin) {
  const std::vector<std::string> names = absl::StrSplit(path, '/', absl::SkipEmpty());
  for (auto name = names.rbegin(); name != names.rend(); ++name) left_.push_back({*name, origin});
}

bool Search::IsLast() const {
  for (const Step& step : left_) {
    if (!step.name.empty()) return false;
  }
  return true;
}

absl::Status Search::Take(const Step& step) {
  if (!entry_.exists()) return Error(ENOENT);
  if (step.name == ".") {
    entry_.name = ".";
    return entry_.IsDirectory() ? absl::OkStatus() : Error(ENOTDIR);
  }
  if (absl::Status status = Enter(); !status.ok()) return status;
  const bool last = IsLast();
  int error = OpenNamed(step.name, last);
  if (error == ENOENT && step.origin == Origin::kPath) {
    const std::optional<std::string> meant = ReadShownName(step.name);
    if (meant.has_value()) error = OpenNamed(*meant, last);
    // What is not there either way would get the name as it was written.
    if (error == ENOENT) entry_.name = step.name;
  }
  if (error != 0) return last && error == ENOENT ? absl::OkStatus() : Error(error);
  if (fstat(entry_.file.get(), &entry_.status) != 0) return Error(errno);
  return entry_.IsLink() && (!last || follow_) ? Follow() : absl::OkStatus();
}

int Search::OpenNamed(const std::string& name, bool last) {
  const int directory = entry_.directory.get();
  entry_.name = name == ".." ? "." : name;
  // O_DIRECTORY mounts what autofs mounts on demand. It fails on a link.
  if (!last) entry_.file.reset(openat(directory, name.c_str(), kHold | O_DIRECTORY));
  if (!entry_.file.ok()) entry_.file.reset(openat(directory, name.c_str(), kHold));
  return entry_.file.ok() ? 0 : errno;
}

absl::Status Search::Enter() {
  if (!entry_.IsDirectory()) return Error(ENOTDIR);
  entry_.directory = std::move(entry_.file);
  entry_.directory_status = entry_.status;
  return absl::OkStatus();
}

absl::Status Search::Follow() {
  if (++links_ > kMaxLinks) return Error(ELOOP);
  if (absl::Status status = CheckLink(entry_); !status.ok()) return status;
  if (IsOnProcfs(entry_.file.get())) return FollowByKernel();
  const absl::StatusOr<std::string> text = ReadLink(entry_.file.get(), "");
  if (!text.ok()) return text.status();
  if (text->empty()) return Error(ENOENT);
  if (OfAnotherUser(entry_.status.st_uid))
    left_.push_back({.name = "", .owner = entry_.status.st_uid});
  Push(*text, Origin::kLink);
  if ((*text)[0] == '/') return StartAtRoot();
  // A relative link starts where it stands.
  entry_.file = std::move(entry_.directory);
  entry_.status = entry_.directory_status;
  entry_.name = ".";
  return absl::OkStatus();
}

// Links of procfs lead to what they hold, which their text only describes.
// They lead into other mount namespaces too, in which a user may have mounted anything anywhere. So
// another user's are not followed, nor does a link of another user lead through any.
absl::Status Search::FollowByKernel() {
  bool theirs = OfAnotherUser(entry_.status.st_uid);
  for (const Step& step : left_) theirs = theirs || step.name.empty();
  if (theirs) {
    return MakeError(v1::ACCESS_DENIED,
                     absl::StrCat(entry_.path, ": a link of another user's leads through ",
                                  entry_.name, " of a process, which is not followed"),
                     EACCES);
  }
  entry_.file.reset(openat(entry_.directory.get(), entry_.name.c_str(), O_PATH | O_CLOEXEC));
  if (!entry_.file.ok() || fstat(entry_.file.get(), &entry_.status) != 0) return Error(errno);
  return absl::OkStatus();
}

absl::Status Search::CheckOwner(uid_t owner) const {
  if (!entry_.exists()) return Error(ENOENT);
  if (entry_.status.st_uid == owner) return absl::OkStatus();
  return MakeError(v1::ACCESS_DENIED,
                   absl::StrCat(entry_.path, ": a symbolic link of user ", owner,
                                " leads to what belongs to user ", entry_.status.st_uid,
                                "; name the target itself"),
                   EACCES);
}

}  // namespace

absl::StatusOr<Entry> Find(absl::string_view path, FinalLink final_link) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  return Search(path, final_link).Run();
}

absl::StatusOr<Entry> FindExisting(absl::string_view path, FinalLink final_link) {
  absl::StatusOr<Entry> entry = Find(path, final_link);
  if (entry.ok() && !entry->exists()) return FileError(ENOENT, path);
  return entry;
}

}  // namespace toolboxd::hgfsd
