// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/move.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "hgfsd/fs/copy_tree.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/find.h"
#include "hgfsd/fs/mounts.h"
#include "hgfsd/fs/paths.h"
#include "hgfsd/fs/remove_tree.h"
#include "hgfsd/fs/rename.h"

namespace toolboxd::hgfsd {
namespace {

constexpr char kHiddenCopy[] = ".toolboxd-move-";
constexpr char kHiddenSource[] = ".toolboxd-moved-";

// What is moved, and where to.
struct Move {
  Entry from;
  Entry to;
  Overwrite overwrite = Overwrite::kNo;
};

// The file that a path leads to, for the question whether two paths are one file.
bool LeadToOneFile(absl::string_view a, absl::string_view b) {
  const absl::StatusOr<Entry> first = FindExisting(a, FinalLink::kFollow);
  const absl::StatusOr<Entry> second = FindExisting(b, FinalLink::kFollow);
  return first.ok() && second.ok() && SameFile(first->status, second->status);
}

int Rename(const Entry& from, const std::string& name, const Move& move) {
  const int source = from.directory.get();
  const int target = move.to.directory.get();
  const char* const a = name.c_str();
  const char* const b = move.to.name.c_str();
  if (move.overwrite == Overwrite::kYes) return renameat(source, a, target, b);
  return RenameToFreeName(source, a, target, b);
}

// Gives the copy the target's name, and sees that it was the copy that got it.
absl::Status Commit(const Move& move, const std::string& hidden, const struct stat& made) {
  if (Rename(move.to, hidden, move) != 0) return FileError(errno, move.to.path);
  struct stat st;
  if (fstatat(move.to.directory.get(), move.to.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
      SameFile(st, made)) {
    return absl::OkStatus();
  }
  return MakeError(v1::BUSY,
                   absl::StrCat(move.to.path, " was replaced during the move; ", move.from.path,
                                " was not removed"),
                   EBUSY);
}

// Copies to a hidden name and gives the copy the target's name.
absl::Status CopyAcross(const Move& move, const CancelCheck& cancelled) {
  const int source = move.from.directory.get();
  const int target = move.to.directory.get();
  // First, so that the removal of the source at the end does not fail.
  if (absl::Status status = CheckAccess(source, move.from.path, W_OK | X_OK); !status.ok()) {
    return status;
  }
  const std::string hidden = RandomName(kHiddenCopy);
  TreeCopy copy = CopyTree({source, move.from.name}, move.from.status, {target, hidden}, cancelled);
  absl::Status status = std::move(copy.status);
  status.Update(CheckCancelled(cancelled));
  if (status.ok()) status = Commit(move, hidden, *copy.made);
  if (!status.ok() && copy.made.has_value()) {
    RemoveTree(target, hidden, *copy.made).IgnoreError();
  }
  return status;
}

// Removes the file that was copied, and nothing that has taken its name since.
absl::Status RemoveSource(const Entry& from) {
  const int directory = from.directory.get();
  absl::StatusOr<std::string> hidden = Hide(directory, from.name, from.status, kHiddenSource);
  if (!hidden.ok()) return hidden.status();
  if (unlinkat(directory, hidden->c_str(), 0) == 0) return absl::OkStatus();
  const int error = errno;
  RenameToFreeName(directory, hidden->c_str(), directory, from.name.c_str());
  return FileError(error, from.path);
}

absl::StatusOr<Move> Look(absl::string_view from, absl::string_view to, Overwrite overwrite) {
  absl::StatusOr<Entry> source = FindExisting(from, FinalLink::kKeep);
  if (!source.ok()) return source.status();
  absl::StatusOr<Entry> target = Find(to, FinalLink::kKeep);
  if (!target.ok()) return target.status();
  return Move{*std::move(source), *std::move(target), overwrite};
}

}  // namespace

absl::Status MoveFile(absl::string_view from, absl::string_view to, Overwrite overwrite,
                      const CancelCheck& cancelled) {
  absl::StatusOr<Move> move = Look(from, to, overwrite);
  if (!move.ok()) return move.status();
  if (move->from.IsDirectory()) return FileError(EISDIR, from);
  if (to.back() == '/' && !move->to.exists()) return FileError(ENOTDIR, to);
  if (LeadToOneFile(from, to)) return absl::OkStatus();
  // vmtoolsd follows links: to it a link that leads nowhere does not exist.
  const bool dangling =
      move->to.IsLink() && ReasonOf(FindExisting(to, FinalLink::kFollow).status()) == v1::NOT_FOUND;
  if (dangling) move->overwrite = Overwrite::kYes;
  if (move->to.exists() && (move->overwrite == Overwrite::kNo || move->to.IsDirectory())) {
    return FileError(EEXIST, to);
  }
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  if (Rename(move->from, move->from.name, *move) == 0) return absl::OkStatus();
  if (errno != EXDEV) return FileError(errno, to);
  if (absl::Status status = CopyAcross(*move, cancelled); !status.ok()) return status;
  return RemoveSource(move->from);
}

absl::Status MoveDirectory(absl::string_view from, absl::string_view to, DeferredDeleter& deleter,
                           const CancelCheck& cancelled) {
  for (absl::string_view path : {from, to}) {
    if (absl::Status status = CheckPath(path); !status.ok()) return status;
  }
  absl::StatusOr<Move> move =
      Look(WithoutTrailingSlashes(from), WithoutTrailingSlashes(to), Overwrite::kNo);
  if (!move.ok()) return move.status();
  if (!move->from.IsDirectory()) return FileError(ENOTDIR, from);
  if (LeadToOneFile(from, to)) return absl::OkStatus();
  if (move->to.exists()) return FileError(EEXIST, to);
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  if (Rename(move->from, move->from.name, *move) == 0) return absl::OkStatus();
  if (errno != EXDEV) return FileError(errno, to);
  if (absl::Status status = CheckNoMounts(move->from); !status.ok()) return status;
  if (absl::Status status = CopyAcross(*move, cancelled); !status.ok()) return status;
  // The move is committed, so it cannot be cancelled any more.
  return deleter.Delete(std::move(move->from), nullptr);
}

}  // namespace toolboxd::hgfsd
