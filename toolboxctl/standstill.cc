// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/standstill.h"

#include "daemon/channel.h"

namespace toolboxd {
namespace {

// The limit that proto/toolboxd/v1/transport.proto states.
constexpr absl::Duration kLimit = absl::Minutes(2);

}  // namespace

Standstill::Standstill(const std::string& socket)
    : stub_(v1::Transport::NewStub(ConnectUnix(socket))) {
  SetTimeout(kLimit, &context_);
  stream_ = stub_->StandStill(&context_);
  v1::StandStillReply reply;
  begun_ = stream_->Read(&reply);
}

Standstill::~Standstill() {
  // Its end, not its result, is what counts.
  stream_->WritesDone();
  stream_->Finish();
}

}  // namespace toolboxd
