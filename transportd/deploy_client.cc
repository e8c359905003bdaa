// SPDX-License-Identifier: Apache-2.0

#include "transportd/deploy_client.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/steady_time.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/customization.grpc.pb.h"
#include "transportd/files/grpc_file_store.h"
#include "transportd/first_result.h"

namespace toolboxd {
namespace {

constexpr char kService[] = "deployd";
// For a package to reach the disk.
constexpr absl::Duration kCommitTime = absl::Seconds(10);
// The length of the path of an inbox, in bytes.
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
  // For the channel's thread.
  OnState on_state;
  grpc::ClientContext context;
  // The first update, or why there is none.
  FirstResult<absl::StatusOr<v1::DeployUpdate>> first;
};

DeployClient::DeployClient(std::string socket, TaskQueue* queue, StatusBoard* board,
                           DeployLimits limits)
    : socket_(std::move(socket)),
      queue_(*queue),
      board_(*board),
      limits_(limits),
      threads_(kService) {}

absl::StatusOr<std::string> DeployClient::Begin() {
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
  inbox_until_ = SteadyNow() + limits_.inbox;
  CloseInboxLater();
  return reply.directory();
}

void DeployClient::CloseInboxLater() {
  if (std::exchange(inbox_timer_, true)) return;
  queue_.PostAt(inbox_until_, [this] {
    inbox_timer_ = false;
    if (inbox_ == nullptr || current_ != nullptr) return;
    // A later inbox than the one of this timer has more time.
    if (SteadyNow() < inbox_until_) return CloseInboxLater();
    CloseInbox();
  });
}

absl::StatusOr<v1::DeployUpdate> DeployClient::Deploy(absl::string_view path, OnState on_state) {
  if (inbox_ == nullptr) return absl::FailedPreconditionError("there is no inbox");
  if (current_ != nullptr) {
    return absl::FailedPreconditionError("a package of this inbox has been deployed");
  }
  auto deployment = std::make_shared<Deployment>();
  deployment->request.set_package_path(std::string(path));
  deployment->channel = channel_;
  deployment->on_state = std::move(on_state);
  SetTimeout(limits_.deployment, &deployment->context);
  absl::Status started = threads_.Start([this, deployment] { Call(deployment); },
                                        [deployment] { deployment->context.TryCancel(); });
  if (!started.ok()) return started;
  current_ = deployment;
  const absl::StatusOr<v1::DeployUpdate> first =
      deployment->first.Await(limits_.start)
          .value_or(absl::DeadlineExceededError(
              absl::StrCat("deployd did not answer within ", absl::FormatDuration(limits_.start))));
  board_.CountCall(kService, first.status());
  if (!first.ok() || first->has_refused()) CloseInbox();
  return first;
}

void DeployClient::Call(const std::shared_ptr<Deployment>& deployment) {
  const auto stub = v1::Customization::NewStub(deployment->channel);
  const auto stream = stub->Deploy(&deployment->context, deployment->request);
  v1::DeployUpdate update;
  if (!stream->Read(&update)) {
    const absl::Status status = FromGrpc(stream->Finish());
    deployment->first.Set(status.ok() ? absl::UnavailableError("deployd ended the call") : status);
    return;
  }
  if (!update.has_accepted() && !update.has_refused()) {
    deployment->first.Set(absl::InternalError("deployd sent a state before it took the package"));
    deployment->context.TryCancel();
    stream->Finish();
    return;
  }
  const bool accepted = update.has_accepted();
  deployment->first.Set(update);
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
  if (current_ != nullptr) current_->context.TryCancel();
  current_.reset();
  channel_.reset();
  if (std::exchange(inbox_, nullptr) != nullptr) on_inbox_closed_();
}

}  // namespace toolboxd
