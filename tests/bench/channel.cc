// SPDX-License-Identifier: Apache-2.0

// An idle guest, and plain TCLO requests.

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "tests/bench/measurements.h"
#include "tests/bench/rows.h"

namespace toolboxd::bench {
namespace {

struct Rates {
  double polls, traps, switches, cpu, pss, memory;
};

Rates Idle(Guest& guest, absl::Duration time) {
  const Cost before = guest.Costs();
  const double polls = guest.Stat("polls"), traps = guest.Stat("traps");
  absl::SleepFor(time);
  const Cost after = guest.Costs();
  const double seconds = absl::ToDoubleSeconds(time);
  return {(guest.Stat("polls") - polls) / seconds,
          (guest.Stat("traps") - traps) / seconds,
          static_cast<double>(after.context_switches - before.context_switches) / seconds,
          absl::ToDoubleMilliseconds(after.cpu - before.cpu) / seconds,
          static_cast<double>(after.pss_kib),
          static_cast<double>(after.private_kib)};
}

// Median milliseconds of `count` pings, each after `rest`.
double Ping(Guest& guest, int count, absl::Duration rest) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    absl::SleepFor(rest);
    const absl::Time start = absl::Now();
    Require(guest.host().Tclo("ping", absl::Seconds(10)).status(), "ping");
    times.push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// Median milliseconds of four requests that wait together, as vmxsim measures them.
double Queued(Guest& guest) {
  const absl::StatusOr<std::string> text = guest.host().Call({"bench", "queued", "40", "ping"});
  Require(text.status(), "bench queued");
  constexpr absl::string_view kKey = "round_trip_median_us";
  const size_t at = text->find(std::string(kKey));
  if (at == std::string::npos) return 0;
  return std::strtod(text->c_str() + at + kKey.size(), nullptr) / 1000;
}

}  // namespace

void MeasureIdle(Pair& pair) {
  PrintHeading("when idle, 10 s each");
  const Rates ours = Idle(pair.toolboxd, absl::Seconds(10));
  const Rates theirs = Idle(pair.vmtoolsd, absl::Seconds(10));
  PrintRow({"idle.polls", "polls", "/s", Better::kLower,
            "How often the guest asks the host for a TCLO request.", "<= 10"},
           {ours.polls, theirs.polls});
  PrintRow({"idle.traps", "traps", "/s", Better::kLower,
            "How often the guest executes a backdoor instruction and leaves for the hypervisor."},
           {ours.traps, theirs.traps});
  PrintRow({"idle.switches_traced", "context switches, traced", "/s", Better::kLower,
            "Context switches of all the tools' processes. vmxsim adds one to each trap."},
           {ours.switches, theirs.switches});
  PrintRow({"idle.switches", "context switches without traps", "/s", Better::kLower,
            "The row above less the traps: what a real machine would see.", "<= 15"},
           {ours.switches - ours.traps, theirs.switches - theirs.traps});
  PrintRow({"idle.cpu", "CPU", "ms/s", Better::kLower,
            "CPU time of all the tools' processes, user and system."},
           {ours.cpu, theirs.cpu});
  PrintRow({"idle.pss", "PSS", "KiB", Better::kLower,
            "Proportional memory of all the tools' processes: a page that processes share counts "
            "in parts. When idle toolboxd runs transportd and guestinfod.",
            "ratio <= 1"},
           {ours.pss, theirs.pss});
  PrintRow({"idle.private", "private memory", "KiB", Better::kLower,
            "Memory of all the tools' processes that no other process shares."},
           {ours.memory, theirs.memory});
}

void MeasureRoundTrips(Pair& pair) {
  PrintHeading("ping, median");
  PrintRow({"pings.rest", "when idle", "ms", Better::kLower,
            "A TCLO ping 0.7 s after the last one, from the host's request to its reply; the "
            "median of 15."},
           {Ping(pair.toolboxd, 15, absl::Milliseconds(700)),
            Ping(pair.vmtoolsd, 15, absl::Milliseconds(700))});
  PrintRow({"pings.serial", "one after the other", "ms", Better::kLower,
            "A TCLO ping right after the last reply; the median of 200."},
           {Ping(pair.toolboxd, 200, absl::ZeroDuration()),
            Ping(pair.vmtoolsd, 200, absl::ZeroDuration())});
  PrintRow({"pings.queued", "four queued, each", "ms", Better::kLower,
            "A TCLO ping while three more wait, from its entry into the queue to its reply; the "
            "median."},
           {Queued(pair.toolboxd), Queued(pair.vmtoolsd)});
  PrintRow({"pings.fetch_to_reply", "from fetch to reply", "us", Better::kLower,
            "The guest's part of a ping, from the poll that fetches it to the reply; the median "
            "of the last requests.",
            "ratio <= 1"},
           {pair.toolboxd.Stat("fetch_to_reply_median_us"),
            pair.vmtoolsd.Stat("fetch_to_reply_median_us")});
}

}  // namespace toolboxd::bench
