// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/trap_floor.h"

#include <poll.h>

#include <cstdio>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/backdoor/port.h"
#include "transportd/hgfs/messages.h"
#include "transportd/hgfs/packet.h"
#include "transportd/rpc/channel.h"
#include "transportd/rpc/poll_policy.h"
#include "transportd/vix/message.h"
#include "transportd/vix/requests.h"
#include "transportd/vsock/linux_system.h"
#include "transportd/vsock/socket_channel.h"

namespace toolboxd::bench {
namespace {

using hgfs::Op;

// A guest that is not asked for this long is left in peace, and leaves the machine in peace.
constexpr absl::Duration kPatience = absl::Milliseconds(10);

constexpr int kHeartbeatMs = 1000;

template <typename Message>
std::string Reply(Op op, const Message& message) {
  hgfs::Packet request;
  request.op = static_cast<uint32_t>(op);
  const std::string packet =
      hgfs::EncodeReply(request, hgfs::Status::kSuccess, hgfs::Encode(op, message));
  return absl::StrCat("OK ", vix::EncodeReply(vix::Error::kOk, packet, /*binary=*/true));
}

class TrapFloor {
 public:
  TrapFloor() {
    hgfs::CreateSessionReply session;
    session.session_id = 1;
    replies_[Op::kCreateSessionV4] = Reply(Op::kCreateSessionV4, session);
    replies_[Op::kDestroySessionV4] = Reply(Op::kDestroySessionV4, hgfs::EmptyReply());
    hgfs::GetattrReply attributes;
    attributes.attributes.size = kTrapFloorFileSize;
    replies_[Op::kGetattrV2] = Reply(Op::kGetattrV2, attributes);
    replies_[Op::kSetattrV2] = Reply(Op::kSetattrV2, hgfs::EmptyReply());
    for (const Op op : {Op::kOpen, Op::kOpenV3}) replies_[op] = Reply(op, hgfs::OpenReply{1});
    replies_[Op::kClose] = Reply(Op::kClose, hgfs::EmptyReply());
    replies_[Op::kWriteV3] = Reply(Op::kWriteV3, hgfs::WriteReply{vmxsim::kTransferChunk});
    const std::string content(vmxsim::kTransferChunk, 'f');
    replies_[Op::kReadV3] = Reply(Op::kReadV3, hgfs::ReadReply{vmxsim::kTransferChunk, content});
    end_of_file_ = Reply(Op::kReadV3, hgfs::ReadReply());
  }

  // Until the channel breaks.
  absl::Status Serve(Channel& channel) {
    absl::string_view reply;
    while (true) {
      // One message is the reply and the next poll, and nothing is between a request and its
      // reply: the order of TcloLoop.
      if (const absl::Status sent = channel.Send(reply); !sent.ok()) return sent;
      const absl::StatusOr<std::string> request = channel.Receive();
      if (!request.ok()) return request.status();
      reply = request->empty() ? "" : Answer(*request);
      if (!request->empty()) continue;
      const int fd = channel.arrival().fd;
      if (fd >= 0) {
        pollfd arrives{fd, POLLIN, 0};
        poll(&arrives, 1, kHeartbeatMs);
      } else if (absl::Now() > at_once_until_) {
        absl::SleepFor(policy_.AfterEmptyPoll(absl::Now()));
      }
    }
  }

 private:
  absl::string_view Answer(absl::string_view request) {
    if (absl::ConsumePrefix(&request, "Vix_1_Relayed_Command ")) {
      policy_.OnCommand(Pace::kGuestOperation, absl::Now());
      at_once_until_ = absl::Now() + kPatience;
      return AnswerPacket(request);
    }
    policy_.OnCommand(Pace::kHeartbeat, absl::Now());
    return absl::StartsWith(request, "reset") ? "OK ATR toolbox" : "OK ";
  }

  absl::string_view AnswerPacket(absl::string_view arguments) {
    vix::Request request;
    vix::HgfsPacketRequest body;
    hgfs::Packet packet;
    if (vix::ParseRelayedCommand(arguments, request) != vix::Error::kOk ||
        vix::Decode(request.body, body) != vix::Error::kOk ||
        !hgfs::DecodePacket(body.packet, packet)) {
      return "ERROR no packet";
    }
    const Op op = static_cast<Op>(packet.op);
    hgfs::ReadRequest read;
    if (op == Op::kReadV3 && hgfs::Decode(op, packet.payload, read) &&
        read.offset >= kTrapFloorFileSize) {
      return end_of_file_;
    }
    const auto reply = replies_.find(op);
    if (reply == replies_.end()) return "ERROR no packet of a transfer";
    return reply->second;
  }

  std::map<Op, std::string> replies_;
  std::string end_of_file_;
  PollPolicy policy_;
  absl::Time at_once_until_ = absl::InfinitePast();
};

}  // namespace

int RunTrapFloor(bool vsock) {
  backdoor::CpuPort port;
  vsock::LinuxSystem system;
  backdoor::MessageChannel messages(&port, backdoor::kProtocolTclo);
  vsock::SocketChannel packets(&system, Protocol::kTclo);
  Channel& channel = vsock ? static_cast<Channel&>(packets) : messages;
  absl::Status status = channel.Open();
  if (status.ok()) status = TrapFloor().Serve(channel);
  std::fprintf(stderr, "trap_floor: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace toolboxd::bench
