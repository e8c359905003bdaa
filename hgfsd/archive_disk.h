// SPDX-License-Identifier: Apache-2.0

// ArchiveDisk: puts the members of an archive into a directory, and nowhere else.

#ifndef TOOLBOXD_HGFSD_ARCHIVE_DISK_H_
#define TOOLBOXD_HGFSD_ARCHIVE_DISK_H_

#include <archive_entry.h>
#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "hgfsd/archive_attributes.h"
#include "hgfsd/fs/beneath.h"
#include "hgfsd/fs/new_file.h"

namespace toolboxd::hgfsd {

// Every member is made relative to a descriptor of its directory, which is found below the target
// without following a link; its attributes are set through a descriptor of what was made. So the
// target's owner, who may rename and replace everything in it meanwhile, cannot lead a member or
// an attribute to a file elsewhere. Not thread-safe.
class ArchiveDisk {
 public:
  // The directory `target` must stay open.
  explicit ArchiveDisk(int target) : target_(target) {}

  // The limit for members to which later hard links can be made.
  static constexpr size_t kMaxKnown = 1 << 18;

  // Makes the member `name`, a relative path without "." and "..". It replaces what is there,
  // except that a directory does not replace a directory. A regular file has no name, and what is
  // at the name stays, until Finish. `hardlink`: the name of an earlier member that is complete, or
  // empty. BUSY if the file at that name is not the one that was made, since another user may have
  // put it there; also for members beyond the first kMaxKnown, which are not remembered. A
  // directory gets its attributes at Close, anything else at Finish.
  absl::Status Make(struct archive_entry* entry, const std::string& name,
                    const std::string& hardlink);
  // Content of the regular file that was made last. The offset is in bytes.
  absl::Status Write(int64_t offset, absl::string_view data);
  // The member that was made last is complete. A regular file is given up without it.
  absl::Status Finish();

  // Sets the attributes of the directories.
  absl::Status Close();

 private:
  // A directory whose attributes are to be set.
  struct Directory {
    std::string name;
    // What was made or found there.
    dev_t device;
    ino_t inode;
    MemberAttributes attributes;
  };
  // What was made of a member. The owner is part of it: an inode number that was freed can be used
  // again, but no user can make a file that belongs to another.
  struct Known {
    dev_t device;
    ino_t inode;
    uid_t owner;
  };
  using MakeFunction = std::function<absl::StatusOr<UniqueFd>()>;

  // Opens the directory that a member is in, and keeps it for the next member. Sets `leaf_`.
  absl::Status OpenParent(const std::string& name);
  // Calls `make`, after removing what is at `leaf_`.
  absl::StatusOr<UniqueFd> Replace(const MakeFunction& make);
  absl::Status RemoveExisting();
  absl::Status MakeRegular();
  // The commit point of a regular file.
  absl::Status GiveName(NewFile& file);
  absl::StatusOr<UniqueFd> MakeSpecial(struct archive_entry* entry);
  absl::Status MakeHardLink(const std::string& first);
  // Remembers what is under the name of the member that was made last.
  void Remember(const struct stat& st);
  // Opens the earlier member of that name, if it is what was made.
  absl::StatusOr<UniqueFd> OpenKnown(const std::string& first) const;
  absl::Status MakeDirectory(struct archive_entry* entry, const std::string& name);
  // Sets the attributes of a directory.
  absl::Status Complete(const Directory& directory) const;

  const int target_;
  OwnerNames names_;
  std::string parent_name_;
  UniqueFd parent_;
  std::string leaf_;

  // The member that was made last; none for directories and hard links. It is `new_file_`, which
  // stands in `parent_`, if it is a regular file.
  std::unique_ptr<NewFile> new_file_;
  UniqueFd file_;
  struct archive_entry* entry_ = nullptr;
  std::string name_;

  // By the hash of the member's name.
  std::unordered_map<size_t, Known> known_;

  std::vector<Directory> directories_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_ARCHIVE_DISK_H_
