// SPDX-License-Identifier: Apache-2.0

#include "transportd/power_client.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/steady_time.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/power.grpc.pb.h"
#include "transportd/first_result.h"

namespace toolboxd {
namespace {

constexpr char kService[] = "powerd";
// Meanwhile the host waits, and its `ping` is not answered.
constexpr absl::Duration kStartTime = absl::Seconds(2);
// The guest registers before the boot has come to powerd, whose socket then accepts and does not
// answer: gRPC gives such a connection up after 20 s. A power-on is tried again for the time that a
// boot may take, with this pause; a later one would run scripts of a start that is long over.
constexpr absl::Duration kBootTime = absl::Minutes(5);
constexpr absl::Duration kTryAgain = absl::Seconds(1);

v1::PowerEvent ToProto(PowerState state) {
  switch (state) {
    case PowerState::kHalt:
      return v1::HALT;
    case PowerState::kReboot:
      return v1::REBOOT;
    case PowerState::kPowerOn:
      return v1::POWER_ON;
    case PowerState::kResume:
      return v1::RESUME;
    case PowerState::kSuspend:
      return v1::SUSPEND;
  }
  return v1::POWER_EVENT_UNSPECIFIED;
}

}  // namespace

// Shared by the channel's thread and the event's thread.
struct PowerClient::Event {
  // What the channel's thread does about the start.
  enum class Starter {
    kWaits,
    // The host has an error.
    kHasGivenUp,
    // The host knows that the event has begun; of a power-on only.
    kHasGoneAhead,
  };

  PowerState state;
  bool hooks;
  HooksFinished finished;
  // The result of the start.
  FirstResult<absl::Status> started;

  absl::Mutex mutex;
  // Holds the connection; only the event's thread uses it without the mutex.
  std::unique_ptr<grpc::ClientContext> context = std::make_unique<grpc::ClientContext>();
  // The event does not go on.
  bool abandoned ABSL_GUARDED_BY(mutex) = false;
  // What HooksFinished returned.
  std::optional<bool> proceed ABSL_GUARDED_BY(mutex);

  Starter SetStarted(absl::Status status) {
    if (started.Set(std::move(status))) return Starter::kWaits;
    absl::MutexLock lock(&mutex);
    const bool goes_on = state == PowerState::kPowerOn && !abandoned;
    return goes_on ? Starter::kHasGoneAhead : Starter::kHasGivenUp;
  }

  // For another attempt, after a pause. False if there must be none.
  bool Renew() {
    absl::MutexLock lock(&mutex);
    if (mutex.AwaitWithTimeout(absl::Condition(&abandoned), kTryAgain)) return false;
    context = std::make_unique<grpc::ClientContext>();
    return true;
  }

  absl::Status WaitForStart() {
    if (const std::optional<absl::Status> status = started.Await(kStartTime)) return *status;
    if (state == PowerState::kPowerOn) return absl::OkStatus();
    Abandon();
    return absl::DeadlineExceededError("powerd did not start the event within 2 s");
  }

  // False if the event was abandoned.
  bool WaitForProceed() {
    const auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
      return proceed.has_value() || abandoned;
    };
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(&done));
    return proceed.value_or(false);
  }

  void Abandon() {
    absl::MutexLock lock(&mutex);
    abandoned = true;
    context->TryCancel();
  }
};

PowerClient::PowerClient(std::string socket, TaskQueue* queue, StatusBoard* board)
    : socket_(std::move(socket)), queue_(*queue), board_(*board), threads_(kService) {}

absl::Status PowerClient::Begin(PowerState state, bool hooks, HooksFinished finished) {
  auto event = std::make_shared<Event>();
  event->state = state;
  event->hooks = hooks;
  event->finished = std::move(finished);
  absl::Status status =
      threads_.Start([this, event] { Run(event); }, [event] { event->Abandon(); });
  if (!status.ok()) return status;
  status = event->WaitForStart();
  board_.CountCall(kService, status);
  return status;
}

void PowerClient::Run(const std::shared_ptr<Event>& event) {
  const absl::Time end = SteadyNow() + kBootTime;
  while (RunOnce(event, end) && event->Renew()) {
  }
}

bool PowerClient::RunOnce(const std::shared_ptr<Event>& event, absl::Time end) {
  const auto stub = v1::Power::NewStub(ConnectUnix(socket_));
  const auto stream = stub->ChangeState(event->context.get());
  v1::ChangeStateRequest request;
  request.set_begin(ToProto(event->state));
  request.set_skip_hooks(!event->hooks);
  v1::ChangeStateUpdate update;
  // Reads the next step. An error if powerd ended the call or took another step.
  const auto read = [&](auto has_step) {
    if (stream->Read(&update)) {
      if ((update.*has_step)()) return absl::OkStatus();
      event->context->TryCancel();
      return absl::InternalError("powerd sent an unexpected step of the event");
    }
    const absl::Status status = FromGrpc(stream->Finish());
    return status.ok() ? absl::UnavailableError("powerd ended the call before the event was over")
                       : status;
  };

  // A failed write is reported by the read after it.
  stream->Write(request);
  const absl::Status started = read(&v1::ChangeStateUpdate::has_started);
  const Event::Starter starter = event->SetStarted(started);
  if (starter == Event::Starter::kHasGivenUp) return false;
  if (!started.ok() && starter == Event::Starter::kWaits) return false;
  if (absl::IsUnavailable(started) && SteadyNow() < end) return true;

  absl::Status hooks = started.ok() ? read(&v1::ChangeStateUpdate::has_hooks_finished) : started;
  const bool alive = hooks.ok();
  if (alive && !update.hooks_finished().success()) {
    hooks = absl::AbortedError(update.hooks_finished().message());
  }
  queue_.Post([event, hooks] {
    const bool proceed = event->finished(hooks);
    absl::MutexLock lock(&event->mutex);
    event->proceed = proceed;
  });
  const bool proceed = event->WaitForProceed();
  if (!alive) return false;
  if (proceed) {
    request.Clear();
    request.mutable_proceed();
    stream->Write(request);
    const absl::Status done = read(&v1::ChangeStateUpdate::has_done);
    if (!done.ok()) {
      LogError("powerd did not complete the power event: ", done.message());
      return false;
    }
  }
  stream->WritesDone();
  // Ends the call even if powerd does not.
  event->context->TryCancel();
  stream->Finish();
  return false;
}

}  // namespace toolboxd
