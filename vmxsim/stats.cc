// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/stats.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace toolboxd::vmxsim {
namespace {

void AddInterval(Stats& stats, const std::string& name, absl::Time from, absl::Time to) {
  if (from == absl::InfiniteFuture() || to == absl::InfiniteFuture()) return;
  stats.emplace_back(name, absl::ToDoubleMilliseconds(to - from));
}

// Over the kept requests: how long the guest took to fetch, and to reply.
void AddRequestTimes(Stats& stats, const TcloHost& tclo) {
  std::vector<double> fetch;
  std::vector<double> reply;
  for (const auto& request : tclo.history()) {
    if (!request->status.ok()) continue;
    fetch.push_back(absl::ToDoubleMicroseconds(request->fetched - request->offered));
    reply.push_back(absl::ToDoubleMicroseconds(request->replied - request->fetched));
  }
  if (fetch.empty()) return;
  const auto median = [](std::vector<double>& values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
  };
  stats.emplace_back("offer_to_fetch_median_us", median(fetch));
  stats.emplace_back("fetch_to_reply_median_us", median(reply));
}

void AddMachine(Stats& stats, const Machine& machine) {
  const MachineCounters& counters = machine.counters();
  stats.emplace_back("low_bandwidth_calls", counters.low_bandwidth);
  stats.emplace_back("high_bandwidth_calls", counters.high_bandwidth);
  stats.emplace_back("polls", counters.polls);
  stats.emplace_back("opens", counters.opens);
  stats.emplace_back("open_channels", machine.OpenChannels());
  stats.emplace_back("messages_from_guest", counters.messages_from_guest);
  stats.emplace_back("messages_to_guest", counters.messages_to_guest);
  stats.emplace_back("bytes_from_guest", counters.bytes_from_guest);
  stats.emplace_back("bytes_to_guest", counters.bytes_to_guest);
  stats.emplace_back("checkpoints", counters.checkpoints);
  stats.emplace_back("wrong_cookies", counters.wrong_cookies);
  stats.emplace_back("violations", counters.violations);
  stats.emplace_back("unknown_backdoor_commands", counters.unknown_commands);
}

void AddClock(Stats& stats, const GuestClock& clock) {
  stats.emplace_back("clock_steps", clock.steps().size());
  stats.emplace_back("stop_catch_ups", clock.stop_catch_ups());
}

void AddTclo(Stats& stats, const TcloHost& tclo) {
  const TcloCounters& counters = tclo.counters();
  stats.emplace_back("registered", tclo.registered());
  stats.emplace_back("responding", tclo.Responding(absl::Now()));
  stats.emplace_back("main_channel_is_vsock", tclo.main_channel() >= kVsockChannel);
  stats.emplace_back("registrations", counters.registrations);
  stats.emplace_back("requests", counters.requests);
  stats.emplace_back("replies", counters.replies);
  stats.emplace_back("pings", counters.pings);
  stats.emplace_back("pings_missed", counters.pings_missed);
  stats.emplace_back("polls_without_reply", counters.polls_without_reply);
  stats.emplace_back("offer_to_fetch_total_ms",
                     absl::ToDoubleMilliseconds(counters.offer_to_fetch));
  stats.emplace_back("fetch_to_reply_total_ms",
                     absl::ToDoubleMilliseconds(counters.fetch_to_reply));
  const RegistrationTimes& times = tclo.times();
  AddInterval(stats, "exec_to_open_ms", times.exec, times.opened);
  AddInterval(stats, "exec_to_atr_ms", times.exec, times.atr);
  AddInterval(stats, "exec_to_registered_ms", times.exec, times.registered);
  AddRequestTimes(stats, tclo);
}

void AddVsock(Stats& stats, VsockHost& vsock) {
  const VsockCounters& counters = vsock.counters();
  stats.emplace_back("vsock_rpci_connections", vsock.Connections(kVsockRpciPort));
  stats.emplace_back("vsock_tclo_connections", vsock.Connections(kVsockTcloPort));
  stats.emplace_back("vsock_connects", counters.connects);
  stats.emplace_back("vsock_refused", counters.refused);
  stats.emplace_back("vsock_packets_from_guest", counters.packets_from_guest);
  stats.emplace_back("vsock_packets_to_guest", counters.packets_to_guest);
  stats.emplace_back("vsock_pings", counters.pings);
  stats.emplace_back("vsock_violations", counters.violations);
}

}  // namespace

Stats CollectStats(Vmx& vmx, const Tracer& tracer, VsockHost* vsock) {
  Stats stats;
  vmx.With([&stats](Vmx::View& view) {
    stats.emplace_back("elapsed_seconds", absl::ToDoubleSeconds(absl::Now() - view.log.start()));
    AddMachine(stats, view.machine);
    AddClock(stats, view.machine.clock());
    AddTclo(stats, view.tclo);
    stats.emplace_back("unknown_rpci_commands", view.rpci.unknown_commands());
    stats.emplace_back("snapshot_violations", view.rpci.snapshot().violations());
    stats.emplace_back("recorded_calls", view.recorded.size());
  });
  if (vsock != nullptr) AddVsock(stats, *vsock);
  const TracerCounters& counters = tracer.counters();
  stats.emplace_back("traps", counters.traps);
  stats.emplace_back("traps_elsewhere", counters.traps_elsewhere);
  if (counters.traps > 0) {
    stats.emplace_back("trap_mean_us", counters.trap_nanoseconds / 1e3 / counters.traps);
  }
  stats.emplace_back("hypercalls", counters.hypercalls);
  stats.emplace_back("cpuid_traps", counters.cpuid);
  stats.emplace_back("other_signals", counters.other_signals);
  stats.emplace_back("execs", counters.execs);
  return stats;
}

std::string StatsText(const Stats& stats) {
  std::string text;
  for (const auto& [name, value] : stats) {
    absl::StrAppend(&text, absl::StrFormat("%-28s %.10g\n", name, value));
  }
  return text;
}

std::string StatsJson(const Stats& stats) {
  std::string text = "{";
  for (const auto& [name, value] : stats) {
    absl::StrAppend(&text, text.size() > 1 ? ", " : "",
                    absl::StrFormat("\"%s\": %.10g", name, value));
  }
  return text + "}\n";
}

}  // namespace toolboxd::vmxsim
