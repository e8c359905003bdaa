// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/bench.h"

#include <algorithm>
#include <random>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace toolboxd::vmxsim {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(20);
// Longer than both implementations need to reach their slowest polling.
constexpr absl::Duration kIdle = absl::Milliseconds(700);

struct Samples {
  std::vector<double> total;  // offered to replied, µs
  std::vector<double> fetch;  // offered to fetched
  std::vector<double> reply;  // fetched to replied
};

double Percentile(std::vector<double> values, double fraction) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(fraction * values.size()))];
}

void Report(std::string& text, absl::string_view name, const std::vector<double>& values) {
  for (const auto& [label, fraction] :
       {std::pair<const char*, double>{"median", 0.5}, {"p90", 0.9}, {"p99", 0.99}}) {
    absl::StrAppend(&text, absl::StrFormat("%-28s %.6g\n", absl::StrCat(name, "_", label, "_us"),
                                           Percentile(values, fraction)));
  }
}

absl::Status Send(Vmx& vmx, absl::string_view request, int at_once, Samples& samples) {
  const std::vector<std::string> requests(at_once, std::string(request));
  for (const TcloRequest& done : vmx.SendAll(requests, kTimeout)) {
    if (!done.status.ok()) return done.status;
    if (!absl::StartsWith(done.reply, "OK")) {
      return absl::FailedPreconditionError(
          absl::StrCat("the guest replied ", absl::CHexEscape(done.reply)));
    }
    samples.total.push_back(absl::ToDoubleMicroseconds(done.replied - done.enqueued));
    samples.fetch.push_back(absl::ToDoubleMicroseconds(done.fetched - done.offered));
    samples.reply.push_back(absl::ToDoubleMicroseconds(done.replied - done.fetched));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> RunBench(Vmx& vmx, absl::string_view kind, absl::string_view request,
                                     int count) {
  if (kind != "idle" && kind != "serial" && kind != "queued") {
    return absl::InvalidArgumentError("the kind of measurement must be idle, serial or queued");
  }
  const int at_once = kind == "queued" ? 4 : 1;
  Samples samples;
  std::minstd_rand random(1);
  std::uniform_int_distribution<int> jitter(0, 100);
  const absl::Time begin = absl::Now();
  for (int done = 0; done < count; done += at_once) {
    if (kind == "idle") absl::SleepFor(kIdle + absl::Milliseconds(jitter(random)));
    const absl::Status status = Send(vmx, request, at_once, samples);
    if (!status.ok()) return status;
  }
  std::string text = absl::StrFormat("%-28s %d\n", "requests", samples.total.size());
  Report(text, "round_trip", samples.total);
  Report(text, "offer_to_fetch", samples.fetch);
  Report(text, "fetch_to_reply", samples.reply);
  if (kind != "idle") {
    absl::StrAppend(&text, absl::StrFormat("%-28s %.6g\n", "requests_per_second",
                                           static_cast<double>(samples.total.size()) /
                                               absl::ToDoubleSeconds(absl::Now() - begin)));
  }
  return text;
}

}  // namespace toolboxd::vmxsim
