// SPDX-License-Identifier: Apache-2.0

// MemoryFiles: a files::FileStore without a service, for fuzzing.

#ifndef TOOLBOXD_TRANSPORTD_HGFS_TESTING_MEMORY_FILES_H_
#define TOOLBOXD_TRANSPORTD_HGFS_TESTING_MEMORY_FILES_H_

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "transportd/files/file_store.h"

namespace toolboxd::hgfs {

// Files and directories by path; a directory's value has none. What a read stream gives is what the
// file had when it was opened.
class MemoryFiles final : public files::FileStore {
 public:
  using Content = std::optional<std::string>;
  // Larger offsets are an error of a full disk.
  static constexpr uint64_t kMaxFile = 1 << 20;

  std::map<std::string, Content, std::less<>> files = {{"/", std::nullopt}};
  // The next call fails with this reason, if it is not 0.
  v1::Reason failure = v1::REASON_UNSPECIFIED;

  absl::StatusOr<v1::FileInfo> Stat(absl::string_view path) override {
    const auto found = files.find(std::string_view(path.data(), path.size()));
    if (Fails()) return Failure();
    if (found == files.end()) return MakeError(v1::NOT_FOUND, "none");
    return Describe(*found);
  }

  absl::StatusOr<std::unique_ptr<files::ReadStream>> OpenRead(absl::string_view path,
                                                              uint64_t offset, uint32_t chunk_size,
                                                              v1::FileInfo* opened) override {
    const auto info = Stat(path);
    if (!info.ok()) return info.status();
    if (info->type() == v1::DIRECTORY) return MakeError(v1::NOT_A_FILE, "folder");
    if (opened != nullptr) *opened = *info;
    const std::string& content = *files[std::string(path)];
    return std::make_unique<Reading>(content.substr(std::min<uint64_t>(offset, content.size())),
                                     chunk_size, this);
  }

  absl::StatusOr<std::unique_ptr<files::WriteStream>> OpenWrite(
      const v1::OpenForWriting& open) override {
    if (Fails()) return Failure();
    const auto found = files.find(open.path());
    if (found == files.end() && open.mode() < v1::OpenForWriting::CREATE) {
      return MakeError(v1::NOT_FOUND, "none");
    }
    if (found != files.end() && open.mode() == v1::OpenForWriting::CREATE_NEW) {
      return MakeError(v1::ALREADY_EXISTS, "there");
    }
    if (found != files.end() && !found->second.has_value()) {
      return MakeError(v1::NOT_A_FILE, "folder");
    }
    const bool keeps = found != files.end() && (open.mode() == v1::OpenForWriting::OPEN_EXISTING ||
                                                open.mode() == v1::OpenForWriting::CREATE);
    return std::make_unique<Writing>(open.path(), keeps ? *found->second : "", this);
  }

  absl::Status SetAttributes(absl::string_view path, const v1::FileAttributes&) override {
    return Stat(path).status();
  }

  absl::StatusOr<v1::ListFilesReply> List(const v1::ListFilesRequest& request) override {
    if (const auto info = Stat(request.path()); !info.ok()) return info.status();
    v1::ListFilesReply reply;
    uint64_t skipped = 0;
    for (const auto& file : files) {
      if (!absl::StartsWith(file.first, request.path()) || skipped++ < request.skip()) continue;
      if (request.limit() != 0 && reply.entries_size() == static_cast<int>(request.limit())) break;
      *reply.add_entries() = Describe(file);
    }
    return reply;
  }

  absl::Status MakeDirectory(absl::string_view path, uint32_t) override {
    if (Fails()) return Failure();
    if (files.size() > 64) return MakeError(v1::NO_SPACE, "full");
    return files.emplace(std::string(path), std::nullopt).second
               ? absl::OkStatus()
               : MakeError(v1::ALREADY_EXISTS, "there");
  }
  absl::Status DeleteFile(absl::string_view path) override { return Remove(path); }
  absl::Status DeleteDirectory(absl::string_view path) override { return Remove(path); }

