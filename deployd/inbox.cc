// SPDX-License-Identifier: Apache-2.0

#include "deployd/inbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "deployd/beneath.h"
#include "deployd/limits.h"

namespace toolboxd::deployd {
namespace {

constexpr size_t kMaxName = 255;

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
}

bool KeepsContent(v1::OpenForWriting::Mode mode) {
  return mode == v1::OpenForWriting::OPEN_EXISTING || mode == v1::OpenForWriting::CREATE;
}

bool NeedsFile(v1::OpenForWriting::Mode mode) {
  return mode == v1::OpenForWriting::OPEN_EXISTING || mode == v1::OpenForWriting::TRUNCATE_EXISTING;
}

absl::Status Ended() { return MakeError(v1::BUSY, "the inbox has ended"); }

}  // namespace

absl::StatusOr<std::string> RandomName() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof(number), 0) != sizeof(number))
    return ErrnoError(errno, "getrandom");
  return absl::StrCat(absl::Hex(number, absl::kZeroPad16));
}

absl::StatusOr<std::shared_ptr<Inbox>> Inbox::Create(const std::string& parent) {
  const absl::StatusOr<std::string> name = RandomName();
  if (!name.ok()) return name.status();
  const std::string path = absl::StrCat(parent, "/", *name);
  if (mkdir(path.c_str(), 0700) != 0) return ErrnoError(errno, path);
  UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.ok()) return ErrnoError(errno, path);
  return std::shared_ptr<Inbox>(new Inbox(path + "/", std::move(folder)));
}

Inbox::~Inbox() { End(); }

void Inbox::End() {
  absl::MutexLock lock(&mutex_);
  if (std::exchange(ended_, true)) return;
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

absl::StatusOr<std::string> Inbox::NameOf(absl::string_view path) const {
  const bool inside = absl::ConsumePrefix(&path, directory_);
  const bool plain = !path.empty() && path.size() <= kMaxName && path[0] != '.' &&
                     !absl::StrContains(path, '/') && !absl::StrContains(path, '\0');
  if (inside && plain) return std::string(path);
  return MakeError(v1::ACCESS_DENIED,
                   "only files of the inbox of this customization can be written");
}

absl::StatusOr<std::unique_ptr<Inbox::Upload>> Inbox::OpenForWriting(
    const v1::OpenForWriting& open) {
  absl::StatusOr<std::string> name = NameOf(open.path());
  if (!name.ok()) return name.status();
  std::unique_ptr<Upload> upload;
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return Ended();
    const bool exists = files_.count(*name) != 0;
    if (!exists && NeedsFile(open.mode())) return MakeError(v1::NOT_FOUND, open.path());
    if (exists && open.mode() == v1::OpenForWriting::CREATE_NEW) {
      return MakeError(v1::ALREADY_EXISTS, open.path());
    }
    if (uploads_.size() >= kMaxUploads || (!exists && files_.size() >= kMaxInboxFiles)) {
      return MakeError(v1::BUSY, "the inbox has too many files");
    }
    std::string temporary = absl::StrCat(".upload-", ++last_upload_);
    absl::StatusOr<UniqueFd> file = CreateBeneath(folder_.get(), temporary);
    if (!file.ok()) return file.status();
    uploads_[temporary] = 0;
    upload.reset(
        new Upload(shared_from_this(), *std::move(name), std::move(temporary), *std::move(file)));
  }
  if (KeepsContent(open.mode())) {
    if (absl::Status status = KeepContent(*upload); !status.ok()) return status;
  }
  return upload;
}

