// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info_watcher.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/guest_info.grpc.pb.h"

namespace toolboxd {
namespace {

constexpr char kService[] = "guestinfod";
constexpr absl::Duration kFirstRetry = absl::Milliseconds(50);
constexpr absl::Duration kLastRetry = absl::Seconds(5);
// The services start together: a missing one is logged only if it is still missing after this time.
constexpr absl::Duration kComplainFrom = absl::Seconds(1);

}  // namespace

GuestInfoWatcher::GuestInfoWatcher(std::string socket, TaskQueue* queue, StatusBoard* board,
                                   OnSnapshot on_snapshot)
    : socket_(std::move(socket)),
      queue_(*queue),
      board_(*board),
      on_snapshot_(std::move(on_snapshot)),
      thread_([this] { Loop(); }) {}

GuestInfoWatcher::~GuestInfoWatcher() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    if (call_ != nullptr) call_->TryCancel();
  }
  thread_.join();
}

void GuestInfoWatcher::Loop() {
  absl::Duration retry = kFirstRetry;
  do {
    absl::Status result;
    if (WatchOnce(result)) retry = kFirstRetry;
    if (retry >= kComplainFrom) {
      LogLimited(kService, "guestinfod at ", socket_,
                 " sends no guest information, it is called again: ", result.message());
    }
    board_.SetDisconnected(kService, result);
    const absl::Duration wait = retry;
    retry = std::min(retry * 2, kLastRetry);
    if (!Sleep(wait)) return;
  } while (true);
}

bool GuestInfoWatcher::WatchOnce(absl::Status& result) {
  grpc::ClientContext context;
  {
    absl::MutexLock lock(&mutex_);
    if (stopped_) return false;
    call_ = &context;
  }
  const auto stub = v1::GuestInfo::NewStub(ConnectUnix(socket_));
  const auto stream = stub->Watch(&context, v1::WatchGuestInfoRequest());
  bool any = false;
  v1::GuestInfoSnapshot snapshot;
  while (stream->Read(&snapshot)) {
    if (!any) board_.SetConnected(kService);
    any = true;
    board_.Count("guest_info_snapshots");
    Deliver(std::move(snapshot));
    snapshot.Clear();
  }
  result = FromGrpc(stream->Finish());
  if (result.ok()) result = absl::UnavailableError("guestinfod ended the stream");
  board_.CountCall(kService, result);
  absl::MutexLock lock(&mutex_);
  call_ = nullptr;
  return any;
}

void GuestInfoWatcher::Deliver(v1::GuestInfoSnapshot snapshot) {
  absl::MutexLock lock(&mutex_);
  const bool posted = pending_ != nullptr;
  pending_ = std::make_unique<v1::GuestInfoSnapshot>(std::move(snapshot));
  if (!posted) queue_.Post([this] { TakePending(); });
}

void GuestInfoWatcher::TakePending() {
  std::unique_ptr<v1::GuestInfoSnapshot> snapshot;
  {
    absl::MutexLock lock(&mutex_);
    snapshot = std::move(pending_);
  }
  if (snapshot) on_snapshot_(*snapshot);
}

bool GuestInfoWatcher::Sleep(absl::Duration time) {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&stopped_), time);
}

}  // namespace toolboxd
