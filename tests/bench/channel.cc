// At rest, and plain TCLO requests.

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "tests/bench/measurements.h"

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
  PrintHeading("at rest, 10 s each");
  const Rates ours = Idle(pair.toolboxd, absl::Seconds(10));
  const Rates theirs = Idle(pair.vmtoolsd, absl::Seconds(10));
  PrintRow("polls", ours.polls, theirs.polls, "/s", "<= 10");
  PrintRow("traps", ours.traps, theirs.traps, "/s");
  PrintRow("context switches, traced", ours.switches, theirs.switches, "/s");
  PrintRow("context switches without traps", ours.switches - ours.traps,
           theirs.switches - theirs.traps, "/s", "<= 15");
  PrintRow("CPU", ours.cpu, theirs.cpu, "ms/s");
  PrintRow("PSS", ours.pss, theirs.pss, "KiB", "ratio <= 1");
  PrintRow("private memory", ours.memory, theirs.memory, "KiB");
}

void MeasureRoundTrips(Pair& pair) {
  PrintHeading("ping, median");
  PrintRow("at rest", Ping(pair.toolboxd, 15, absl::Milliseconds(700)),
           Ping(pair.vmtoolsd, 15, absl::Milliseconds(700)), "ms");
  PrintRow("one after the other", Ping(pair.toolboxd, 200, absl::ZeroDuration()),
           Ping(pair.vmtoolsd, 200, absl::ZeroDuration()), "ms");
  PrintRow("four queued, each", Queued(pair.toolboxd), Queued(pair.vmtoolsd), "ms");
  PrintRow("from fetch to reply", pair.toolboxd.Stat("fetch_to_reply_median_us"),
           pair.vmtoolsd.Stat("fetch_to_reply_median_us"), "us", "ratio <= 1");
}

}  // namespace toolboxd::bench