absl::Status Inbox::KeepContent(Upload& upload) {
  const absl::StatusOr<UniqueFd> old = OpenBeneath(folder_.get(), upload.name_);
  if (absl::IsNotFound(old.status())) return absl::OkStatus();
  if (!old.ok()) return old.status();
  std::vector<char> buffer(64 << 10);
  while (true) {
    const ssize_t got = read(old->get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, upload.name_);
    if (got == 0) break;
    absl::Status status =
        upload.Write(upload.position(), {buffer.data(), static_cast<size_t>(got)});
    if (!status.ok()) return status;
  }
  upload.received_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<v1::FileInfo> Inbox::Stat(absl::string_view path) const {
  const absl::StatusOr<std::string> name = NameOf(path);
  if (!name.ok()) return name.status();
  struct stat info;
  if (fstatat(folder_.get(), name->c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return ErrnoError(errno, path);
  }
  v1::FileInfo result;
  result.set_name(std::string(path));
  result.set_type(v1::REGULAR);
  result.set_size(static_cast<uint64_t>(info.st_size));
  result.set_access_time(Nanoseconds(info.st_atim));
  result.set_modification_time(Nanoseconds(info.st_mtim));
  result.set_change_time(Nanoseconds(info.st_ctim));
  result.set_uid(info.st_uid);
  result.set_gid(info.st_gid);
  result.set_mode(info.st_mode);
  result.set_inode(info.st_ino);
  result.set_device(info.st_dev);
  result.set_effective_permissions(2);
  return result;
}

absl::StatusOr<UniqueFd> Inbox::OpenForReading(const std::string& name) const {
  return OpenBeneath(folder_.get(), name);
}

absl::Status Inbox::Reserve(const Upload& upload, uint64_t size) {
  absl::MutexLock lock(&mutex_);
  if (ended_) return Ended();
  uint64_t sum = size;
  for (const auto& file : files_) sum += file.first == upload.name_ ? 0 : file.second;
  for (const auto& other : uploads_) sum += other.first == upload.temporary_ ? 0 : other.second;
  if (size > kMaxPackageBytes || sum > kMaxPackageBytes) {
    return MakeError(v1::FILE_TOO_BIG,
                     absl::StrCat("a package has at most ", kMaxPackageBytes >> 20, " MiB"));
  }
  uploads_[upload.temporary_] = size;
  return absl::OkStatus();
}

absl::Status Inbox::Publish(const Upload& upload) {
  absl::MutexLock lock(&mutex_);
  if (ended_) return Ended();
  if (files_.count(upload.name_) == 0 && files_.size() >= kMaxInboxFiles) {
    return MakeError(v1::BUSY, "the inbox has too many files");
  }
  if (renameat(folder_.get(), upload.temporary_.c_str(), folder_.get(), upload.name_.c_str()) !=
      0) {
    return ErrnoError(errno, upload.name_);
  }
  files_[upload.name_] = upload.size_;
  uploads_.erase(upload.temporary_);
  return absl::OkStatus();
}

void Inbox::Forget(const Upload& upload) {
  absl::MutexLock lock(&mutex_);
  // Not there any more after Publish().
  if (uploads_.erase(upload.temporary_) == 0) return;
  unlinkat(folder_.get(), upload.temporary_.c_str(), 0);
}

Inbox::Upload::~Upload() { inbox_->Forget(*this); }

absl::Status Inbox::Upload::Write(uint64_t offset, absl::string_view data) {
  if (offset > kMaxPackageBytes) offset = kMaxPackageBytes + 1;
  const uint64_t end = offset + data.size();
  if (end > size_) {
    if (absl::Status status = inbox_->Reserve(*this, end); !status.ok()) return status;
    size_ = end;
  }
  position_ = end;
  received_ += data.size();
  while (!data.empty()) {
    const ssize_t written =
        pwrite(file_.get(), data.data(), data.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(errno, name_);
    offset += static_cast<uint64_t>(written);
    data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status Inbox::Upload::SetAttributes(const v1::FileAttributes& attributes) {
  if (!attributes.has_size()) return absl::OkStatus();
  if (absl::Status status = inbox_->Reserve(*this, attributes.size()); !status.ok()) return status;
  size_ = attributes.size();
  if (ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) return ErrnoError(errno, name_);
  return absl::OkStatus();
}

absl::Status Inbox::Upload::Commit() { return inbox_->Publish(*this); }

}  // namespace toolboxd::deployd
