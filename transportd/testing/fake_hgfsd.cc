// SPDX-License-Identifier: Apache-2.0

#include "transportd/testing/fake_hgfsd.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "daemon/grpc_status.h"
#include "proto/file_opened.h"

namespace toolboxd::testing {
namespace {

grpc::Status Fail(v1::Reason reason) { return ToGrpc(MakeError(reason, v1::Reason_Name(reason))); }

// Waits for cancellation if the fake hangs.
bool Hangs(const std::atomic<bool>& hang, grpc::ServerContext* context) {
  while (hang && !context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
  return context->IsCancelled();
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

void Apply(const v1::FileAttributes& changes, v1::FileInfo& info) {
  if (changes.has_permissions()) info.set_mode((info.mode() & S_IFMT) | changes.permissions());
  if (changes.has_uid()) info.set_uid(changes.uid());
  if (changes.has_gid()) info.set_gid(changes.gid());
  if (changes.has_access_time()) info.set_access_time(changes.access_time());
  if (changes.has_modification_time()) info.set_modification_time(changes.modification_time());
}

}  // namespace

class FakeHgfsd::FilesService final : public v1::Files::Service {
 public:
  explicit FilesService(FakeHgfsd* fake) : fake_(*fake) {}

  grpc::Status List(grpc::ServerContext* context, const v1::ListFilesRequest* request,
                    v1::ListFilesReply* reply) override {
    if (Hangs(fake_.hang, context)) return grpc::Status::CANCELLED;
    absl::MutexLock lock(&fake_.mutex_);
    const auto found = fake_.files_.find(request->path());
    if (found == fake_.files_.end()) return Fail(v1::NOT_FOUND);
    std::vector<v1::FileInfo> all;
    if (found->second.info.type() != v1::DIRECTORY) {
      all.push_back(found->second.info);
      all.back().set_name(request->path());
    } else {
      for (const char* name : {".", ".."}) {
        all.push_back(found->second.info);
        all.back().set_name(name);
      }
      for (const auto& [path, file] : fake_.files_) {
        if (path != "/" && ParentOf(path) == request->path()) all.push_back(file.info);
      }
    }
    const size_t begin = std::min<uint64_t>(request->skip(), all.size());
    const size_t end = std::min<size_t>(begin + request->limit(), all.size());
    for (size_t i = begin; i < end; ++i) *reply->add_entries() = all[i];
    reply->set_remaining(all.size() - end);
    return grpc::Status::OK;
  }

  grpc::Status GetInfo(grpc::ServerContext* context, const v1::GetFileInfoRequest* request,
                       v1::FileInfo* reply) override {
    return Info(context, request->path(), reply);
  }

  grpc::Status CheckRead(grpc::ServerContext* context, const v1::CheckReadRequest* request,
                         v1::FileInfo* reply) override {
    const grpc::Status status = Info(context, request->path(), reply);
    if (!status.ok()) return status;
    reply->set_name(request->path());
    return reply->type() == v1::DIRECTORY ? Fail(v1::NOT_A_FILE) : grpc::Status::OK;
  }

  grpc::Status CheckWrite(grpc::ServerContext* context, const v1::CheckWriteRequest* request,
                          v1::CheckWriteReply*) override {
    v1::FileInfo info;
    const grpc::Status status = Info(context, request->path(), &info);
    if (status.ok() && info.type() == v1::DIRECTORY) return Fail(v1::NOT_A_FILE);
    if (status.ok() && !request->overwrite()) return Fail(v1::ALREADY_EXISTS);
    if (status.error_code() == grpc::StatusCode::CANCELLED) return status;
    return fake_.Has(ParentOf(request->path())) ? grpc::Status::OK : Fail(v1::PARENT_NOT_FOUND);
  }

  grpc::Status MakeDirectory(grpc::ServerContext* context, const v1::MakeDirectoryRequest* request,
                             v1::MakeDirectoryReply*) override {
    if (Hangs(fake_.hang, context)) return grpc::Status::CANCELLED;
    if (fake_.Has(request->path())) return Fail(v1::ALREADY_EXISTS);
    fake_.PutDirectory(request->path());
    return grpc::Status::OK;
  }

  grpc::Status DeleteFile(grpc::ServerContext* context, const v1::DeleteFileRequest* request,
                          v1::DeleteFileReply*) override {
    v1::FileInfo info;
    const grpc::Status status = Info(context, request->path(), &info);
    if (!status.ok()) return status;
    if (info.type() == v1::DIRECTORY) return Fail(v1::NOT_A_FILE);
    absl::MutexLock lock(&fake_.mutex_);
    fake_.files_.erase(request->path());
    return grpc::Status::OK;
  }

  grpc::Status DeleteDirectory(grpc::ServerContext* context,
                               const v1::DeleteDirectoryRequest* request,
                               v1::DeleteDirectoryReply*) override {
    v1::FileInfo info;
    const grpc::Status status = Info(context, request->path(), &info);
    if (!status.ok()) return status;
    if (info.type() != v1::DIRECTORY) return Fail(v1::NOT_A_DIRECTORY);
    absl::MutexLock lock(&fake_.mutex_);
    const std::string below = absl::StrCat(request->path(), "/");
    const auto child = fake_.files_.lower_bound(below);
    const bool empty =
        child == fake_.files_.end() || child->first.compare(0, below.size(), below) != 0;
    if (!empty && !request->recursive()) return Fail(v1::DIRECTORY_NOT_EMPTY);
    fake_.files_.erase(request->path());
    return grpc::Status::OK;
  }

  grpc::Status MoveFile(grpc::ServerContext* context, const v1::MoveRequest* request,
                        v1::MoveReply*) override {
    if (Hangs(fake_.hang, context)) return grpc::Status::CANCELLED;
    if (!fake_.Has(request->from())) return Fail(v1::NOT_FOUND);
    if (fake_.Has(request->to()) && !request->overwrite()) return Fail(v1::ALREADY_EXISTS);
    const std::string content = fake_.Get(request->from()).content;
    fake_.Put(request->to(), content);
    absl::MutexLock lock(&fake_.mutex_);
    fake_.files_.erase(request->from());
    return grpc::Status::OK;
  }

  grpc::Status CreateTemporary(grpc::ServerContext* context,
                               const v1::CreateTemporaryRequest* request,
                               v1::CreateTemporaryReply* reply) override {
    if (Hangs(fake_.hang, context)) return grpc::Status::CANCELLED;
    const std::string directory = request->directory().empty() ? "/tmp" : request->directory();
    if (!fake_.Has(directory)) return Fail(v1::NOT_FOUND);
    const std::string path =
        absl::StrCat(directory, "/", request->prefix(), "vmware1", request->suffix());
    request->make_directory() ? fake_.PutDirectory(path) : fake_.Put(path, "");
    reply->set_path(path);
    return grpc::Status::OK;
  }

  grpc::Status SetAttributes(grpc::ServerContext* context, const v1::SetAttributesRequest* request,
                             v1::SetAttributesReply*) override {
    if (Hangs(fake_.hang, context)) return grpc::Status::CANCELLED;
    absl::MutexLock lock(&fake_.mutex_);
    const auto found = fake_.files_.find(request->path());
    if (found == fake_.files_.end()) return Fail(v1::NOT_FOUND);
    Apply(request->attributes(), found->second.info);
    return grpc::Status::OK;
  }

  grpc::Status GetVolume(grpc::ServerContext*, const v1::GetVolumeRequest*,
                         v1::Volume* reply) override {
    reply->set_free_bytes(5);
    reply->set_total_bytes(10);
    return grpc::Status::OK;
  }

 private:
  grpc::Status Info(grpc::ServerContext* context, const std::string& path, v1::FileInfo* reply) {
    if (Hangs(fake_.hang, context)) return grpc::Status::CANCELLED;
    if (!fake_.Has(path)) return Fail(v1::NOT_FOUND);
    *reply = fake_.Get(path).info;
    return grpc::Status::OK;
  }

  FakeHgfsd& fake_;
};

class FakeHgfsd::HandlerService final : public v1::FileHandler::Service {
 public:
  explicit HandlerService(FakeHgfsd* fake) : fake_(*fake) {}

  grpc::Status Stat(grpc::ServerContext* context, const v1::StatRequest* request,
                    v1::FileInfo* reply) override {
    if (Hangs(fake_.hang, context)) return grpc::Status::CANCELLED;
    if (!fake_.Has(request->path())) return Fail(v1::NOT_FOUND);
    *reply = fake_.Get(request->path()).info;
    return grpc::Status::OK;
  }

  grpc::Status Read(grpc::ServerContext* context, const v1::ReadRequest* request,
                    grpc::ServerWriter<v1::ReadReply>* writer) override {
    ++fake_.reads;
    if (Hangs(fake_.hang, context)) return grpc::Status::CANCELLED;
    if (!fake_.Has(request->path())) return Fail(v1::NOT_FOUND);
    const FakeFile file = fake_.Get(request->path());
    v1::ReadReply reply;
    *reply.mutable_opened() = file.info;
    writer->Write(reply);
    const size_t chunk_size = request->chunk_size() == 0 ? 4096 : request->chunk_size();
    for (size_t at = request->offset(); at < file.content.size(); at += chunk_size) {
      if (Hangs(fake_.hang, context)) return grpc::Status::CANCELLED;
      reply.set_data(file.content.substr(at, chunk_size));
      if (!writer->Write(reply)) return grpc::Status::CANCELLED;
      fake_.sent += reply.data().size();
      if (fake_.fail_after_first_chunk != 0) {
        return fake_.Failure();
      }
    }
    return grpc::Status::OK;
  }

  grpc::Status Write(grpc::ServerContext* context, grpc::ServerReader<v1::WriteRequest>* reader,
                     v1::WriteReply* reply) override {
    if (Hangs(fake_.hang, context)) return grpc::Status::CANCELLED;
    v1::WriteRequest request;
    if (!reader->Read(&request) || !request.has_open()) return Fail(v1::INVALID_ARGUMENT);
    const v1::OpenForWriting open = request.open();
    if (!fake_.Has(ParentOf(open.path()))) return Fail(v1::PARENT_NOT_FOUND);
    const bool exists = fake_.Has(open.path());
    if (exists && open.mode() == v1::OpenForWriting::CREATE_NEW) return Fail(v1::ALREADY_EXISTS);
    if (fake_.tells_opened) context->AddInitialMetadata(kFileOpened, "1");
    reader->SendInitialMetadata();

    std::string content;
    if (open.mode() == v1::OpenForWriting::OPEN_EXISTING ||
        open.mode() == v1::OpenForWriting::CREATE) {
      content = fake_.Get(open.path()).content;
    }
    size_t position = content.size();
    v1::FileAttributes attributes;
    attributes.set_permissions(open.permissions());
    while (reader->Read(&request)) {
      if (Hangs(fake_.hang, context)) return grpc::Status::CANCELLED;
      if (request.has_attributes()) attributes.MergeFrom(request.attributes());
      if (request.has_chunk()) {
        const v1::WriteChunk& chunk = request.chunk();
        if (!chunk.append()) position = chunk.offset();
        if (content.size() < position + chunk.data().size()) {
          content.resize(position + chunk.data().size());
        }
        content.replace(position, chunk.data().size(), chunk.data());
        position += chunk.data().size();
        fake_.received += chunk.data().size();
        if (fake_.end_after_first_chunk) return grpc::Status::OK;
        if (fake_.fail_after_first_chunk != 0) {
          return fake_.Failure();
        }
      }
      if (request.has_commit()) {
        fake_.Put(open.path(), content);
        absl::MutexLock lock(&fake_.mutex_);
        Apply(attributes, fake_.files_[open.path()].info);
        reply->set_size(content.size());
        return grpc::Status::OK;
      }
    }
    return grpc::Status::CANCELLED;
  }

 private:
  FakeHgfsd& fake_;
};

FakeHgfsd::FakeHgfsd()
    : files_service_(std::make_unique<FilesService>(this)),
      handler_service_(std::make_unique<HandlerService>(this)) {
  PutDirectory("/");
  PutDirectory("/tmp");
}

FakeHgfsd::~FakeHgfsd() = default;

grpc::Service* FakeHgfsd::files() { return files_service_.get(); }
grpc::Service* FakeHgfsd::handler() { return handler_service_.get(); }

grpc::Status FakeHgfsd::Failure() const {
  return ToGrpc(MakeError(static_cast<v1::Reason>(fail_after_first_chunk.load()), failure));
}

void FakeHgfsd::Put(const std::string& path, const std::string& content) {
  absl::MutexLock lock(&mutex_);
  FakeFile& file = files_[path];
  file.content = content;
  file.info.set_name(path.substr(path.rfind('/') + 1));
  file.info.set_type(v1::REGULAR);
  file.info.set_size(content.size());
  file.info.set_mode(S_IFREG | 0644);
}

void FakeHgfsd::PutDirectory(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  FakeFile& file = files_[path];
  file.info.set_name(path.substr(path.rfind('/') + 1));
  file.info.set_type(v1::DIRECTORY);
  file.info.set_mode(S_IFDIR | 0755);
}

FakeFile FakeHgfsd::Get(const std::string& path) const {
  absl::MutexLock lock(&mutex_);
  const auto found = files_.find(path);
  return found == files_.end() ? FakeFile() : found->second;
}

bool FakeHgfsd::Has(const std::string& path) const {
  absl::MutexLock lock(&mutex_);
  return files_.count(path) != 0;
}

}  // namespace toolboxd::testing
