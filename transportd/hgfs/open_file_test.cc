// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/open_file.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace toolboxd::hgfs {
namespace {

constexpr size_t kChunk = 0xF000;

absl::Status NotHere() { return absl::UnimplementedError("not in this test"); }

// What the streams of a store were asked, and what they answer.
struct Streams {
  std::string content;
  size_t chunk = kChunk;
  // Chunks that are there without waiting.
  int ready = 0;
  std::vector<std::string> calls;
  absl::Status read_status;
  bool writable = true;
  std::string written;
  absl::Status written_status;
  absl::Status commit_status;
};

class FakeReadStream final : public files::ReadStream {
 public:
  FakeReadStream(Streams* streams, uint64_t offset) : streams_(*streams), offset_(offset) {}

  absl::StatusOr<std::string> Next() override {
    streams_.calls.push_back("next");
    if (!streams_.read_status.ok()) return streams_.read_status;
    return Take();
  }
  std::optional<std::string> NextIfReady() override {
    if (streams_.ready == 0 || offset_ >= streams_.content.size()) return std::nullopt;
    --streams_.ready;
    streams_.calls.push_back("ahead");
    return Take();
  }

 private:
  std::string Take() {
    if (offset_ >= streams_.content.size()) return "";
    std::string chunk = streams_.content.substr(offset_, streams_.chunk);
    offset_ += chunk.size();
    return chunk;
  }

  Streams& streams_;
  uint64_t offset_;
};

class FakeWriteStream final : public files::WriteStream {
 public:
  explicit FakeWriteStream(Streams* streams) : streams_(*streams) {}

  absl::Status Write(v1::WriteChunk chunk) override {
    streams_.calls.push_back("write");
    streams_.written += chunk.data();
    return streams_.written_status;
  }
  bool Writable() override { return streams_.writable; }
  absl::Status Commit(std::optional<v1::WriteChunk> last,
                      const v1::FileAttributes& attributes) override {
    streams_.calls.push_back(attributes.has_permissions() ? "commit with permissions" : "commit");
    if (last.has_value()) streams_.written += last->data();
    return streams_.commit_status;
  }

 private:
  Streams& streams_;
};

class FakeStore final : public files::FileStore {
 public:
  explicit FakeStore(Streams* streams) : streams_(streams) {}

  absl::StatusOr<std::unique_ptr<files::ReadStream>> OpenRead(absl::string_view, uint64_t offset,
                                                              uint32_t, v1::FileInfo*) override {
    return std::make_unique<FakeReadStream>(streams_, offset);
  }
  absl::StatusOr<std::unique_ptr<files::WriteStream>> OpenWrite(
      const v1::OpenForWriting&) override {
    return std::make_unique<FakeWriteStream>(streams_);
  }
  absl::StatusOr<v1::FileInfo> Stat(absl::string_view) override { return NotHere(); }
  absl::Status SetAttributes(absl::string_view, const v1::FileAttributes&) override {
    return NotHere();
  }
  absl::StatusOr<v1::ListFilesReply> List(const v1::ListFilesRequest&) override {
    return NotHere();
  }
  absl::Status MakeDirectory(absl::string_view, uint32_t) override { return NotHere(); }
  absl::Status DeleteFile(absl::string_view) override { return NotHere(); }
  absl::Status DeleteDirectory(absl::string_view) override { return NotHere(); }
  absl::Status Rename(absl::string_view, absl::string_view, bool) override { return NotHere(); }
  absl::StatusOr<v1::Volume> GetVolume(absl::string_view) override { return NotHere(); }

 private:
  Streams* const streams_;
};

using Calls = std::vector<std::string>;

class OpenFileTest : public testing::Test {
 protected:
  OpenFileTest() {
    for (const char byte : {'a', 'b', 'c'}) streams_.content.append(kChunk, byte);
    auto reading = ReadFile::Open(store_, "/f");
    auto writing = WriteFile::Open(store_, v1::OpenForWriting());
    EXPECT_TRUE(reading.ok() && writing.ok());
    read_ = *std::move(reading);
    write_ = *std::move(writing);
  }
  // The first byte of a packet there, which is of one kind.
  char ReadAt(uint64_t offset) {
    const absl::StatusOr<std::string> data = read_->Read(offset, kChunk);
    EXPECT_TRUE(data.ok() && data->size() == kChunk);
    return data.ok() && !data->empty() ? data->front() : 0;
  }

