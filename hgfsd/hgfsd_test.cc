// SPDX-License-Identifier: Apache-2.0

// The program itself, as session starts it.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hgfsd/limits.h"
#include "hgfsd/testing/client.h"
#include "hgfsd/testing/test_files.h"
#include "toolboxd/v1/file_handler.grpc.pb.h"

namespace toolboxd::hgfsd {
namespace {

// A download that is opened and not read.
class OpenDownload {
 public:
  OpenDownload(v1::FileHandler::Stub& stub, const std::string& path) {
    v1::ReadRequest request;
    request.set_path(path);
    stream_ = stub.Read(&context_, request);
  }
  ~OpenDownload() {
    context_.TryCancel();
    stream_->Finish();
  }
  bool IsOpen() {
    v1::ReadReply reply;
    return stream_->Read(&reply) && reply.has_opened();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::ReadReply>> stream_;
};

// A process with the connection at descriptor 3.
class Program {
 public:
  Program() {
    Connection connection = MakeConnection();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(connection.server.get(), 3);
      fcntl(3, F_SETFD, 0);
      execl("hgfsd/hgfsd", "hgfsd", nullptr);
      _exit(127);
    }
    connection.server.reset();
    channel_ = ChannelOn(std::move(connection.client));
    handler_ = v1::FileHandler::NewStub(channel_);
  }
  ~Program() { EXPECT_EQ(End(), 0); }

  v1::FileHandler::Stub& handler() { return *handler_; }
  int Threads() const {
    return std::distance(std::filesystem::directory_iterator(absl::StrCat("/proc/", pid_, "/task")),
                         std::filesystem::directory_iterator());
  }
  // Closes the connection; returns the status of waitpid.
  int End() {
    handler_.reset();
    channel_.reset();
    if (pid_ == 0) return status_;
    EXPECT_EQ(waitpid(pid_, &status_, 0), pid_);
    pid_ = 0;
    return status_;
  }

 private:
  pid_t pid_;
  int status_ = -1;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::FileHandler::Stub> handler_;
};

TEST(Hgfsd, ServesTheConnectionAtDescriptor3AndEndsWithIt) {
  TestDirectory dir;
  Program program;
  {
    Upload upload(program.handler(), dir / "file");
    EXPECT_TRUE(upload.Append("content"));
    EXPECT_TRUE(upload.Commit().ok());
    Upload broken(program.handler(), dir / "broken");
    EXPECT_TRUE(broken.Append("content"));
    broken.Cancel();
    broken.Finish();
  }
  EXPECT_EQ(program.End(), 0);
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("file"));
}

// As many calls of each kind as the limit allows: all are served, and the process stays within the
// tasks of its unit.
TEST(Hgfsd, ServesAllItsCallsWithinItsTasks) {
  TestDirectory dir;
  Program program;
  const std::string file = dir.File("file");
  ASSERT_EQ(truncate(file.c_str(), int64_t{1} << 40), 0);
  {
    std::list<OpenDownload> downloads;
    for (int i = 0; i < kMaxCalls; ++i) {
      downloads.emplace_back(program.handler(), file);
      ASSERT_TRUE(downloads.back().IsOpen()) << i;
    }
    EXPECT_LE(program.Threads(), kMaxTasks);
  }
  std::list<Upload> uploads;
  const std::string junk(4096, '\0');
  for (int i = 0; i < kMaxCalls; ++i) {
    uploads.emplace_back(program.handler(), dir.Directory(absl::StrCat("archive", i)));
    ASSERT_TRUE(uploads.back().Append(junk)) << i;
  }
  EXPECT_GT(program.Threads(), kMaxCalls);
  EXPECT_LE(program.Threads(), kMaxTasks);
  for (Upload& upload : uploads) upload.Cancel();
  for (Upload& upload : uploads) upload.Finish();
}

TEST(Hgfsd, UploadThatCannotBeStoredIsHeldBack) {
  TestDirectory dir;
  Program program;
  // A fast one first: it must not make the next one's window larger.
  const std::string data(60 << 10, 'x');
  Upload fast(program.handler(), dir / "file");
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(fast.Append(data));
  EXPECT_TRUE(fast.Commit().ok());
  ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
  const int nobody_reads = open((dir / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  Upload slow(program.handler(), dir / "pipe");
  std::atomic<size_t> taken = 0;
  std::thread writer([&] {
    while (slow.Append(data)) taken += data.size();
  });
  size_t before;
  do {
    before = taken;
    usleep(300000);
  } while (taken != before);
  EXPECT_LT(taken, 1u << 20);
  slow.Cancel();
  writer.join();
  EXPECT_FALSE(slow.Finish().ok());
  close(nobody_reads);
}

}  // namespace
}  // namespace toolboxd::hgfsd
