// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/service.h"

#include <memory>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

v1::GuestInfoSnapshot Named(const std::string& name) {
  v1::GuestInfoSnapshot snapshot;
  snapshot.set_host_name(name);
  return snapshot;
}

class GuestInfoServiceTest : public ::testing::Test {
 protected:
  GuestInfoServiceTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = v1::GuestInfo::NewStub(server_->InProcessChannel(grpc::ChannelArguments()));
  }
  ~GuestInfoServiceTest() override {
    hub_.Close();
    server_->Shutdown();
  }

  struct Stream {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::GuestInfoSnapshot>> reader;
  };
  std::unique_ptr<Stream> Watch() {
    auto stream = std::make_unique<Stream>();
    stream->reader = stub_->Watch(&stream->context, v1::WatchGuestInfoRequest());
    return stream;
  }
  static std::string Next(Stream& stream) {
    v1::GuestInfoSnapshot snapshot;
    return stream.reader->Read(&snapshot) ? snapshot.host_name() : "(end)";
  }

  SnapshotHub hub_{2};
  GuestInfoService service_{hub_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::GuestInfo::Stub> stub_;
};

TEST_F(GuestInfoServiceTest, GetReturnsTheNewestSnapshot) {
  grpc::ClientContext early;
  v1::GuestInfoSnapshot snapshot;
  EXPECT_EQ(stub_->Get(&early, v1::GetGuestInfoRequest(), &snapshot).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  hub_.Publish(Named("a"));
  grpc::ClientContext context;
  EXPECT_TRUE(stub_->Get(&context, v1::GetGuestInfoRequest(), &snapshot).ok());
  EXPECT_EQ(snapshot.host_name(), "a");
}

TEST_F(GuestInfoServiceTest, WatchSendsTheWholeSnapshotFirstAndThenChanges) {
  hub_.Publish(Named("a"));
  const auto stream = Watch();
  EXPECT_EQ(Next(*stream), "a");
  hub_.Publish(Named("b"));
  EXPECT_EQ(Next(*stream), "b");
  stream->context.TryCancel();
  EXPECT_EQ(stream->reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(GuestInfoServiceTest, WatchEndsWithTheServer) {
  hub_.Publish(Named("a"));
  const auto stream = Watch();
  EXPECT_EQ(Next(*stream), "a");
  hub_.Close();
  EXPECT_EQ(Next(*stream), "(end)");
  EXPECT_EQ(stream->reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(GuestInfoServiceTest, WatchesAreLimited) {
  hub_.Publish(Named("a"));
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 2; ++i) {
    streams.push_back(Watch());
    EXPECT_EQ(Next(*streams.back()), "a");
  }
  const auto third = Watch();
  EXPECT_EQ(Next(*third), "(end)");
  EXPECT_EQ(third->reader->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (const auto& stream : streams) stream->context.TryCancel();
}

// A client that comes back again and again finds its earlier streams gone, although nothing
// changed meanwhile.
TEST_F(GuestInfoServiceTest, CancelledWatchesFreeTheirPlaces) {
  hub_.Publish(Named("a"));
  for (int i = 0; i < 20; ++i) {
    const auto stream = Watch();
    EXPECT_EQ(Next(*stream), "a");
    stream->context.TryCancel();
    stream->reader->Finish();
  }
}

}  // namespace
}  // namespace toolboxd::guestinfod
