// SPDX-License-Identifier: Apache-2.0

// The host's end of TCLO: greets a guest's channel with `reset`, drives the registration, sends
// `ping`, and hands requests to the guest one at a time (docs/protocol/rpc.md 2.2, 2.3, 2.9).

#ifndef TOOLBOXD_VMXSIM_TCLO_HOST_H_
#define TOOLBOXD_VMXSIM_TCLO_HOST_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "vmxsim/event_log.h"

namespace toolboxd::vmxsim {

struct TcloOptions {
  absl::Duration ping_interval = absl::Seconds(5);
  // Some hosts end requests with a NUL.
  bool nul_terminated = false;
  // Requests after ATR, in order.
  std::vector<std::string> greeting = {"ping", "Capabilities_Register", "Set_Option synctime 0",
                                       "Set_Option broadcastIP 1"};
};

// One request and its outcome. Times that have not come are InfiniteFuture.
struct TcloRequest {
  std::string text;
  // Whether a client sent it, not the registration script or the ping timer.
  bool from_client = false;
  absl::Time enqueued = absl::InfiniteFuture();
  // When it was offered to the guest, its predecessors being done.
  absl::Time offered = absl::InfiniteFuture();
  // When the guest had received all of it.
  absl::Time fetched = absl::InfiniteFuture();
  absl::Time replied = absl::InfiniteFuture();
  std::string reply;
  bool done = false;
  // Not ok where there will be no reply.
  absl::Status status;
};

// How the newest guest got here.
struct RegistrationTimes {
  // When the process that opened the channel was started.
  absl::Time exec = absl::InfiniteFuture();
  absl::Time opened = absl::InfiniteFuture();
  absl::Time atr = absl::InfiniteFuture();
  absl::Time registered = absl::InfiniteFuture();
};

struct TcloCounters {
  uint64_t registrations = 0;
  uint64_t requests = 0;
  uint64_t replies = 0;
  uint64_t pings = 0;
  uint64_t pings_missed = 0;
  uint64_t polls_without_reply = 0;
  // The sums over the requests that were replied to: from the offer until the guest had it, and
  // from there to the reply.
  absl::Duration offer_to_fetch, fetch_to_reply;
};

// Not thread-safe.
class TcloHost {
 public:
  // Offers a message to the guest on a channel, whichever transport it has.
  using Deliver = std::function<void(int channel, std::string message)>;

  // `log` is not owned.
  TcloHost(const TcloOptions& options, Deliver deliver, EventLog* log)
      : options_(options), deliver_(std::move(deliver)), log_(log) {}

  // What happens on TCLO channels. `exec` is when the caller's program began.
  void OnOpen(int channel, absl::Time exec);
  void OnClose(int channel);
  void OnMessage(int channel, absl::string_view message);
  void OnPoll(int channel);
  void OnFetched(int channel, bool accepted);
  // The guest has sent its version: together with ATR, it is registered.
  void OnVersion();

  // Sends pings that are due; call several times a second.
  void Tick(absl::Time now);

  // For the main ("toolbox") channel. Never null; one that cannot be delivered is done at once.
  std::shared_ptr<TcloRequest> Enqueue(absl::string_view text);
  // Withdraws a request that the guest has not been offered yet.
  void Cancel(const std::shared_ptr<TcloRequest>& request);

  // What the guest has fetched and not answered; empty if nothing. Valid until the next call.
  absl::string_view Unanswered(int channel) const;
  // -1 without a main channel.
  int main_channel() const { return main_channel_; }
  bool registered() const {
    return main_channel_ >= 0 && times_.registered != absl::InfiniteFuture();
  }
  // Registered, and the newest answer is not older than three ping intervals.
  bool Responding(absl::Time now) const;
  const RegistrationTimes& times() const { return times_; }
  const TcloCounters& counters() const { return counters_; }
  // The newest requests that are done, oldest first, at most 1000.
  const std::deque<std::shared_ptr<TcloRequest>>& history() const { return history_; }

 private:
  struct Application {
    std::string name;  // empty until ATR
    RegistrationTimes times;
    std::deque<std::shared_ptr<TcloRequest>> waiting;
    std::shared_ptr<TcloRequest> current;
    absl::Time last_reply = absl::InfinitePast();
    absl::Time next_ping = absl::InfiniteFuture();
    bool ping_pending = false;
  };

  void Add(int channel, std::shared_ptr<TcloRequest> request);
  void AddScripted(int channel, absl::string_view text);
  void OfferNext(int channel);
  void Finish(int channel, absl::Status status, absl::string_view reply);
  void OnResetReply(int channel, absl::string_view reply);
  void UpdateRegistered();

  const TcloOptions options_;
  const Deliver deliver_;
  EventLog* log_;
  std::map<int, Application> applications_;
  int main_channel_ = -1;
  bool version_known_ = false;
  RegistrationTimes times_;
  TcloCounters counters_;
  std::deque<std::shared_ptr<TcloRequest>> history_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_TCLO_HOST_H_
