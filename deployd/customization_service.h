// SPDX-License-Identifier: Apache-2.0

// toolboxd.v1.Customization.

#ifndef TOOLBOXD_DEPLOYD_CUSTOMIZATION_SERVICE_H_
#define TOOLBOXD_DEPLOYD_CUSTOMIZATION_SERVICE_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "daemon/stop_signal.h"
#include "deployd/deployment.h"
#include "deployd/inbox.h"
#include "toolboxd/v1/customization.grpc.pb.h"
#include "toolboxd/v1/deploy.pb.h"

namespace toolboxd::deployd {

// One inbox at a time, and one deployment that counts. A deployment runs on the thread of its call,
// even after its caller has left. Thread-safe.
class CustomizationService final : public v1::Customization::Service {
 public:
  // How many events of the last package are kept for GetCustomizationStatus.
  static constexpr size_t kMaxEvents = 100;

  // `settings` is called for each package. What happened is kept in a file of the work folder,
  // since deployd ends when it is idle; an earlier process's file is read, and whatever else it
  // left is removed.
  CustomizationService(DeployPlaces places,
                       std::function<absl::StatusOr<v1::CustomizationSettings>()> settings);

  grpc::Status Begin(grpc::ServerContext* context, const v1::BeginRequest* request,
                     v1::BeginReply* reply) override;
  grpc::Status Deploy(grpc::ServerContext* context, const v1::DeployRequest* request,
                      grpc::ServerWriter<v1::DeployUpdate>* writer) override;
  grpc::Status GetCustomizationStatus(grpc::ServerContext* context,
                                      const v1::GetCustomizationStatusRequest* request,
                                      v1::CustomizationStatus* reply) override;

  // The inbox that the host may write to; null if there is none.
  std::shared_ptr<Inbox> inbox() const;
  // Whether a deployment runs; it may run on without its caller.
  bool busy() const;
  // Whether cloud-init has taken a package. It then deletes the folder, which only the unit's next
  // start makes again.
  bool finished() const { return cloud_init_.taken(); }
  // Ends the inbox and the deployments that run, because the process ends.
  void Stop();

 private:
  struct Taken {
    std::shared_ptr<Inbox> inbox;
    std::shared_ptr<StopSignal> stop;
  };

  void SaveEvents() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes the inbox for the package at this path: from now on its directory is being deployed.
  // FAILED_PRECONDITION if it was before; another error if the path is not a file of the inbox.
  // `taken` holds the inbox, and the signal of the deployment that counts from now on; both are
  // null if there was no inbox.
  absl::StatusOr<UniqueFd> TakePackage(absl::string_view path, Taken& taken);
  void Leave(const std::shared_ptr<StopSignal>& stop);
  // Writes to the journal and to the events of a status.
  void Record(absl::string_view text, const v1::DeployState* state);
  void RecordState(const v1::DeployState& state);

  const DeployPlaces places_;
  const std::string record_;
  const std::function<absl::StatusOr<v1::CustomizationSettings>()> settings_;
  CloudInitFolder cloud_init_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<Inbox> inbox_ ABSL_GUARDED_BY(mutex_);
  // The directory of the last inbox that was deployed.
  std::string deployed_ ABSL_GUARDED_BY(mutex_);
  // The stop signal of the deployment that counts; null if none runs.
  std::shared_ptr<StopSignal> current_ ABSL_GUARDED_BY(mutex_);
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<v1::DeployEvent> events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_CUSTOMIZATION_SERVICE_H_
