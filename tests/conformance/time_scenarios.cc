// SPDX-License-Identifier: Apache-2.0

// The clock (docs/protocol/time.md 10.9). Both guests set a clock of vmxsim's, none of this
// machine's.

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/conformance/scenario.h"

namespace toolboxd::conformance {
namespace {

constexpr int64_t kSecond = 1000000;

// The host's side: its clock less the guest's and the interrupt lag, in microseconds, and the
// newest command that it answers.
struct Host {
  int64_t ahead = 0;
  int64_t interrupt_lag = 0;
  int64_t newest = 55;
  int64_t max_lag = kSecond;
};

void Set(Target& t, const Host& host) {
  t.SetClock("interrupt_lag", host.interrupt_lag);
  t.SetClock("newest", host.newest);
  t.SetClock("max_lag", host.max_lag);
  t.SetClock("difference", host.ahead);
}

// The reply, the steps to a tenth of a second, and how often STOPCATCHUP came.
std::string After(Target& t, const Host& host, const std::string& request) {
  Set(t, host);
  const size_t before = t.ClockSteps().size();
  const int64_t stops = t.Clock("stop_catch_ups");
  std::string text = t.Raw(request);
  const std::vector<int64_t> steps = t.ClockSteps();
  for (size_t i = before; i < steps.size(); ++i) {
    absl::StrAppend(&text, " step ", std::lround(static_cast<double>(steps[i]) / 100000));
  }
  absl::StrAppend(&text, " stops ", t.Clock("stop_catch_ups") - stops);
  Set(t, Host());
  return text;
}

std::string OneTime(Target& t, const Host& host, absl::string_view argument) {
  return After(t, host, absl::StrCat("Time_Synchronize ", argument));
}

// Periodic synchronization at the first moment that it has another tick than before, or a second
// later.
std::string Periodic(Target& t, int64_t ahead) {
  Set(t, {.ahead = ahead});
  std::string text = t.Raw("Set_Option synctime 1");
  for (int i = 0; i < 100 && t.Clock("tick") == 10000; ++i) absl::SleepFor(absl::Milliseconds(10));
  absl::StrAppend(&text, " tick ", t.Clock("tick"));
  absl::StrAppend(&text, " ", t.Raw("Set_Option synctime 0"));
  for (int i = 0; i < 100 && t.Clock("tick") != 10000; ++i) absl::SleepFor(absl::Milliseconds(10));
  absl::StrAppend(&text, " tick ", t.Clock("tick"), " frequency ", t.Clock("frequency"));
  Set(t, Host());
  return text;
}

constexpr Scenario kScenarios[] = {
    {"time: T1 5 s late", [](Target& t) { return OneTime(t, {.ahead = 5 * kSecond}, "0"); }},
    {"time: T2 0.5 s late", [](Target& t) { return OneTime(t, {.ahead = kSecond / 2}, "0"); }},
    {"time: T3 2 s early", [](Target& t) { return OneTime(t, {.ahead = -2 * kSecond}, "0"); }},
    {"time: T4 2 s early, may go back",
     [](Target& t) { return OneTime(t, {.ahead = -2 * kSecond}, "1"); }},
    {"time: T5 1.2 s late, 0.3 s of it the host's",
     [](Target& t) { return OneTime(t, {.ahead = 1200000, .interrupt_lag = 300000}, "0"); }},
    {"time: T6 1.4 s late, 0.3 s of it the host's",
     [](Target& t) { return OneTime(t, {.ahead = 1400000, .interrupt_lag = 300000}, "0"); }},
    {"time: T7 a host that knows command 23",
     [](Target& t) { return OneTime(t, {.ahead = 5 * kSecond, .newest = 23}, "0"); }},
    {"time: a host that knows command 46",
     [](Target& t) { return OneTime(t, {.ahead = 5 * kSecond, .newest = 46}, "0"); }},
    {"time: a host that tolerates 10 s",
     [](Target& t) { return OneTime(t, {.ahead = 5 * kSecond, .max_lag = 10 * kSecond}, "1"); }},
    {"time: other arguments",
     [](Target& t) {
       std::vector<std::string> outcomes;
       for (const char* argument : {"", "yes", "1x", "1.5", "4294967297", "2", "-1", "0 1"}) {
         outcomes.push_back(OneTime(t, {.ahead = -2 * kSecond}, argument));
       }
       outcomes.push_back(After(t, {.ahead = -2 * kSecond}, "Time_Synchronize"));
       return Steps(outcomes);
     }},
    {"time: a year late", [](Target& t) { return OneTime(t, {.ahead = 31536000 * kSecond}, "0"); }},
    {"time: options that are not known, and values",
     [](Target& t) {
       return Steps({t.Raw("Set_Option colour red"), t.Raw("Set_Option synctime maybe"),
                     t.Raw("Set_Option time.synchronize.allow 0"),
                     t.Raw("Set_Option synctime.period soon"),
                     t.Raw("Set_Option time.synchronize.tools.percentCorrection half")});
     }},
    {"time: TimeInfo_Update", [](Target& t) { return t.Raw("TimeInfo_Update"); }},
    {"time: startup goes back if that was said before",
     [](Target& t) {
       const Host early = {.ahead = -2 * kSecond};
       return Steps({After(t, early, "Set_Option time.synchronize.tools.startup.backward 1"),
                     After(t, early, "Set_Option time.synchronize.tools.startup 1"),
                     After(t, early, "Set_Option time.synchronize.tools.startup 1")});
     }},
    {"time: periods without slewing",
     [](Target& t) {
       return Steps(
           {t.Raw("Set_Option time.synchronize.tools.slewCorrection 0"),
            After(t, {.ahead = 900000}, "Set_Option synctime 1"), t.Raw("Set_Option synctime 0"),
            After(t, {.ahead = 1500000}, "Set_Option synctime 1"), t.Raw("Set_Option synctime 0"),
            After(t, {.ahead = -1500000}, "Set_Option synctime 1"),
            t.Raw("Set_Option synctime 0")});
     }},
    {"time: a step first",
     [](Target& t) {
       const Host early = {.ahead = -2 * kSecond};
       return Steps({t.Raw("Set_Option time.synchronize.tools.enable 1"),
                     After(t, early, "Set_Option synctime 1"), t.Raw("Set_Option synctime 0"),
                     t.Raw("Set_Option time.synchronize.tools.enable 0"),
                     After(t, early, "Set_Option synctime 1"), t.Raw("Set_Option synctime 0")});
     }},
    {"time: rates",
     [](Target& t) {
       return Steps({t.Raw("Set_Option synctime.period 60"),
                     t.Raw("Set_Option time.synchronize.tools.slewCorrection 1"),
                     Periodic(t, 200000), Periodic(t, 100000), Periodic(t, -400000),
                     t.Raw("Set_Option time.synchronize.tools.percentCorrection 100"),
                     Periodic(t, 100000),
                     t.Raw("Set_Option time.synchronize.tools.percentCorrection 50")});
     }},
    {"time: a century late",
     [](Target& t) { return OneTime(t, {.ahead = kSecond * 100 * 31536000}, "0"); },
     "no step of more than ten years", "ERROR Unable to sync time stops 0"},
};
static_assert(DifferencesAreStated(kScenarios));

}  // namespace

absl::Span<const Scenario> TimeScenarios() { return kScenarios; }

}  // namespace toolboxd::conformance