  Streams streams_;
  const std::shared_ptr<FakeStore> store_ = std::make_shared<FakeStore>(&streams_);
  std::unique_ptr<ReadFile> read_;
  std::unique_ptr<WriteFile> write_;
};

TEST_F(OpenFileTest, ChunkReadAheadIsTheNextPacket) {
  streams_.ready = 1;
  EXPECT_EQ(ReadAt(0), 'a');
  read_->ReadAhead();
  // One is enough.
  streams_.ready = 1;
  read_->ReadAhead();
  EXPECT_EQ(ReadAt(kChunk), 'b');
  EXPECT_EQ(streams_.calls, (Calls{"next", "ahead"}));
  EXPECT_EQ(ReadAt(2 * kChunk), 'c');
  EXPECT_EQ(read_->Read(3 * kChunk, kChunk).value(), "");
}

TEST_F(OpenFileTest, ChunkOfTwoPacketsIsReturnedOneByOne) {
  streams_.chunk = 2 * kChunk;
  EXPECT_EQ(ReadAt(0), 'a');
  streams_.ready = 1;
  read_->ReadAhead();
  EXPECT_EQ(ReadAt(kChunk), 'b');
  EXPECT_EQ(streams_.calls, (Calls{"next"}));
  read_->ReadAhead();
  EXPECT_EQ(ReadAt(2 * kChunk), 'c');
  EXPECT_EQ(streams_.calls, (Calls{"next", "ahead"}));
  EXPECT_EQ(read_->Read(3 * kChunk, kChunk).value(), "");
}

TEST_F(OpenFileTest, ChunkIsCutAtAnySize) {
  EXPECT_EQ(read_->Read(0, 1).value(), "a");
  EXPECT_EQ(read_->Read(1, kChunk).value(), streams_.content.substr(1, kChunk));
  EXPECT_EQ(read_->Read(1 + kChunk, 3 * kChunk).value(), streams_.content.substr(1 + kChunk));
  EXPECT_EQ(read_->Read(3 * kChunk, 1).value(), "");
}

TEST_F(OpenFileTest, ChunkReadAheadIsDiscardedAtAnotherOffset) {
  EXPECT_EQ(ReadAt(0), 'a');
  streams_.ready = 1;
  read_->ReadAhead();
  EXPECT_EQ(ReadAt(2 * kChunk), 'c');
  EXPECT_EQ(ReadAt(kChunk), 'b');
  streams_.ready = 1;
  read_->ReadAhead();
  EXPECT_EQ(ReadAt(0), 'a');
}

TEST_F(OpenFileTest, ReadWaitsForAChunkThatHasNotArrived) {
  EXPECT_EQ(ReadAt(0), 'a');
  read_->ReadAhead();
  EXPECT_EQ(ReadAt(kChunk), 'b');
  EXPECT_EQ(streams_.calls, (Calls{"next", "next"}));
}

TEST_F(OpenFileTest, WriteIsFlushedOnceTheStreamIsReady) {
  EXPECT_TRUE(write_->Write(0, true, "a").ok());
  streams_.writable = false;
  write_->FlushIfReady();
  EXPECT_EQ(streams_.written, "");
  streams_.writable = true;
  write_->FlushIfReady();
  write_->FlushIfReady();
  EXPECT_EQ(streams_.written, "a");
  EXPECT_EQ(streams_.calls, (Calls{"write"}));
}

TEST_F(OpenFileTest, WriteThatWasNotFlushedGoesWithTheNextOrTheCommit) {
  v1::FileAttributes attributes;
  attributes.set_permissions(0600);
  EXPECT_TRUE(write_->Write(0, true, "a").ok());
  EXPECT_TRUE(write_->Write(0, true, "b").ok());
  EXPECT_EQ(streams_.written, "a");
  EXPECT_TRUE(write_->SetAttributes(attributes).ok());
  EXPECT_TRUE(write_->Close().ok());
  EXPECT_EQ(streams_.written, "ab");
  EXPECT_EQ(streams_.calls, (Calls{"write", "commit with permissions"}));
}

TEST_F(OpenFileTest, FailureOfADeferredWriteIsReturnedByAllLaterCalls) {
  streams_.written_status = absl::ResourceExhaustedError("full");
  EXPECT_TRUE(write_->Write(0, true, "a").ok());
  write_->FlushIfReady();
  EXPECT_EQ(write_->Write(0, true, "b"), streams_.written_status);
  EXPECT_EQ(write_->SetAttributes(v1::FileAttributes()), streams_.written_status);
  EXPECT_EQ(write_->Close(), streams_.written_status);
  EXPECT_EQ(streams_.calls, (Calls{"write"}));
}

// The host may close it minutes later, and a session that is held has a process.
TEST_F(OpenFileTest, FailedUploadHoldsNoSession) {
  read_.reset();
  EXPECT_GT(store_.use_count(), 1);
  streams_.written_status = absl::DeadlineExceededError("no answer");
  EXPECT_TRUE(write_->Write(0, true, "a").ok());
  write_->FlushIfReady();
  EXPECT_EQ(store_.use_count(), 1);
  write_->FlushIfReady();
  EXPECT_EQ(write_->Write(0, true, "b"), streams_.written_status);
  EXPECT_EQ(write_->Close(), streams_.written_status);
}

TEST_F(OpenFileTest, UploadThatFailsWithItsCommitHoldsNoSession) {
  read_.reset();
  streams_.commit_status = absl::UnavailableError("gone");
  EXPECT_TRUE(write_->Write(0, true, "a").ok());
  EXPECT_EQ(write_->Close(), streams_.commit_status);
  EXPECT_EQ(store_.use_count(), 1);
}

TEST_F(OpenFileTest, DownloadWhoseServiceIsLostHoldsNoSession) {
  write_.reset();
  EXPECT_EQ(ReadAt(0), 'a');
  streams_.read_status = absl::DeadlineExceededError("no answer");
  EXPECT_EQ(read_->Read(kChunk, kChunk).status(), streams_.read_status);
  EXPECT_EQ(store_.use_count(), 1);
  read_->ReadAhead();
  EXPECT_EQ(read_->Read(0, kChunk).status(), streams_.read_status);
  EXPECT_EQ(streams_.calls, (Calls{"next", "next"}));
}

TEST_F(OpenFileTest, DownloadThatCannotReadAPlaceReadsAnother) {
  streams_.read_status = absl::DataLossError("bad sector");
  EXPECT_FALSE(read_->Read(kChunk, kChunk).ok());
  streams_.read_status = absl::OkStatus();
  EXPECT_EQ(ReadAt(0), 'a');
}

}  // namespace
}  // namespace toolboxd::hgfs