  absl::Status Rename(absl::string_view from, absl::string_view to, bool overwrite) override {
    if (const auto info = Stat(from); !info.ok()) return info.status();
    if (!overwrite && files.count(std::string(to)) > 0) {
      return MakeError(v1::ALREADY_EXISTS, "there");
    }
    Content content = std::move(files[std::string(from)]);
    files.erase(std::string(from));
    files[std::string(to)] = std::move(content);
    return absl::OkStatus();
  }

  absl::StatusOr<v1::Volume> GetVolume(absl::string_view) override {
    if (Fails()) return Failure();
    v1::Volume volume;
    volume.set_free_bytes(1);
    volume.set_total_bytes(2);
    return volume;
  }

 private:
  class Reading final : public files::ReadStream {
   public:
    Reading(std::string content, uint32_t chunk, MemoryFiles* store)
        : content_(std::move(content)), chunk_(chunk), store_(*store) {}
    absl::StatusOr<std::string> Next() override {
      if (store_.Fails()) return store_.Failure();
      return Take();
    }
    std::optional<std::string> NextIfReady() override {
      if (store_.failure != v1::REASON_UNSPECIFIED || at_ == content_.size()) return std::nullopt;
      return Take();
    }

   private:
    std::string Take() {
      std::string chunk = content_.substr(at_, chunk_);
      at_ += chunk.size();
      return chunk;
    }
    const std::string content_;
    const uint32_t chunk_;
    size_t at_ = 0;
    MemoryFiles& store_;
  };

  class Writing final : public files::WriteStream {
   public:
    Writing(std::string path, std::string content, MemoryFiles* store)
        : path_(std::move(path)), content_(std::move(content)), store_(*store) {}
    absl::Status Write(v1::WriteChunk chunk) override {
      if (store_.Fails()) return store_.Failure();
      const uint64_t at = chunk.append() ? content_.size() : chunk.offset();
      if (at > kMaxFile || chunk.data().size() > kMaxFile) return MakeError(v1::NO_SPACE, "full");
      if (content_.size() < at + chunk.data().size()) content_.resize(at + chunk.data().size());
      content_.replace(at, chunk.data().size(), chunk.data());
      return absl::OkStatus();
    }
    bool Writable() override { return store_.failure == v1::REASON_UNSPECIFIED; }
    absl::Status Commit(std::optional<v1::WriteChunk> last, const v1::FileAttributes&) override {
      if (last.has_value()) {
        if (absl::Status written = Write(*std::move(last)); !written.ok()) return written;
      }
      if (store_.Fails()) return store_.Failure();
      store_.files[path_] = std::move(content_);
      return absl::OkStatus();
    }

   private:
    const std::string path_;
    std::string content_;
    MemoryFiles& store_;
  };

  bool Fails() {
    failed_ = std::exchange(failure, v1::REASON_UNSPECIFIED);
    return failed_ != v1::REASON_UNSPECIFIED;
  }
  absl::Status Failure() const { return MakeError(failed_, "on demand"); }

  static v1::FileInfo Describe(const std::pair<const std::string, Content>& file) {
    v1::FileInfo info;
    info.set_name(file.first);
    info.set_type(file.second.has_value() ? v1::REGULAR : v1::DIRECTORY);
    info.set_size(file.second.has_value() ? file.second->size() : 0);
    info.set_mode(0644);
    // One of them is a link, as far as is shown.
    if (file.first == "/link") {
      info.set_type(v1::SYMLINK);
      info.set_symlink_target("a/b");
    }
    return info;
  }

  absl::Status Remove(absl::string_view path) {
    if (Fails()) return Failure();
    return files.erase(std::string(path)) > 0 ? absl::OkStatus() : MakeError(v1::NOT_FOUND, "none");
  }

  v1::Reason failed_ = v1::REASON_UNSPECIFIED;
};

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_TESTING_MEMORY_FILES_H_
