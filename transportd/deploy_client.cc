// SPDX-License-Identifier: Apache-2.0

#include "transportd/deploy_client.h"

#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/log.h"
#include "base/steady_time.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/customization.grpc.pb.h"
#include "transportd/files/grpc_file_store.h"

namespace toolboxd {
namespace {

constexpr char kService[] = "deployd";
// Calls that were abandoned but have not ended.
constexpr size_t kMaxWorkers = 8;
// For a package to reach the disk.
constexpr absl::Duration kCommitTime = absl::Seconds(10);
// Of the path of an inbox, in bytes.
constexpr size_t kMaxDirectory = 1024;

// docs/protocol/customization.md 9.2.
constexpr uint32_t kRunning = 4;
constexpr uint32_t kCustomizeFailed = 100;

bool IsDirectoryName(absl::string_view path) {
  return path.size() <= kMaxDirectory && absl::StartsWith(path, "/") && absl::EndsWith(path, "/") &&
         !absl::StrContains(path, '\0') && !absl::StrContains(path, '\n');
}

}  // namespace

// Shared by the channel's thread and the deployment's thread.
struct DeployClient::Deployment {
  v1::DeployRequest request;
  std::shared_ptr<grpc::Channel> channel;

  // --- for the channel's thread
  OnState on_state;

  absl::Mutex mutex;
  // Holds the connection, on which deployd waits for its end. Null once the deployment's thread,
  // which alone uses it without the mutex, ends.
  std::unique_ptr<grpc::ClientContext> context = std::make_unique<grpc::ClientContext>();
  // The first update, or why there is none.
  std::optional<absl::StatusOr<v1::DeployUpdate>> first ABSL_GUARDED_BY(mutex);
  // The thread is about to return.
  bool ended ABSL_GUARDED_BY(mutex) = false;

  void SetFirst(absl::StatusOr<v1::DeployUpdate> update) {
    absl::MutexLock lock(&mutex);
    first = std::move(update);
  }

  absl::StatusOr<v1::DeployUpdate> WaitForFirst(absl::Duration limit) {
    const auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return first.has_value(); };
    absl::MutexLock lock(&mutex);
    if (mutex.AwaitWithTimeout(absl::Condition(&done), limit)) return *first;
    return absl::DeadlineExceededError(
        absl::StrCat("deployd did not answer within ", absl::FormatDuration(limit)));
  }

  void Cancel() {
    absl::MutexLock lock(&mutex);
    if (context != nullptr) context->TryCancel();
  }

  bool HasEnded() {
    absl::MutexLock lock(&mutex);
    return ended;
  }
};

DeployClient::DeployClient(std::string socket, TaskQueue* queue, StatusBoard* board,
                           DeployLimits limits)
    : socket_(std::move(socket)), queue_(*queue), board_(*board), limits_(limits) {}

DeployClient::~DeployClient() {
  for (Worker& worker : workers_) {
    worker.deployment->Cancel();
    worker.thread.join();
  }
}

absl::StatusOr<std::string> DeployClient::Begin() {
  JoinEnded();
  CloseInbox();
  channel_ = ConnectUnix(socket_);
  grpc::ClientContext context;
  SetTimeout(limits_.start, &context);
  v1::BeginReply reply;
  absl::Status status =
      FromGrpc(v1::Customization::NewStub(channel_)->Begin(&context, v1::BeginRequest(), &reply));
  if (status.ok() && !IsDirectoryName(reply.directory())) {
    status = absl::InternalError("deployd returned an inbox without a usable name");
  }
  board_.CountCall(kService, status);
  if (!status.ok()) {
    CloseInbox();
    return status;
  }
  inbox_ = std::make_shared<files::GrpcFileStore>(
      channel_, files::GrpcFileStoreOptions{
                    .timeout = limits_.start, .long_timeout = kCommitTime, .content_only = true});
  queue_.PostAt(SteadyNow() + limits_.inbox, [this, inbox = std::weak_ptr(inbox_)] {
    if (current_ == nullptr && inbox_ != nullptr && inbox.lock() == inbox_) CloseInbox();
  });
  return reply.directory();
}

absl::StatusOr<v1::DeployUpdate> DeployClient::Deploy(absl::string_view path, OnState on_state) {
  if (inbox_ == nullptr) return absl::FailedPreconditionError("there is no inbox");
  if (current_ != nullptr) {
    return absl::FailedPreconditionError("a package of this inbox has been deployed");
  }
  JoinEnded();
  if (workers_.size() >= kMaxWorkers) {
    return absl::UnavailableError(
        absl::StrCat("deployd does not answer: ", kMaxWorkers, " calls to it have not ended"));
  }
  auto deployment = std::make_shared<Deployment>();
  deployment->request.set_package_path(std::string(path));
  deployment->channel = channel_;
  deployment->on_state = std::move(on_state);
  SetTimeout(limits_.deployment, deployment->context.get());
  current_ = deployment;
  workers_.push_back({deployment, std::thread([this, deployment] {
                        Call(deployment);
                        absl::MutexLock lock(&deployment->mutex);
                        deployment->channel.reset();
                        deployment->context.reset();
                        deployment->ended = true;
                      })});
  absl::StatusOr<v1::DeployUpdate> first = deployment->WaitForFirst(limits_.start);
  board_.CountCall(kService, first.status());
  if (!first.ok() || first->has_refused()) CloseInbox();
  return first;
}

void DeployClient::Call(const std::shared_ptr<Deployment>& deployment) {
  const auto stub = v1::Customization::NewStub(deployment->channel);
  const auto stream = stub->Deploy(deployment->context.get(), deployment->request);
  v1::DeployUpdate update;
  if (!stream->Read(&update)) {
    const absl::Status status = FromGrpc(stream->Finish());
    deployment->SetFirst(status.ok() ? absl::UnavailableError("deployd ended the call") : status);
    return;
  }
  if (!update.has_accepted() && !update.has_refused()) {
    deployment->SetFirst(absl::InternalError("deployd sent a state before it took the package"));
    deployment->context->TryCancel();
    stream->Finish();
    return;
  }
  const bool accepted = update.has_accepted();
  deployment->SetFirst(update);
  while (stream->Read(&update)) {
    if (!update.has_state()) continue;
    queue_.Post([this, deployment, state = update.state()] {
      if (deployment == current_) deployment->on_state(state);
    });
  }
  const absl::Status status = FromGrpc(stream->Finish());
  if (accepted) queue_.Post([this, deployment, status] { OnEnd(deployment, status); });
}

void DeployClient::OnEnd(const std::shared_ptr<Deployment>& deployment,
                         const absl::Status& status) {
  if (deployment != current_) return;
  CloseInbox();
  if (status.ok()) return;
  LogError("deployd did not bring the customization to its end: ", status.message());
  v1::DeployState state;
  state.set_state(kRunning);
  state.set_code(kCustomizeFailed);
  state.set_message(absl::StrCat("@deployd failed: ", status.message()));
  deployment->on_state(state);
}

void DeployClient::CloseInbox() {
  if (current_ != nullptr) current_->Cancel();
  current_.reset();
  inbox_.reset();
  channel_.reset();
}

void DeployClient::JoinEnded() {
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    const bool ended = worker->deployment->HasEnded();
    if (ended) worker->thread.join();
    worker = ended ? workers_.erase(worker) : std::next(worker);
  }
}

}  // namespace toolboxd
