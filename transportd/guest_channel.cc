// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_channel.h"

#include <sys/prctl.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/steady_time.h"
#include "transportd/trace/trace_event.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kQuietTime = absl::Seconds(2);

}  // namespace

GuestChannel::GuestChannel(backdoor::Port* port, const Router* router, TaskQueue* queue,
                           StatusBoard* board, trace::TraceHub* trace)
    : router_(*router),
      queue_(*queue),
      board_(*board),
      trace_(*trace),
      rpci_(port),
      tclo_(port, {.answer = [this](absl::string_view request) { return Answer(request); },
                   .on_open = [this] { OnOpen(); },
                   .on_error = [this](const absl::Status& error) { OnError(error); }}) {}

RpciSend GuestChannel::rpci() {
  return [this](absl::string_view request) {
    const absl::Time begin = SteadyNow();
    absl::StatusOr<RpciReply> reply = Send(request);
    if (trace_.listening()) {
      trace_.Publish(trace::DescribeRequest(request, reply), SteadyNow() - begin);
    }
    return reply;
  };
}

absl::StatusOr<RpciReply> GuestChannel::Send(absl::string_view request) {
  absl::MutexLock lock(&rpci_mutex_);
  absl::StatusOr<RpciReply> reply = rpci_.Send(request);
  board_.Count("rpci_requests");
  if (!reply.ok()) board_.Count("rpci_errors");
  return reply;
}

void GuestChannel::Run() {
  // The kernel may wake a thread up to 50 us late, half of the shortest pause between two polls.
  prctl(PR_SET_TIMERSLACK, 1000);
  absl::Duration delay;
  do {
    last_round_ = absl::ToUnixNanos(SteadyNow());
    delay = tclo_.Poll();
    board_.Count("polls");
  } while (queue_.RunUntil(SteadyNow() + delay));
}

bool GuestChannel::Alive(absl::Duration patience) const {
  const int64_t last = last_round_.load();
  return last == 0 || SteadyNow() - absl::FromUnixNanos(last) < patience;
}

TcloReply GuestChannel::Answer(absl::string_view request) {
  board_.Count("requests");
  ReportBandwidth();
  const absl::Time begin = SteadyNow();
  TcloReply reply = router_.Dispatch(request);
  const absl::Duration time = SteadyNow() - begin;
  board_.requests().Record(request, reply.ok, time);
  if (trace_.listening()) trace_.Publish(trace::DescribeCommand(request, reply), time);
  if (!reply.ok) {
    board_.Count("refused_requests");
    // The command's name, or what stands in its place.
    LogLimited("refused request", "host command \"", absl::CHexEscape(request.substr(0, 40)),
               "\" was answered with an error: ", absl::CHexEscape(reply.data));
  }
  if (reply.pace != Pace::kHeartbeat) TrimMemoryLater();
  return reply;
}

void GuestChannel::TrimMemoryLater() {
  const bool posted = trim_at_ != absl::InfiniteFuture();
  trim_at_ = SteadyNow() + kQuietTime;
  if (!posted) queue_.PostAt(trim_at_, [this] { TrimMemory(); });
}

void GuestChannel::TrimMemory() {
  if (SteadyNow() < trim_at_) {
    queue_.PostAt(trim_at_, [this] { TrimMemory(); });
    return;
  }
  trim_at_ = absl::InfiniteFuture();
  TrimStartupMemory();
}

void GuestChannel::ReportBandwidth() {
  if (bandwidth_reported_) return;
  bandwidth_reported_ = true;
  board_.SetChannel(tclo_.high_bandwidth() ? "backdoor, high bandwidth"
                                           : "backdoor, low bandwidth");
}

void GuestChannel::OnOpen() {
  board_.Count("channels_opened");
  board_.SetChannel("backdoor");
  bandwidth_reported_ = false;
  Started();
}

void GuestChannel::OnError(const absl::Status& error) {
  board_.Count("channel_errors");
  board_.SetChannel("");
  board_.SetRegistered(false);
  // Both channels are reopened: what broke one has usually broken the other.
  {
    absl::MutexLock lock(&rpci_mutex_);
    rpci_.Reset();
  }
  LogLimited("channel", "the channel to the host failed; it is opened again: ", error.message());
  if (on_broken_) on_broken_();
  Started();
}

void GuestChannel::Started() {
  if (on_started_) std::exchange(on_started_, nullptr)();
}

}  // namespace toolboxd
