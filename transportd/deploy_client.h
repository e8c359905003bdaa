// SPDX-License-Identifier: Apache-2.0

// DeployClient: has deployd take the package of a customization.

#ifndef TOOLBOXD_TRANSPORTD_DEPLOY_CLIENT_H_
#define TOOLBOXD_TRANSPORTD_DEPLOY_CLIENT_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "transportd/call_threads.h"
#include "transportd/customization/deployer.h"
#include "transportd/files/file_store.h"
#include "transportd/status_board.h"
#include "transportd/task_queue.h"

namespace toolboxd {

struct DeployLimits {
  // How long Begin() and Deploy() wait. The host waits meanwhile, and its `ping` is not answered.
  absl::Duration start = absl::Seconds(2);
  // How long an inbox may wait for Deploy() after Begin(); then it ends.
  absl::Duration inbox = absl::Minutes(30);
  // How long a deployment may take, from Deploy() to the end of its states; above what an
  // administrator's script may take.
  absl::Duration deployment = absl::Hours(1);
};

// An inbox is one connection to deployd, which carries everything that concerns it. A deployment is
// one call with its own thread. Both end together. deployd exits when it has no connection.
class DeployClient final : public customization::Deployer {
 public:
  // All functions are called on the queue's thread. Its owner must have stopped before the client
  // is destroyed.
  DeployClient(std::string socket, TaskQueue* queue, StatusBoard* board, DeployLimits limits = {});
  // Does not wait for a deployment; deployd brings it to its end.
  ~DeployClient() override = default;

  absl::StatusOr<std::string> Begin() override;
  absl::StatusOr<v1::DeployUpdate> Deploy(absl::string_view path, OnState on_state) override;

  // Called when an inbox has ended: what is open of its files must be closed.
  void set_on_inbox_closed(std::function<void()> on_inbox_closed) {
    on_inbox_closed_ = std::move(on_inbox_closed);
  }

  // The files of the inbox, which deployd alone knows how to write; null if there is none.
  std::shared_ptr<files::FileStore> inbox() const { return inbox_; }

 private:
  struct Deployment;

  // --- on the thread of a deployment
  void Call(const std::shared_ptr<Deployment>& deployment);

  // --- on the channel's thread
  void OnEnd(const std::shared_ptr<Deployment>& deployment, const absl::Status& status);
  // Closes the connection and its files, and ends the states of a deployment that runs.
  void CloseInbox();
  // Closes the inbox unless it is deployed by then.
  void CloseInboxLater();

  const std::string socket_;
  TaskQueue& queue_;
  StatusBoard& board_;
  const DeployLimits limits_;
  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<files::FileStore> inbox_;
  std::function<void()> on_inbox_closed_ = [] {};
  // When the inbox ends if it is not deployed.
  absl::Time inbox_until_;
  // One timer for all inboxes: a host may begin as often as it likes.
  bool inbox_timer_ = false;
  // The deployment of the inbox; null before Deploy().
  std::shared_ptr<Deployment> current_;
  // Last: its destructor waits for threads that use the others.
  CallThreads threads_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_DEPLOY_CLIENT_H_
