#include "tests/bench/trap_floor.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/backdoor/port.h"
#include "transportd/rpc/poll_policy.h"

namespace toolboxd::bench {
namespace {

constexpr char kAtOnce[] = "trap_floor at_once ", kPaced[] = "trap_floor paced ";
// A guest that is not asked for this long is left in peace, and leaves the machine in peace.
constexpr absl::Duration kPatience = absl::Milliseconds(10);

class TrapFloor {
 public:
  // Until the channel breaks.
  absl::Status Serve(backdoor::MessageChannel& channel) {
    absl::string_view reply;
    while (true) {
      // One message is the reply and the next poll, and nothing is between a request and its
      // reply: the order of TcloLoop.
      if (const absl::Status sent = channel.Send(reply); !sent.ok()) return sent;
      const absl::StatusOr<std::string> request = channel.Receive();
      if (!request.ok()) return request.status();
      reply = request->empty() ? "" : Answer(*request);
      if (request->empty() && absl::Now() > at_once_until_)
        absl::SleepFor(policy_.AfterEmptyPoll(absl::Now()));
    }
  }

 private:
  absl::string_view Answer(absl::string_view request) {
    const bool at_once = absl::ConsumePrefix(&request, kAtOnce);
    size_t size = 0;
    if ((at_once || absl::ConsumePrefix(&request, kPaced)) &&
        absl::SimpleAtoi(request.substr(0, request.find(' ')), &size)) {
      policy_.AfterCommand(Pace::kGuestOperation, absl::Now());
      at_once_until_ = at_once ? absl::Now() + kPatience : absl::InfinitePast();
      return absl::string_view(payload_).substr(0, size);
    }
    policy_.AfterCommand(Pace::kHeartbeat, absl::Now());
    return absl::StartsWith(request, "reset") ? "OK ATR toolbox" : "OK ";
  }

  const std::string payload_ = "OK " + std::string(backdoor::kMaxMessageSize - 3, 'f');
  PollPolicy policy_;
  absl::Time at_once_until_ = absl::InfinitePast();
};

}  // namespace

std::string TrapFloorRequest(size_t size, size_t reply_size, Polling polling) {
  std::string request =
      absl::StrCat(polling == Polling::kAtOnce ? kAtOnce : kPaced, reply_size, " ");
  request.resize(std::max(size, request.size()), 'r');
  return request;
}

int RunTrapFloor() {
  backdoor::CpuPort port;
  backdoor::MessageChannel channel(&port, backdoor::kProtocolTclo);
  absl::Status status = channel.Open();
  if (status.ok()) status = TrapFloor().Serve(channel);
  std::fprintf(stderr, "trap_floor: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace toolboxd::bench
