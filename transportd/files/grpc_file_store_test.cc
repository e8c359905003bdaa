// SPDX-License-Identifier: Apache-2.0

// Services that misbehave; transportd/hgfs has the tests with one that does not.

#include "transportd/files/grpc_file_store.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/shared_deadline.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "transportd/sessions/session_channel.h"
#include "transportd/testing/fake_hgfsd.h"
#include "transportd/testing/hostile_service.h"
#include "transportd/testing/service_host.h"

namespace toolboxd::files {
namespace {

using ::toolboxd::testing::FakeHgfsd;
using ::toolboxd::testing::HostileService;
using ::toolboxd::testing::ServiceHost;
using ::toolboxd::testing::Trick;

constexpr absl::Duration kTimeout = absl::Milliseconds(300);
// Far below the sum of the time limits of ten messages.
constexpr absl::Duration kSoon = absl::Milliseconds(1500);
constexpr uint32_t kChunk = 0xF000;

class GrpcFileStoreTest : public ::testing::Test {
 protected:
  void Connect(Trick trick) {
    store_.reset();
    host_.reset();
    service_ = std::make_unique<HostileService>(trick);
    host_ = std::make_unique<ServiceHost>(service_->services());
    Connect(host_->Channel());
  }
  void Connect(std::shared_ptr<grpc::Channel> channel) {
    GrpcFileStoreOptions options;
    options.timeout = kTimeout;
    options.long_timeout = 2 * kTimeout;
    options.on_broken = [this](const absl::Status&) { ++broken_; };
    broken_ = 0;
    store_ = std::make_unique<GrpcFileStore>(std::move(channel), std::move(options));
  }

  // Reads a packet as ReadFile does, for one request. The number of bytes before its end.
  absl::StatusOr<size_t> ReadPacket() {
    const SharedDeadline request;
    auto stream = store_->OpenRead("/f", 0, kChunk, nullptr);
    if (!stream.ok()) return stream.status();
    size_t bytes = 0;
    while (bytes < kChunk) {
      absl::StatusOr<std::string> chunk = (*stream)->Next();
      if (!chunk.ok()) return chunk.status();
      if (chunk->empty()) break;
      bytes += chunk->size();
    }
    return bytes;
  }

