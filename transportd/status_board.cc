// SPDX-License-Identifier: Apache-2.0

#include "transportd/status_board.h"

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace toolboxd {
namespace {

v1::ConfigurationStatus ToProto(const ConfigurationState& state) {
  v1::ConfigurationStatus status;
  status.set_state(!state.found           ? v1::ConfigurationStatus::ABSENT
                   : state.faults.empty() ? v1::ConfigurationStatus::READ
                                          : v1::ConfigurationStatus::BROKEN);
  for (const std::string& fault : state.faults) status.add_faults(fault);
  return status;
}

}  // namespace

void StatusBoard::Count(absl::string_view counter, uint64_t by) {
  absl::MutexLock lock(&mutex_);
  (*status_.mutable_counters())[std::string(counter)] += by;
}

void StatusBoard::SetRegistered(bool registered) {
  absl::MutexLock lock(&mutex_);
  if (registered) status_.set_registered_time(absl::ToUnixSeconds(absl::Now()));
  status_.set_registered(registered);
}

void StatusBoard::SetChannel(absl::string_view channel) {
  absl::MutexLock lock(&mutex_);
  status_.set_channel(std::string(channel));
}

void StatusBoard::SetConnected(absl::string_view service) {
  absl::MutexLock lock(&mutex_);
  Service(service).set_connected(true);
}

void StatusBoard::SetDisconnected(absl::string_view service, const absl::Status& error) {
  absl::MutexLock lock(&mutex_);
  v1::ServiceStatus& status = Service(service);
  status.set_connected(false);
  if (!error.ok()) status.set_last_error(std::string(error.message()));
}

void StatusBoard::CountCall(absl::string_view service, const absl::Status& result) {
  absl::MutexLock lock(&mutex_);
  v1::ServiceStatus& status = Service(service);
  status.set_calls(status.calls() + 1);
  if (result.ok()) return;
  status.set_failures(status.failures() + 1);
  status.set_last_error(std::string(result.message()));
}

void StatusBoard::BeginSnapshot() {
  absl::MutexLock lock(&mutex_);
  status_.mutable_snapshots()->set_running(true);
}

void StatusBoard::EndSnapshot(Snapshot outcome) {
  absl::MutexLock lock(&mutex_);
  v1::SnapshotStatus& snapshots = *status_.mutable_snapshots();
  snapshots.set_running(false);
  snapshots.set_ended(snapshots.ended() + 1);
  if (outcome == Snapshot::kFailed) snapshots.set_failed(snapshots.failed() + 1);
}

void StatusBoard::SetFrozenTime(uint64_t micros) {
  absl::MutexLock lock(&mutex_);
  status_.mutable_snapshots()->set_last_frozen_us(micros);
}

void StatusBoard::SetConfiguration(const ConfigurationState& policy,
                                   const ConfigurationState& routes) {
  absl::MutexLock lock(&mutex_);
  *status_.mutable_policy() = ToProto(policy);
  *status_.mutable_routes() = ToProto(routes);
}

v1::TransportStatus StatusBoard::Get() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

v1::ServiceStatus& StatusBoard::Service(absl::string_view name) {
  for (v1::ServiceStatus& service : *status_.mutable_services()) {
    if (absl::string_view(service.name()) == name) return service;
  }
  v1::ServiceStatus& service = *status_.add_services();
  service.set_name(std::string(name));
  return service;
}

}  // namespace toolboxd
