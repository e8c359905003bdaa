// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_channel.h"

#include <sys/prctl.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/steady_time.h"
#include "transportd/trace/trace_event.h"

namespace toolboxd {
namespace {

// A thread that sleeps for a host that pushes shows all the same that it lives.
constexpr absl::Duration kLongestSleep = absl::Seconds(10);

// The one line of a refused command, with the command's name or what stands in its place. Those of
// extensions are limited by themselves.
void LogRefusal(absl::string_view request, const TcloReply& reply) {
  LogLimited(reply.origin.empty() ? "refused request" : "extension", "host command \"",
             request.substr(0, 40), "\" was answered with an error: ", reply.origin,
             reply.origin.empty() ? "" : ": ", reply.data);
}

}  // namespace

GuestChannel::GuestChannel(Channel* rpci, Channel* tclo, const Router* router, TaskQueue* queue,
                           StatusBoard* board, trace::TraceHub* trace)
    : router_(*router),
      queue_(*queue),
      board_(*board),
      trace_(*trace),
      rpci_(rpci),
      tclo_channel_(*tclo),
      tclo_(tclo, {.answer = [this](absl::string_view request) { return Answer(request); },
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
  if (std::string channel = rpci_.Describe(); channel != rpci_channel_) {
    rpci_channel_ = std::move(channel);
    board_.SetRpciChannel(rpci_channel_);
  }
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
  } while (queue_.RunUntil(SteadyNow() + std::min(delay, kLongestSleep), tclo_.fd()));
}

bool GuestChannel::Alive(absl::Duration patience) const {
  const int64_t last = last_round_.load();
  return last == 0 || SteadyNow() - absl::FromUnixNanos(last) < patience;
}

TcloReply GuestChannel::Answer(absl::string_view request) {
  board_.Count("requests");
  // With the first command there is more to say of the channel, such as its bandwidth.
  if (commands_++ == 0) ReportChannel();
  const absl::Time begin = SteadyNow();
  TcloReply reply = router_.Dispatch(request);
  const absl::Duration time = SteadyNow() - begin;
  board_.requests().Record(request, reply.ok, time);
  if (trace_.listening()) trace_.Publish(trace::DescribeCommand(request, reply), time);
  if (!reply.ok) {
    board_.Count("refused_requests");
    LogRefusal(request, reply);
  }
  if (reply.pace != Pace::kHeartbeat) TrimMemoryLater();
  return reply;
}

void GuestChannel::TrimMemoryLater() {
  trim_.Used(SteadyNow());
  if (trim_task_at_ > trim_.due()) PostTrim();
}

void GuestChannel::PostTrim() {
  trim_task_at_ = trim_.due();
  queue_.PostAt(trim_task_at_, [this, at = trim_task_at_] {
    if (at == trim_task_at_) TrimMemory();
  });
}

void GuestChannel::TrimMemory() {
  if (SteadyNow() >= trim_.due()) {
    TrimStartupMemory();
    trim_.Done(SteadyNow());
  }
  PostTrim();
}

void GuestChannel::ReportChannel() {
  board_.SetChannel(tclo_channel_.Describe(), tclo_channel_.Reason());
}

// In the log, when it is another one than the last time.
void GuestChannel::NameTransport() {
  const std::string described = tclo_channel_.Describe();
  std::string name = described.substr(0, described.find(','));
  if (name == named_) return;
  const std::string reason = tclo_channel_.Reason();
  if (name == "vsock") {
    LogTextLimited(LogLevel::kNotice, "transport vsock", "guest RPC goes over vsock");
  } else {
    LogTextLimited(LogLevel::kNotice, "transport backdoor",
                   absl::StrCat("guest RPC goes over the ", name,
                                reason.empty() ? "" : "; not over vsock: ", reason));
  }
  if (!named_.empty()) board_.Count("transport_changes");
  named_ = std::move(name);
}

void GuestChannel::OnOpen() {
  board_.Count("channels_opened");
  commands_ = 0;
  ReportChannel();
  NameTransport();
  Started();
}

void GuestChannel::OnHostReset() {
  if (commands_ <= 1) return;
  tclo_channel_.ExpectChange();
  absl::MutexLock lock(&rpci_mutex_);
  rpci_.ExpectChange();
}

void GuestChannel::OnTransportChanged() {
  board_.Count("channels_opened");
  commands_ = 0;
  ReportChannel();
  NameTransport();
  ResetRpci();
}

void GuestChannel::ResetRpci() {
  absl::MutexLock lock(&rpci_mutex_);
  rpci_.Reset();
}

void GuestChannel::OnError(const absl::Status& error) {
  board_.Count("channel_errors");
  board_.SetChannel("", error.message());
  board_.SetRegistered(false);
  // Both channels are reopened: what broke one has usually broken the other.
  ResetRpci();
  LogLimited("channel", "the channel to the host failed; it is opened again: ", error.message());
  if (on_broken_) on_broken_();
  Started();
}

void GuestChannel::Started() {
  if (on_started_) std::exchange(on_started_, nullptr)();
}

}  // namespace toolboxd
