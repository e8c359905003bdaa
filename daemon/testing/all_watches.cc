// SPDX-License-Identifier: Apache-2.0

#include "daemon/testing/all_watches.h"

#include "daemon/health.h"
#include "gtest/gtest.h"

namespace toolboxd {

AllWatches::AllWatches(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = grpc::health::v1::Health::NewStub(channel);
  grpc::health::v1::HealthCheckResponse response;
  for (int i = 0; i < HealthService::kMaxWatches; ++i) {
    Watch& watch = watches_.emplace_back();
    watch.stream = stub->Watch(&watch.context, grpc::health::v1::HealthCheckRequest());
    EXPECT_TRUE(watch.stream->Read(&response)) << i;
  }
}

AllWatches::~AllWatches() {
  for (Watch& watch : watches_) watch.context.TryCancel();
  for (Watch& watch : watches_) watch.stream->Finish();
}

}  // namespace toolboxd
