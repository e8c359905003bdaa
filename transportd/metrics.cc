// SPDX-License-Identifier: Apache-2.0

#include "transportd/metrics.h"

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "transportd/statistics/families.h"

namespace toolboxd {
namespace {

constexpr auto kCounter = v1::MetricFamily::COUNTER;
constexpr auto kGauge = v1::MetricFamily::GAUGE;

void AddOne(v1::Metrics& metrics, v1::MetricFamily::Type type, absl::string_view name,
            absl::string_view help, double value) {
  AddValue(AddFamily(metrics, type, name, help), value);
}

// "vsock" of "vsock, not privileged".
std::string Transport(const std::string& channel) { return channel.substr(0, channel.find(',')); }

// Why vsock is not in use, as one of a few words: the text of the reason (vsock/socket_channel.cc)
// may have numbers of the host's.
std::string KindOfReason(absl::string_view reason) {
  static constexpr struct {
    const char* text;
    const char* kind;
  } kKinds[] = {
      {"has no vsock", "no device"},
      {"takes no connection", "refused"},
      {"does not answer", "no answer"},
      {"sent nothing", "no answer"},
      {"takes no more data", "no answer"},
      {"in time", "no answer"},
      {"host closed", "ended"},
      {"over vsock broke", "ended"},
  };
  for (const auto& [text, kind] : kKinds) {
    if (absl::StrContains(reason, text)) return kind;
  }
  return "malformed packet";
}

void AddChannelInfo(const v1::TransportStatus& status, v1::Metrics& metrics) {
  v1::MetricFamily& family =
      AddFamily(metrics, kGauge, "toolboxd_channel_info",
                "1, with the transport of the host's commands and of requests to the host, and why "
                "that of the commands is not vsock.");
  if (!status.channel().empty()) {
    std::map<std::string, std::string> labels = {{"protocol", "tclo"},
                                                 {"transport", Transport(status.channel())}};
    if (!status.channel_reason().empty()) {
      labels["no_vsock"] = KindOfReason(status.channel_reason());
    }
    AddValue(family, 1, labels);
  }
  if (!status.rpci_channel().empty()) {
    AddValue(family, 1, {{"protocol", "rpci"}, {"transport", Transport(status.rpci_channel())}});
  }
}

// One family of all services that have a value.
void AddOfServices(const v1::TransportStatus& status, v1::MetricFamily& family,
                   uint64_t (v1::ServiceStatus::*value)() const) {
  for (const v1::ServiceStatus& service : status.services()) {
    const uint64_t number = (service.*value)();
    if (number != 0) AddValue(family, static_cast<double>(number), {{"service", service.name()}});
  }
}

void AddServiceMetrics(const v1::TransportStatus& status, v1::Metrics& metrics) {
  AddOfServices(status,
                AddFamily(metrics, kGauge, "toolboxd_service_memory_bytes",
                          "Anonymous memory of a service's processes.", "bytes"),
                &v1::ServiceStatus::memory_bytes);
  AddOfServices(status,
                AddFamily(metrics, kCounter, "toolboxd_service_calls", "Calls to a service."),
                &v1::ServiceStatus::calls);
  AddOfServices(
      status,
      AddFamily(metrics, kCounter, "toolboxd_service_errors", "Calls to a service that failed."),
      &v1::ServiceStatus::failures);
  AddOfServices(status,
                AddFamily(metrics, kCounter, "toolboxd_service_restarts",
                          "How often a service whose stream is always open was started again."),
                &v1::ServiceStatus::restarts);
}

void AddSnapshotMetrics(const v1::SnapshotStatus& snapshots, v1::Metrics& metrics) {
  v1::MetricFamily& ended =
      AddFamily(metrics, kCounter, "toolboxd_snapshots", "Quiesced snapshots that have ended.");
  AddValue(ended, static_cast<double>(snapshots.ended() - snapshots.failed()),
           {{"result", "taken"}});
  AddValue(ended, static_cast<double>(snapshots.failed()), {{"result", "failed"}});
  AddValue(AddFamily(metrics, kGauge, "toolboxd_snapshot_last_frozen_seconds",
                     "How long file systems were frozen last.", "seconds"),
           static_cast<double>(snapshots.last_frozen_us()) / 1e6);
}

}  // namespace

void AddStatusMetrics(const v1::TransportStatus& status, v1::Metrics& metrics) {
  AddValue(AddFamily(metrics, kGauge, "toolboxd_build_info", "1, with the version."), 1,
           {{"version", status.version()}});
  AddValue(AddFamily(metrics, kGauge, "toolboxd_start_time_seconds",
                     "When transportd was started, in seconds since 1970.", "seconds"),
           static_cast<double>(status.started_time()));
  AddOne(metrics, kGauge, "toolboxd_registered", "Whether the host has accepted the guest.",
         status.registered() ? 1 : 0);
  AddOne(metrics, kGauge, "toolboxd_channel_open", "Whether there is a channel to the host.",
         status.channel().empty() ? 0 : 1);
  AddChannelInfo(status, metrics);
  // Protobuf's maps have no order. Names are constants of the program.
  const std::map<std::string, uint64_t> counters(status.counters().begin(),
                                                 status.counters().end());
  for (const auto& [name, count] : counters) {
    AddOne(metrics, kCounter, absl::StrCat("toolboxd_", name),
           absl::StrCat("The counter ", name, " of toolboxctl status."),
           static_cast<double>(count));
  }
  AddServiceMetrics(status, metrics);
  if (status.has_snapshots()) AddSnapshotMetrics(status.snapshots(), metrics);
}

void AddLiveMetrics(const LiveNumbers& numbers, v1::Metrics& metrics) {
  v1::MetricFamily& sessions =
      AddFamily(metrics, kGauge, "toolboxd_sessions", "Open processes of guest users, by service.");
  AddValue(sessions, static_cast<double>(numbers.hgfsd_sessions), {{"service", "hgfsd"}});
  AddValue(sessions, static_cast<double>(numbers.vixd_sessions), {{"service", "vixd"}});
  AddOne(metrics, kGauge, "toolboxd_pending_logins", "Logins that PAM has not answered.",
         static_cast<double>(numbers.pending_logins));
  AddOne(metrics, kGauge, "toolboxd_functions", "Functions that run.",
         static_cast<double>(numbers.functions));
  v1::MetricFamily& transfers =
      AddFamily(metrics, kGauge, "toolboxd_transfers", "Files that the host reads or writes now.");
  AddValue(transfers, static_cast<double>(numbers.transfers_from_guest),
           {{"direction", "from_guest"}});
  AddValue(transfers, static_cast<double>(numbers.transfers_to_guest), {{"direction", "to_guest"}});
  v1::MetricFamily& bytes = AddFamily(metrics, kCounter, "toolboxd_transfer_bytes",
                                      "Content of files that was transferred.", "bytes");
  AddValue(bytes, static_cast<double>(numbers.bytes_from_guest), {{"direction", "from_guest"}});
  AddValue(bytes, static_cast<double>(numbers.bytes_to_guest), {{"direction", "to_guest"}});
}

}  // namespace toolboxd
