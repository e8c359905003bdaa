// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/standstill.h"

#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "base/testing/short_temp_dir.h"
#include "daemon/testing/running_server.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

class FakeTransport final : public v1::Transport::Service {
 public:
  grpc::Status StandStill(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::StandStillReply, v1::StandStillRequest>* stream) override {
    standing = true;
    stream->Write(v1::StandStillReply());
    v1::StandStillRequest request;
    while (stream->Read(&request)) {
    }
    standing = false;
    return grpc::Status::OK;
  }
  std::atomic<bool> standing{false};
};

TEST(Standstill, LastsAsLongAsTheObject) {
  const ShortTempDir dir;
  FakeTransport service;
  ServerOptions options;
  options.listener.path = dir.File("transportd.sock");
  options.services = {{v1::Transport::service_full_name(), &service}};
  const RunningServer server(std::move(options));
  {
    const Standstill standstill(dir.File("transportd.sock"));
    EXPECT_TRUE(standstill.begun());
    EXPECT_TRUE(service.standing);
  }
  EXPECT_FALSE(service.standing);
}

TEST(Standstill, NeedsNoTransportd) {
  const ShortTempDir dir;
  EXPECT_FALSE(Standstill(dir.File("transportd.sock")).begun());
}

}  // namespace
}  // namespace toolboxd
