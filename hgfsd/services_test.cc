// SPDX-License-Identifier: Apache-2.0

// Both services over gRPC, in this process.

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/shown_name.h"
#include "base/status.h"
#include "base/utf8.h"
#include "daemon/grpc_status.h"
#include "gtest/gtest.h"
#include "hgfsd/testing/client.h"
#include "hgfsd/testing/services_fixture.h"
#include "hgfsd/testing/test_files.h"
#include "proto/file_opened.h"

namespace toolboxd::hgfsd {
namespace {

v1::Reason ReasonOf(const grpc::Status& status) { return toolboxd::ReasonOf(FromGrpc(status)); }

TEST_F(HgfsdServices, FilesAreDescribedAndChecked) {
  const std::string file = dir_.File("file", "123");
  v1::ListFilesRequest list;
  list.set_path(dir_.path());
  list.set_limit(10);
  EXPECT_EQ(Call(&v1::Files::Stub::List, list).entries_size(), 3);
  v1::GetFileInfoRequest get;
  get.set_path(file);
  EXPECT_EQ(Call(&v1::Files::Stub::GetInfo, get).effective_permissions() & 6, 6u);
  v1::CheckReadRequest check_read;
  check_read.set_path(file);
  EXPECT_EQ(Call(&v1::Files::Stub::CheckRead, check_read).size(), 3u);
  v1::CheckWriteRequest check_write;
  check_write.set_path(dir_ / "new");
  Call(&v1::Files::Stub::CheckWrite, check_write);
  v1::GetVolumeRequest volume;
  volume.set_path(dir_.path());
  EXPECT_GT(Call(&v1::Files::Stub::GetVolume, volume).total_bytes(), 0u);
}

TEST_F(HgfsdServices, FilesAreMadeMovedChangedAndDeleted) {
  v1::MakeDirectoryRequest make;
  make.set_path(dir_ / "a/b");
  make.set_parents(true);
  Call(&v1::Files::Stub::MakeDirectory, make);
  v1::MoveRequest move;
  move.set_from(dir_ / "a");
  move.set_to(dir_ / "moved");
  Call(&v1::Files::Stub::MoveDirectory, move);
  move.set_from(dir_.File("file"));
  move.set_to(dir_ / "moved/file");
  Call(&v1::Files::Stub::MoveFile, move);
  v1::SetAttributesRequest set;
  set.set_path(dir_ / "moved/file");
  set.mutable_attributes()->set_permissions(0600);
  Call(&v1::Files::Stub::SetAttributes, set);
  EXPECT_EQ(ModeOf(dir_ / "moved/file"), 0600u);
  v1::CreateTemporaryRequest temporary;
  temporary.set_directory(dir_.path());
  v1::DeleteFileRequest remove;
  remove.set_path(Call(&v1::Files::Stub::CreateTemporary, temporary).path());
  Call(&v1::Files::Stub::DeleteFile, remove);
  v1::DeleteDirectoryRequest remove_tree;
  remove_tree.set_path(dir_ / "moved");
  remove_tree.set_recursive(true);
  Call(&v1::Files::Stub::DeleteDirectory, remove_tree);
  // The name is free at once, the content is removed by and by (DeferredDeleter).
  EXPECT_THAT(Names(dir_.path()), testing::Each(testing::StartsWith(".toolboxd-deleted-")));
}

// What a listing shows of a name that is not UTF-8 is a path like any other.
TEST_F(HgfsdServices, NamesThatAreNotUtf8GoRound) {
  for (const char* name : {"caf\xe9", "\xff\xfe", "50%\xe9", "\xc3\xa9\xc3", "a\n\x80"}) {
    dir_.File(name, "content");
    v1::ListFilesRequest list;
    list.set_path(dir_.path());
    list.set_skip(2);
    list.set_limit(10);
    const v1::ListFilesReply listed = Call(&v1::Files::Stub::List, list);
    ASSERT_EQ(listed.entries_size(), 1);
    const std::string path = dir_ / ShowName(listed.entries(0).name());
    EXPECT_TRUE(IsUtf8(path)) << path;

    v1::GetFileInfoRequest info;
    info.set_path(path);
    EXPECT_EQ(Call(&v1::Files::Stub::GetInfo, info).size(), 7u);
    EXPECT_EQ(Read(*handler_, path).data, "content");
    Upload upload(*handler_, path);
    ASSERT_TRUE(upload.Append("new"));
    ASSERT_TRUE(upload.Commit().ok());
    EXPECT_EQ(ReadFile(dir_ / name), "new");
    v1::SetAttributesRequest set;
    set.set_path(path);
    set.mutable_attributes()->set_permissions(0640);
    Call(&v1::Files::Stub::SetAttributes, set);
    EXPECT_EQ(ModeOf(dir_ / name), 0640u);
    v1::MoveRequest move;
    move.set_from(path);
    move.set_to(dir_ / "moved");
    Call(&v1::Files::Stub::MoveFile, move);
    EXPECT_THAT(Names(dir_.path()), testing::ElementsAre("moved"));
    rename((dir_ / "moved").c_str(), (dir_ / name).c_str());
    v1::DeleteFileRequest remove;
    remove.set_path(path);
    Call(&v1::Files::Stub::DeleteFile, remove);
    EXPECT_TRUE(Names(dir_.path()).empty());
  }
}

TEST_F(HgfsdServices, ErrorsCarryReasonAndErrno) {
  v1::DeleteFileRequest request;
  v1::DeleteFileReply reply;
  request.set_path(dir_ / "none\xff");
  grpc::ClientContext context;
  const grpc::Status status = files_->DeleteFile(&context, request, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(status), v1::NOT_FOUND);
  EXPECT_EQ(OsErrorOf(FromGrpc(status)), ENOENT);
}

TEST_F(HgfsdServices, ReadsFromAnOffsetInChunks) {
  const std::string content = std::string(100000, 'a') + "end";
  const std::string file = dir_.File("file", content);
  Download all = Read(*handler_, file);
  EXPECT_TRUE(all.status.ok());
  EXPECT_EQ(all.opened->size(), content.size());
  EXPECT_EQ(all.data, content);
  Download tail = Read(*handler_, file, 99999, 3);
  EXPECT_EQ(tail.data, "aend");
  EXPECT_EQ(tail.largest, 3u);
  Download empty = Read(*handler_, dir_.File("empty"));
  EXPECT_TRUE(empty.status.ok());
  EXPECT_TRUE(empty.opened.has_value());
  EXPECT_EQ(ReasonOf(Read(*handler_, dir_ / "none").status), v1::NOT_FOUND);
}

TEST_F(HgfsdServices, FilesOfSizesAroundTheHostsPacketsPassUnchanged) {
  for (size_t size : {0, 1, 61439, 61440, 61441, 63487, 63488, 63489, 1 << 20}) {
    std::string content(size, '\0');
    for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 31 + i / 251);
    Upload upload(*handler_, dir_ / "file");
    for (size_t at = 0; at < size; at += 61440) {
      ASSERT_TRUE(upload.Append(absl::string_view(content).substr(at, 61440)));
    }
    ASSERT_TRUE(upload.Commit().ok());
    EXPECT_EQ(upload.reply().size(), size);
    EXPECT_TRUE(Read(*handler_, dir_ / "file", 0, 61440).data == content) << size;
  }
}

TEST_F(HgfsdServices, UploadAppearsOnlyWithCommit) {
  const std::string file = dir_.File("file", "old");
  {
    Upload upload(*handler_, file);
    upload.Append("new");
    EXPECT_EQ(upload.Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  {
    Upload upload(*handler_, file);
    upload.Append("new");
    upload.Cancel();
    EXPECT_FALSE(upload.Finish().ok());
  }
  EXPECT_EQ(ReadFile(file), "old");
  Upload upload(*handler_, file);
  EXPECT_TRUE(upload.Append("new"));
  EXPECT_TRUE(upload.Commit().ok());
  EXPECT_EQ(ReadFile(file), "new");
}

TEST_F(HgfsdServices, FileOpenedIsSentForAnOpenFileOnly) {
  for (const auto& [name, count] : {std::pair("file", 1u), std::pair("none/file", 0u)}) {
    grpc::ClientContext context;
    v1::WriteReply reply;
    auto stream = handler_->Write(&context, &reply);
    v1::WriteRequest open;
    open.mutable_open()->set_path(dir_ / name);
    open.mutable_open()->set_mode(v1::OpenForWriting::CREATE);
    stream->Write(open);
    stream->WaitForInitialMetadata();
    EXPECT_EQ(context.GetServerInitialMetadata().count(kFileOpened), count) << name;
    context.TryCancel();
    stream->Finish();
  }
}

TEST_F(HgfsdServices, WriteRefusesRequestsOutOfOrder) {
  v1::WriteRequest chunk;
  chunk.mutable_chunk()->set_data("x");
  grpc::ClientContext context;
  v1::WriteReply reply;
  auto stream = handler_->Write(&context, &reply);
  stream->Write(chunk);
  stream->WritesDone();
  EXPECT_EQ(ReasonOf(stream->Finish()), v1::INVALID_ARGUMENT);
  Upload twice(*handler_, dir_ / "file");
  v1::WriteRequest open;
  open.mutable_open()->set_path(dir_ / "other");
  twice.Send(open);
  EXPECT_EQ(ReasonOf(twice.Finish()), v1::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(Upload(*handler_, dir_ / "none/file").Finish()), v1::NOT_FOUND);
  EXPECT_TRUE(Names(dir_.path()).empty());
}

TEST_F(HgfsdServices, DirectoriesTravelAsArchives) {
  dir_.Directory("from");
  dir_.Directory("to");
  dir_.File("from/file", std::string(200000, 'x'));
  dir_.Link("from/link", "file");
  for (const char* query : {"", "?format=tgz", "?format=tar&prefix=p%2F"}) {
    Download archive = Read(*handler_, absl::StrCat(dir_ / "from", query));
    ASSERT_TRUE(archive.status.ok()) << archive.status.error_message();
    EXPECT_EQ(archive.opened->size(), uint64_t{INT64_MAX});
    EXPECT_TRUE(absl::EndsWith(archive.data, absl::string_view("\x1f\x8b\x08", 3)));
    archive.data.resize(archive.data.size() - 3);
    Upload upload(*handler_, dir_ / "to");
    for (size_t i = 0; i < archive.data.size(); i += 5000) {
      ASSERT_TRUE(upload.Append(absl::string_view(archive.data).substr(i, 5000)));
    }
    EXPECT_TRUE(upload.Commit().ok());
  }
  EXPECT_EQ(ReadFile(dir_ / "to/link").size(), 200000u);
  EXPECT_EQ(ReadFile(dir_ / "to/p/file").size(), 200000u);
}

TEST_F(HgfsdServices, ArchivesReportWhyTheyFail) {
  EXPECT_EQ(ReasonOf(Read(*handler_, dir_.path() + "?format=zip").status), v1::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(Read(*handler_, dir_.path(), 1).status), v1::NOT_SUPPORTED);
  Upload garbage(*handler_, dir_.path());
  garbage.Append("not an archive");
  EXPECT_EQ(ReasonOf(garbage.Commit()), v1::INVALID_ARGUMENT);
}

TEST_F(HgfsdServices, FileThatIsNotAnArchiveIsRefusedWithItsFirstPiece) {
  Upload mistake(*handler_, dir_.path());
  mistake.Append(std::string(5000, 'x'));
  EXPECT_EQ(ReasonOf(mistake.Finish()), v1::INVALID_ARGUMENT);
  EXPECT_TRUE(Names(dir_.path()).empty());
}

TEST_F(HgfsdServices, DirectoryIsRefusedWhereOnlyFilesAreWanted) {
  for (const char* query : {"", "?format=tgz", "/"}) {
    v1::WriteRequest open;
    open.mutable_open()->set_path(dir_.path() + query);
    open.mutable_open()->set_files_only(true);
    Upload upload(*handler_, open);
    EXPECT_EQ(ReasonOf(upload.Commit()), v1::NOT_A_FILE) << query;
  }
}

TEST_F(HgfsdServices, StatDescribesWhatReadWouldFind) {
  v1::StatRequest request;
  v1::FileInfo info;
  const auto stat = [&](const std::string& path) {
    grpc::ClientContext context;
    request.set_path(path);
    return handler_->Stat(&context, request, &info);
  };
  EXPECT_TRUE(stat(dir_.Link("link", dir_.File("file", "1234"))).ok());
  EXPECT_EQ(info.size(), 4u);
  EXPECT_TRUE(stat("/archive:" + dir_.path() + "?format=tgz").ok());
  EXPECT_EQ(info.size(), uint64_t{INT64_MAX});
  EXPECT_EQ(info.mode(), S_IFREG | 0600u);
  EXPECT_EQ(info.name(), "/archive:" + dir_.path() + "?format=tgz");
  EXPECT_TRUE(stat("/proc/version").ok());
  EXPECT_EQ(info.size(), ReadFile("/proc/version").size());
  EXPECT_EQ(ReasonOf(stat(dir_ / "none")), v1::NOT_FOUND);
  EXPECT_EQ(ReasonOf(stat("/archive:" + dir_.path() + "/none")), v1::NOT_FOUND);
}

TEST_F(HgfsdServices, CancelledReadEndsTheServersCall) {
  const std::string file = dir_.File("file");
  ASSERT_EQ(truncate(file.c_str(), int64_t{1} << 40), 0);
  grpc::ClientContext context;
  v1::ReadRequest request;
  request.set_path(file);
  auto stream = handler_->Read(&context, request);
  v1::ReadReply reply;
  ASSERT_TRUE(stream->Read(&reply));
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  // The fixture's end waits for the server's handler.
}

}  // namespace
}  // namespace toolboxd::hgfsd