  std::unique_ptr<HostileService> service_;
  std::unique_ptr<ServiceHost> host_;
  std::unique_ptr<GrpcFileStore> store_;
  int broken_ = 0;
};

TEST_F(GrpcFileStoreTest, MessagesWithLittleContentEndAStreamAndItsConnection) {
  for (const Trick trick : {Trick::kEmptyChunks, Trick::kByteAtATime}) {
    Connect(trick);
    const absl::StatusOr<size_t> read = ReadPacket();
    EXPECT_TRUE(absl::StrContains(read.status().message(), "too many messages")) << read.status();
    EXPECT_EQ(broken_, 1);
  }
}

TEST_F(GrpcFileStoreTest, MessagesOfARequestShareItsTimeLimit) {
  for (const Trick trick : {Trick::kTrickleOfNothing, Trick::kTrickleOfBytes, Trick::kSilence,
                            Trick::kAnswerAfterCancel}) {
    Connect(trick);
    const absl::Time begin = absl::Now();
    EXPECT_TRUE(absl::IsDeadlineExceeded(ReadPacket().status())) << static_cast<int>(trick);
    EXPECT_LT(absl::Now() - begin, kSoon) << static_cast<int>(trick);
    EXPECT_EQ(broken_, 1);
  }
}

TEST_F(GrpcFileStoreTest, OneCallOfNextHasOneTimeLimitToo) {
  Connect(Trick::kTrickleOfNothing);
  auto stream = store_->OpenRead("/f", 0, kChunk, nullptr);
  ASSERT_TRUE(stream.ok());
  const absl::Time begin = absl::Now();
  EXPECT_TRUE(absl::IsDeadlineExceeded((*stream)->Next().status()));
  EXPECT_LT(absl::Now() - begin, kSoon);
}

TEST_F(GrpcFileStoreTest, WrongOrderAndOversizedChunksEndTheConnection) {
  struct {
    Trick trick;
    const char* why;
  } const cases[] = {
      {Trick::kAttributesAmidContent, "attributes amid its content"},
      {Trick::kContentFirst, "did not begin the download"},
      {Trick::kNothing, "did not begin the download"},
      {Trick::kLargeChunk, "125000 bytes at a time"},
  };
  for (const auto& [trick, why] : cases) {
    Connect(trick);
    const absl::Status status = ReadPacket().status();
    EXPECT_TRUE(absl::StrContains(status.message(), why)) << status;
    EXPECT_EQ(broken_, 1) << why;
  }
}

TEST_F(GrpcFileStoreTest, FaultThatIsFoundAheadIsReturnedByTheNextCall) {
  Connect(Trick::kLargeChunk);
  auto stream = store_->OpenRead("/f", 0, kChunk, nullptr);
  ASSERT_TRUE(stream.ok());
  for (int i = 0; i < 500 && broken_ == 0; ++i) {
    EXPECT_EQ((*stream)->NextIfReady(), std::nullopt);
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(broken_, 1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(absl::StrContains((*stream)->Next().status().message(), "bytes at a time"));
  }
  EXPECT_EQ((*stream)->NextIfReady(), std::nullopt);
}

TEST_F(GrpcFileStoreTest, ListsOfMoreEntriesThanRequestedAreRefused) {
  Connect(Trick::kManyEntries);
  for (const uint32_t limit : {0, 512}) {
    v1::ListFilesRequest request;
    request.set_limit(limit);
    EXPECT_TRUE(absl::StrContains(store_->List(request).status().message(), "lists 60000 entries"));
  }
  EXPECT_EQ(broken_, 2);
}

TEST_F(GrpcFileStoreTest, LargeRepliesAreNotTakenIn) {
  Connect(Trick::kLargeReply);
  EXPECT_TRUE(absl::IsResourceExhausted(store_->Stat("/f").status()));
  EXPECT_TRUE(absl::IsResourceExhausted(store_->CheckRead("/f").status()));
  EXPECT_TRUE(absl::IsResourceExhausted(store_->List(v1::ListFilesRequest()).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(ReadPacket().status()));
}

TEST_F(GrpcFileStoreTest, UploadsThatAreNotTakenEndWithinTheirTimeLimits) {
  for (const Trick trick : toolboxd::testing::kTricks) {
    Connect(trick);
    const absl::Time begin = absl::Now();
    const SharedDeadline request;
    v1::OpenForWriting open;
    auto stream = store_->OpenWrite(open);
    absl::Status status = stream.status();
    v1::WriteChunk chunk;
    chunk.set_data(std::string(kMaxWriteBytes, 'x'));
    for (int i = 0; i < 50 && status.ok(); ++i) status = (*stream)->Write(chunk);
    if (status.ok()) status = (*stream)->Commit(std::nullopt, {});
    EXPECT_FALSE(status.ok()) << static_cast<int>(trick);
    EXPECT_LT(absl::Now() - begin, kSoon) << static_cast<int>(trick);
  }
}

// Passes bytes on between a client and a service, and closes both connections once the service
// has sent a number of bytes.
class CutConnection {
 public:
  CutConnection(ServiceHost& host, size_t cut) : left_(cut), service_(host.Connect()) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    client_ = ends[0];
    near_.reset(ends[1]);
    thread_ = std::thread([this] { Run(); });
  }
  ~CutConnection() {
    shutdown(near_.get(), SHUT_RDWR);
    thread_.join();
  }

  // The client's end, which the caller owns.
  int client() const { return client_; }
  size_t left() const { return left_; }

 private:
  void Run() {
    std::array<pollfd, 2> items = {{{near_.get(), POLLIN, 0}, {service_.get(), POLLIN, 0}}};
    while (left_ > 0 && poll(items.data(), items.size(), -1) > 0) {
      std::array<char, 4096> buffer;
      if (items[0].revents != 0) {
        const ssize_t got = read(near_.get(), buffer.data(), buffer.size());
        if (got <= 0 || write(service_.get(), buffer.data(), got) != got) break;
      }
      if (items[1].revents != 0) {
        const ssize_t got =
            read(service_.get(), buffer.data(), std::min(buffer.size(), left_.load()));
        if (got <= 0 || write(near_.get(), buffer.data(), got) != got) break;
        left_ -= got;
      }
    }
    shutdown(near_.get(), SHUT_RDWR);
    shutdown(service_.get(), SHUT_RDWR);
  }

  std::atomic<size_t> left_;
  UniqueFd service_;
  int client_ = -1;
  UniqueFd near_;
  std::thread thread_;
};

// A download, a list and an upload over a connection that ends after a number of bytes of the
// service. Returns whether all of them succeeded, and how many bytes were left.
std::pair<bool, size_t> UseUntilCut(ServiceHost& host, size_t cut) {
  CutConnection connection(host, cut);
  GrpcFileStoreOptions options;
  options.timeout = absl::Seconds(10);
  GrpcFileStore store(MakeSessionChannel(connection.client()), options);
  const absl::Time begin = absl::Now();
  bool ok = true;
  auto reading = store.OpenRead("/tmp/f", 0, kChunk, nullptr);
  absl::StatusOr<std::string> content = reading.ok() ? (*reading)->Next() : reading.status();
  ok = ok && content.ok() && content->size() == 100 && (*reading)->Next().ok();
  v1::ListFilesRequest request;
  request.set_path("/tmp");
  request.set_limit(10);
  ok = ok && store.List(request).ok();
  v1::OpenForWriting open;
  open.set_path("/tmp/new");
  open.set_mode(v1::OpenForWriting::CREATE_OR_TRUNCATE);
  auto writing = ok ? store.OpenWrite(open) : absl::InternalError("not tried");
  ok = ok && writing.ok() && (*writing)->Commit(std::nullopt, {}).ok();
  // The end of a connection is noticed at once.
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5)) << cut;
  return {ok, connection.left()};
}

TEST_F(GrpcFileStoreTest, ConnectionThatEndsAtAnyPointIsAnErrorAtOnce) {
  FakeHgfsd hgfsd;
  hgfsd.Put("/tmp/f", std::string(100, 'x'));
  ServiceHost host({hgfsd.files(), hgfsd.handler()});
  constexpr size_t kPlenty = 100000;
  const auto [ok, left] = UseUntilCut(host, kPlenty);
  ASSERT_TRUE(ok);
  const size_t all = kPlenty - left;
  size_t failed = 0;
  size_t tried = 0;
  for (size_t cut = 1; cut < all; cut += 9, ++tried) failed += !UseUntilCut(host, cut).first;
  // After the last reply some bytes may still come.
  EXPECT_GE(failed + 10, tried);
  EXPECT_GT(tried, 20u);
  EXPECT_TRUE(UseUntilCut(host, kPlenty).first);
}

}  // namespace
}  // namespace toolboxd::files
