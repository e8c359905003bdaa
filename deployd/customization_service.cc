// SPDX-License-Identifier: Apache-2.0

#include "deployd/customization_service.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/replace_file.h"
#include "base/small_file.h"
#include "base/status.h"
#include "base/utf8.h"
#include "daemon/grpc_status.h"
#include "deployd/own_folder.h"
#include "deployd/way.h"

namespace toolboxd::deployd {
namespace {

constexpr uint32_t kDeploying = 3;
constexpr uint32_t kDeployFailed = 5;
// A path of the host, in a message to it.
constexpr size_t kMaxPath = 900;
constexpr size_t kMaxRecord = 1 << 20;

v1::DeployState PackageNotFound(absl::string_view path) {
  v1::DeployState state;
  state.set_state(kDeploying);
  state.set_code(kDeployFailed);
  path = path.substr(0, kMaxPath);
  state.set_message(
      absl::StrCat("Package file ", PrintableUtf8({path.data(), path.size()}), " not found"));
  return state;
}

}  // namespace

CustomizationService::CustomizationService(
    DeployPlaces places, std::function<absl::StatusOr<v1::CustomizationSettings>()> settings)
    : places_(std::move(places)),
      record_(places_.work + "/last-package"),
      settings_(std::move(settings)),
      cloud_init_(places_.cloud_init, places_.root, places_.hand_off) {
  const std::string events = ReadSmallFileOrEmpty(record_, kMaxRecord);
  if (absl::Status status = EmptyFolder(places_.work); !status.ok()) {
    LogWarning("cannot remove what is left of a customization: ", status.message());
  }
  // The host has heard that its customization failed with the process.
  cloud_init_.Clear();
  v1::CustomizationStatus last;
  absl::MutexLock lock(&mutex_);
  if (!last.ParseFromString(events)) return;
  for (const v1::DeployEvent& event : last.events()) events_.push_back(event);
  SaveEvents();
}

void CustomizationService::SaveEvents() {
  v1::CustomizationStatus last;
  for (const v1::DeployEvent& event : events_) *last.add_events() = event;
  // In memory, and the journal has the same.
  if (events_.empty()) return;
  const absl::Status saved = ReplaceFile(record_, last.SerializeAsString(), 0600);
  if (!saved.ok()) LogWarning("cannot keep the state of a customization: ", saved.message());
}

grpc::Status CustomizationService::Begin(grpc::ServerContext*, const v1::BeginRequest*,
                                         v1::BeginReply* reply) {
  absl::StatusOr<std::shared_ptr<Inbox>> made = Inbox::Create(places_.work);
  if (!made.ok()) {
    LogError("customization: no inbox: ", made.status().message());
    return ToGrpc(made.status());
  }
  reply->set_directory((*made)->directory());
  std::shared_ptr<Inbox> earlier;
  {
    absl::MutexLock lock(&mutex_);
    if (current_ != nullptr) current_->Set();
    current_ = nullptr;
    earlier = std::exchange(inbox_, *std::move(made));
    events_.clear();
  }
  if (earlier != nullptr) earlier->End();
  Record(absl::StrCat("began, with the inbox ", reply->directory()), nullptr);
  return grpc::Status::OK;
}

absl::StatusOr<UniqueFd> CustomizationService::TakePackage(absl::string_view path, Taken& taken) {
  {
    absl::MutexLock lock(&mutex_);
    if (!deployed_.empty() && absl::StartsWith(path, deployed_)) {
      return absl::FailedPreconditionError("the inbox has been deployed");
    }
    taken.inbox = std::exchange(inbox_, nullptr);
    if (taken.inbox == nullptr) return absl::NotFoundError("there is no inbox");
    deployed_ = taken.inbox->directory();
    // Here, so that a begin after this ends the deployment.
    taken.stop = std::make_shared<StopSignal>();
    current_ = taken.stop;
    ++running_;
  }
  const absl::StatusOr<std::string> name = taken.inbox->NameOf(path);
  if (!name.ok()) return name.status();
  absl::StatusOr<UniqueFd> file = taken.inbox->OpenForReading(*name);
  // Whatever it is, it is not a package.
  if (!file.ok()) return absl::NotFoundError(file.status().message());
  return file;
}

grpc::Status CustomizationService::Deploy(grpc::ServerContext*, const v1::DeployRequest* request,
                                          grpc::ServerWriter<v1::DeployUpdate>* writer) {
  Taken taken;
  const absl::StatusOr<UniqueFd> package = TakePackage(request->package_path(), taken);
  if (absl::IsFailedPrecondition(package.status())) return ToGrpc(package.status());
  v1::DeployUpdate update;
  if (!package.ok()) {
    *update.mutable_refused() = PackageNotFound(request->package_path());
    Record(absl::StrCat("the package is refused: ", package.status().message()), &update.refused());
    if (taken.inbox != nullptr) {
      taken.inbox->End();
      Leave(taken.stop);
    }
    writer->Write(update);
    return grpc::Status::OK;
  }
  const std::shared_ptr<StopSignal>& stop = taken.stop;
  update.mutable_accepted();
  // To a caller that has left nothing is sent, and the deployment goes on.
  writer->Write(update);
  const DeployReport report = {
      .step =
          [this, &stop](absl::string_view text) {
            if (!stop->IsSet()) Record(text, nullptr);
          },
      .state =
          [this, &stop, writer](const v1::DeployState& state) {
            if (stop->IsSet()) return;
            RecordState(state);
            v1::DeployUpdate next;
            *next.mutable_state() = state;
            writer->Write(next);
          },
  };
  Deployment deployment(places_, report, &cloud_init_, stop.get());
  const absl::Status status =
      deployment.Run(settings_(), *package, [&taken] { taken.inbox->End(); });
  Leave(stop);
  if (!stop->IsSet()) return grpc::Status::OK;
  return ToGrpc(absl::CancelledError(status.ok() ? "another customization has begun"
                                                 : std::string(status.message())));
}

grpc::Status CustomizationService::GetCustomizationStatus(grpc::ServerContext*,
                                                          const v1::GetCustomizationStatusRequest*,
                                                          v1::CustomizationStatus* reply) {
  WayFacts facts;
  facts.cloud_init = LookForCloudInit(places_.root);
  facts.has_scripts = HasScripts(places_.scripts.folder);
  reply->set_cloud_init_version(facts.cloud_init.version);
  const absl::StatusOr<v1::CustomizationSettings> settings = settings_();
  if (settings.ok()) {
    const Way way = ChooseWay(*settings, facts);
    reply->set_way(way.way);
    reply->set_reason(way.reason);
  } else {
    reply->set_way(v1::CustomizationStatus::NONE);
    const absl::string_view message = settings.status().message();
    reply->set_reason(PrintableUtf8({message.data(), message.size()}));
  }
  absl::MutexLock lock(&mutex_);
  for (const v1::DeployEvent& event : events_) *reply->add_events() = event;
  return grpc::Status::OK;
}

std::shared_ptr<Inbox> CustomizationService::inbox() const {
  absl::MutexLock lock(&mutex_);
  return inbox_;
}

bool CustomizationService::busy() const {
  absl::MutexLock lock(&mutex_);
  return running_ > 0;
}

void CustomizationService::Stop() {
  std::shared_ptr<Inbox> inbox;
  absl::MutexLock lock(&mutex_);
  if (current_ != nullptr) current_->Set();
  inbox = std::exchange(inbox_, nullptr);
  if (inbox != nullptr) inbox->End();
}

void CustomizationService::Leave(const std::shared_ptr<StopSignal>& stop) {
  absl::MutexLock lock(&mutex_);
  --running_;
  if (current_ == stop) current_ = nullptr;
}

void CustomizationService::Record(absl::string_view text, const v1::DeployState* state) {
  LogNotice("customization: ", text);
  v1::DeployEvent event;
  event.set_time_us(absl::ToUnixMicros(absl::Now()));
  event.set_text(PrintableUtf8({text.data(), text.size()}));
  if (state != nullptr) *event.mutable_state() = *state;
  absl::MutexLock lock(&mutex_);
  if (events_.size() >= kMaxEvents) return;
  events_.push_back(std::move(event));
  SaveEvents();
}

void CustomizationService::RecordState(const v1::DeployState& state) {
  Record(absl::StrCat("state ", state.state(), " ", state.code(), " ", state.message()), &state);
}

}  // namespace toolboxd::deployd
