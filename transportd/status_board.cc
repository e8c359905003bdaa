// SPDX-License-Identifier: Apache-2.0

#include "transportd/status_board.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/utf8.h"
#include "base/version.h"

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

StatusBoard::StatusBoard() {
  absl::MutexLock lock(&mutex_);
  status_.set_version(kVersion);
  status_.set_started_time(absl::ToUnixSeconds(absl::Now()));
}

void StatusBoard::Count(absl::string_view counter, uint64_t by) {
  absl::MutexLock lock(&mutex_);
  (*status_.mutable_counters())[std::string(counter)] += by;
}

void StatusBoard::SetRegistered(bool registered) {
  absl::MutexLock lock(&mutex_);
  if (registered) status_.set_registered_time(absl::ToUnixSeconds(absl::Now()));
  status_.set_registered(registered);
}

void StatusBoard::SetHost(v1::Host host) {
  absl::MutexLock lock(&mutex_);
  *status_.mutable_host() = std::move(host);
}

void StatusBoard::SetChannel(absl::string_view channel, absl::string_view reason) {
  const std::string text = PrintableUtf8(std::string(reason));
  absl::MutexLock lock(&mutex_);
  status_.set_channel(std::string(channel));
  status_.set_channel_reason(std::string(CutUtf8(text, kMaxReason)));
}

void StatusBoard::SetRpciChannel(absl::string_view channel) {
  absl::MutexLock lock(&mutex_);
  status_.set_rpci_channel(std::string(channel));
}

void StatusBoard::SetReportedAddress(absl::string_view address) {
  absl::MutexLock lock(&mutex_);
  status_.set_reported_address(PrintableUtf8(std::string(address)));
}

void StatusBoard::SetConnected(absl::string_view service) {
  {
    absl::MutexLock lock(&mutex_);
    v1::ServiceStatus& status = Service(service);
    status.set_connected(true);
    const uint64_t connections = ++connections_[std::string(service)];
    status.set_restarts(connections - 1);
    if (connections == 1) return;
  }
  on_fault_(absl::StrCat(service, " runs again"));
}

void StatusBoard::SetDisconnected(absl::string_view service, const absl::Status& error) {
  {
    absl::MutexLock lock(&mutex_);
    v1::ServiceStatus& status = Service(service);
    const bool was_connected = status.connected();
    status.set_connected(false);
    if (!error.ok()) AddFailure(error, status);
    if (!was_connected) return;
  }
  on_fault_(absl::StrCat(service, " has ended: ", error.message()));
}

void StatusBoard::CountCall(absl::string_view service, const absl::Status& result) {
  absl::MutexLock lock(&mutex_);
  v1::ServiceStatus& status = Service(service);
  status.set_calls(status.calls() + 1);
  if (result.ok()) return;
  status.set_failures(status.failures() + 1);
  AddFailure(result, status);
}

void StatusBoard::AddFailure(const absl::Status& error, v1::ServiceStatus& service) {
  const std::string text = PrintableUtf8(std::string(error.message()));
  const std::string reason(CutUtf8(text, kMaxReason));
  auto& failures = *service.mutable_last_failures();
  // What fails again and again is one failure, with its last time.
  if (failures.empty() || failures[0].reason() != reason) {
    if (failures.size() == kMaxFailures) failures.RemoveLast();
    failures.Add()->set_reason(reason);
    std::rotate(failures.begin(), failures.end() - 1, failures.end());
  }
  failures[0].set_time(absl::ToUnixSeconds(absl::Now()));
  service.set_last_error(reason);
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

void StatusBoard::SetExtensions(std::vector<v1::ExtensionStatus> extensions) {
  absl::MutexLock lock(&mutex_);
  status_.clear_extensions();
  for (v1::ExtensionStatus& extension : extensions) {
    if (status_.extensions_size() < kMaxExtensions) {
      *status_.add_extensions() = std::move(extension);
    }
  }
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
