// SPDX-License-Identifier: Apache-2.0

// simulation: plays schedules, each in a process of its own, and shortens those that fail.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/simulation/run.h"

namespace toolboxd::simulation {
namespace {

constexpr char kUsage[] =
    "Usage: tests/simulation/run [--seeds=A-B] [--hours=N] [--seed=N [--events=I,J,...]]\n"
    "\n"
    "Plays transportd, its host and its services on virtual time: a schedule for each seed, "
    "1-10000\n"
    "unless others are named. A seed that fails is shortened and printed. The last line is\n"
    "\"N passed, N failed\".\n"
    "\n"
    "  --seeds=A-B   these seeds\n"
    "  --hours=N     new seeds for this time\n"
    "  --seed=N      this one, with its trace\n"
    "  --events=...  of its events only these, by their numbers\n"
    "  --jobs=N      processes at a time; default: the processors\n";

constexpr uint64_t kDefaultSeeds = 10000;
// One seed in this many is played twice, and must give the same result.
constexpr uint64_t kReplayed = 50;
// The longest that a seed may take for real.
constexpr unsigned kPatience = 20;
constexpr int kMaxKinds = 128;
constexpr size_t kMaxText = 4096;
constexpr size_t kMaxFailures = 200;
constexpr size_t kMaxReason = 100;

// What one seed's process leaves to its parent.
struct Result {
  bool complete;
  uint64_t hash;
  uint64_t lines;
  uint64_t operations;
  uint64_t executions;
  uint64_t messages;
  uint64_t switches;
  uint64_t logins;
  int64_t time;
  bool played_again;
  char violations[kMaxText];
};

// What a worker adds up.
struct Totals {
  uint64_t seeds;
  uint64_t failed;
  uint64_t replayed;
  uint64_t differed;
  uint64_t played_again;
  uint64_t operations;
  uint64_t executions;
  uint64_t messages;
  uint64_t switches;
  uint64_t logins;
  uint64_t lines;
  int64_t time;
  int64_t reached[kMaxKinds * kStates];
  uint64_t failures[kMaxFailures];
  // The first of its violations.
  char reasons[kMaxFailures][kMaxReason];
};

struct Options {
  uint64_t first = 1;
  uint64_t last = kDefaultSeeds;
  double hours = 0;
  bool one = false;
  int jobs = 0;
  bool some_events = false;
  std::vector<int> events;
};

template <typename T>
T* Share() {
  void* memory =
      mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) exit(1);
  return static_cast<T*>(memory);
}

// Plays a schedule in a process of its own. False if it fails; `why` says how.
bool Play(const Schedule& schedule, bool verbose, Result* result, int64_t* reached,
          std::string* why = nullptr) {
  *result = {};
  fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(kPatience);
    if (!verbose) {
      const int null = open("/dev/null", O_WRONLY);
      dup2(null, STDERR_FILENO);
    }
    std::vector<int64_t> unused(kMaxKinds * kStates);
    const Outcome outcome =
        Simulate(schedule, verbose, reached != nullptr ? reached : unused.data());
    const std::string text = absl::StrJoin(outcome.violations, "\n");
    strncpy(result->violations, text.c_str(), kMaxText - 1);
    result->hash = outcome.trace_hash;
    result->lines = outcome.trace_lines;
    result->operations = outcome.operations;
    result->executions = outcome.executions;
    result->messages = outcome.messages;
    result->switches = outcome.switches;
    result->logins = outcome.logins;
    result->time = outcome.time;
    result->played_again = outcome.played_again;
    result->complete = true;
    fflush(stdout);
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (result->complete && result->violations[0] == '\0') return true;
  if (why != nullptr) {
    *why = result->complete ? std::string(result->violations)
           : WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM
               ? absl::StrCat("does not end in ", kPatience, " s")
               : absl::StrCat("the process ended by signal ", WTERMSIG(status));
  }
  return false;
}

// Removes events as long as the rest still fails: halves first, then smaller parts.
Schedule Shorten(Schedule schedule, std::vector<int>* kept) {
  Result* result = Share<Result>();
  kept->resize(schedule.events.size());
  for (size_t i = 0; i < kept->size(); ++i) (*kept)[i] = static_cast<int>(i);
  for (size_t part = (schedule.events.size() + 1) / 2; part > 0; part /= 2) {
    for (size_t at = 0; at < schedule.events.size();) {
      Schedule shorter = schedule;
      const size_t end = std::min(at + part, schedule.events.size());
      shorter.events.erase(shorter.events.begin() + static_cast<int64_t>(at),
                           shorter.events.begin() + static_cast<int64_t>(end));
      if (Play(shorter, false, result, nullptr)) {
        at = end;
        continue;
      }
      schedule = shorter;
      kept->erase(kept->begin() + static_cast<int64_t>(at),
                  kept->begin() + static_cast<int64_t>(end));
    }
  }
  munmap(result, sizeof(Result));
  return schedule;
}

void PrintSchedule(const Schedule& schedule) {
  for (const Event& event : schedule.events) {
    printf("    %8.3f s  %s\n", static_cast<double>(event.time) / kSecond,
           EventKinds()[event.kind].name);
  }
}

void Explain(uint64_t seed) {
  Result* result = Share<Result>();
  std::string why;
  const Schedule schedule = MakeSchedule(seed);
  if (Play(schedule, false, result, nullptr, &why)) {
    printf("FAILED seed %ju, but not when it was played again\n", static_cast<uintmax_t>(seed));
    return;
  }
  std::vector<int> kept;
  const Schedule shorter = Shorten(schedule, &kept);
  Play(shorter, false, result, nullptr, &why);
  printf("FAILED seed %ju, shortened from %zu events to %zu:\n", static_cast<uintmax_t>(seed),
         schedule.events.size(), shorter.events.size());
  PrintSchedule(shorter);
  printf("  %s\n", why.c_str());
  printf("  again: tests/simulation/run --seed=%ju --events=%s\n", static_cast<uintmax_t>(seed),
         absl::StrJoin(kept, ",").c_str());
  munmap(result, sizeof(Result));
}

void Add(const Result& result, Totals& totals) {
  totals.operations += result.operations;
  totals.executions += result.executions;
  totals.messages += result.messages;
  totals.switches += result.switches;
  totals.logins += result.logins;
  totals.lines += result.lines;
  totals.time += result.time;
  totals.played_again += result.played_again ? 1 : 0;
}

void Work(const Options& options, int worker, int jobs, double until, Totals* totals) {
  Result* result = Share<Result>();
  Result* again = Share<Result>();
  for (uint64_t seed = options.first + worker;; seed += jobs) {
    if (until > 0 ? time(nullptr) >= until : seed > options.last) break;
    const Schedule schedule = MakeSchedule(seed);
    ++totals->seeds;
    std::string why;
    if (!Play(schedule, false, result, totals->reached, &why)) {
      if (totals->failed < kMaxFailures) {
        totals->failures[totals->failed] = seed;
        strncpy(totals->reasons[totals->failed], why.substr(0, why.find('\n')).c_str(),
                kMaxReason - 1);
      }
      ++totals->failed;
    }
    Add(*result, *totals);
    if (seed % kReplayed != 0) continue;
    ++totals->replayed;
    Play(schedule, false, again, nullptr);
    if (again->hash != result->hash || again->lines != result->lines) ++totals->differed;
  }
}

void PrintReached(const std::vector<int64_t>& reached) {
  printf("\nevents by the state in which they came\n%-22s", "");
  for (int state = 0; state < kStates; ++state) printf(" %12s", StateName(state));
  printf("\n");
  for (size_t kind = 0; kind < EventKinds().size(); ++kind) {
    printf("%-22s", EventKinds()[kind].name);
    for (int state = 0; state < kStates; ++state) {
      printf(" %12jd", static_cast<intmax_t>(reached[kind * kStates + state]));
    }
    printf("\n");
  }
  printf("\n");
}

// Events that never came.
std::vector<std::string> Missing(const std::vector<int64_t>& reached) {
  std::vector<std::string> missing;
  for (size_t kind = 0; kind < EventKinds().size(); ++kind) {
    int64_t sum = 0;
    for (int state = 0; state < kStates; ++state) sum += reached[kind * kStates + state];
    if (sum == 0) missing.emplace_back(EventKinds()[kind].name);
  }
  return missing;
}

// A seed that fails, and why.
struct Failure {
  uint64_t seed;
  std::string why;
};

// How many seeds fail for which reason, numbers aside, with the first of them.
void PrintReasons(const std::vector<Failure>& failures) {
  std::map<std::string, std::pair<int, uint64_t>> reasons;
  for (const Failure& failure : failures) {
    std::string kind;
    for (const char c : failure.why) {
      const bool digit = c >= '0' && c <= '9';
      if (!digit || !absl::EndsWith(kind, "N")) kind += digit ? 'N' : c;
    }
    auto& entry = reasons.try_emplace(kind, 0, failure.seed).first->second;
    ++entry.first;
  }
  for (const auto& [kind, entry] : reasons) {
    printf("%5d seeds, such as %ju: %s\n", entry.first, static_cast<uintmax_t>(entry.second),
           kind.c_str());
  }
}

int Report(const Totals& totals, const std::vector<Failure>& failures, double seconds) {
  std::vector<int64_t> reached(totals.reached, totals.reached + kMaxKinds * kStates);
  PrintReached(reached);
  const double n = static_cast<double>(std::max<uint64_t>(1, totals.seeds));
  printf("%ju seeds, %.1f days of virtual time in %.1f s (%.2f ms for a seed and process)\n",
         static_cast<uintmax_t>(totals.seeds), static_cast<double>(totals.time) / kSecond / 86400,
         seconds, seconds * 1000 / n);
  printf("%ju operations of the host, of which services did %ju; %ju messages, %ju logins\n",
         static_cast<uintmax_t>(totals.operations), static_cast<uintmax_t>(totals.executions),
         static_cast<uintmax_t>(totals.messages), static_cast<uintmax_t>(totals.logins));
  printf("%ju lines of trace, %ju switches of threads\n", static_cast<uintmax_t>(totals.lines),
         static_cast<uintmax_t>(totals.switches));
  printf("%ju seeds were played once more for what is made once in a process\n",
         static_cast<uintmax_t>(totals.played_again));
  PrintReasons(failures);
  for (size_t i = 0; i < failures.size() && i < 3; ++i) Explain(failures[i].seed);
  int passed = 0, failed = 0;
  const auto check = [&](bool good, const std::string& text) {
    printf("%s %s\n", good ? "ok  " : "FAILED", text.c_str());
    ++(good ? passed : failed);
  };
  check(totals.failed == 0, absl::StrCat("no property is violated: ", totals.failed, " of ",
                                         totals.seeds, " seeds fail"));
  check(totals.differed == 0, absl::StrCat("a seed is the same each time: ", totals.differed,
                                           " of ", totals.replayed, " differ"));
  const std::vector<std::string> missing = Missing(reached);
  // A few seeds do not reach everything.
  if (totals.seeds >= kDefaultSeeds) {
    check(missing.empty(), absl::StrCat("every event has come", missing.empty() ? "" : ", but not ",
                                        absl::StrJoin(missing, ", ")));
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

int PlayAll(const Options& options) {
  const int jobs =
      options.jobs > 0 ? options.jobs : static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  const double begin = static_cast<double>(time(nullptr));
  timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  const double until = options.hours > 0 ? begin + options.hours * 3600 : 0;
  std::vector<Totals*> parts;
  for (int worker = 0; worker < jobs; ++worker) {
    parts.push_back(Share<Totals>());
    if (fork() != 0) continue;
    Work(options, worker, jobs, until, parts.back());
    _exit(0);
  }
  while (wait(nullptr) > 0) {
  }
  Totals totals = {};
  std::vector<Failure> failures;
  for (const Totals* part : parts) {
    totals.seeds += part->seeds;
    totals.failed += part->failed;
    totals.replayed += part->replayed;
    totals.differed += part->differed;
    totals.played_again += part->played_again;
    totals.operations += part->operations;
    totals.executions += part->executions;
    totals.messages += part->messages;
    totals.switches += part->switches;
    totals.logins += part->logins;
    totals.lines += part->lines;
    totals.time += part->time;
    for (int i = 0; i < kMaxKinds * kStates; ++i) totals.reached[i] += part->reached[i];
    for (uint64_t i = 0; i < std::min<uint64_t>(part->failed, kMaxFailures); ++i) {
      failures.push_back({part->failures[i], part->reasons[i]});
    }
  }
  std::sort(failures.begin(), failures.end(),
            [](const Failure& a, const Failure& b) { return a.seed < b.seed; });
  clock_gettime(CLOCK_MONOTONIC, &end);
  return Report(totals, failures,
                static_cast<double>(end.tv_sec - start.tv_sec) +
                    static_cast<double>(end.tv_nsec - start.tv_nsec) * 1e-9);
}

int PlayOne(const Options& options) {
  Schedule schedule = MakeSchedule(options.first);
  if (options.some_events) {
    std::vector<Event> events;
    for (const int index : options.events) {
      if (index >= 0 && index < static_cast<int>(schedule.events.size())) {
        events.push_back(schedule.events[index]);
      }
    }
    schedule.events = std::move(events);
  }
  Result* result = Share<Result>();
  std::string why;
  const bool good = Play(schedule, true, result, nullptr, &why);
  PrintSchedule(schedule);
  printf("trace %016jx, %ju lines, %.1f s of virtual time\n", static_cast<uintmax_t>(result->hash),
         static_cast<uintmax_t>(result->lines), static_cast<double>(result->time) / kSecond);
  if (!good) printf("FAILED %s\n", why.c_str());
  printf("%d passed, %d failed\n", good ? 1 : 0, good ? 0 : 1);
  return good ? 0 : 1;
}

bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (absl::ConsumePrefix(&argument, "--seeds=")) {
      const std::vector<std::string> ends = absl::StrSplit(argument, '-');
      if (ends.size() != 2 || !absl::SimpleAtoi(ends[0], &options.first) ||
          !absl::SimpleAtoi(ends[1], &options.last)) {
        return false;
      }
    } else if (absl::ConsumePrefix(&argument, "--hours=")) {
      // No two of these runs have seeds in common, unless they begin in the same second.
      options.first = static_cast<uint64_t>(time(nullptr)) * 1000;
      if (!absl::SimpleAtod(argument, &options.hours)) return false;
    } else if (absl::ConsumePrefix(&argument, "--seed=")) {
      options.one = true;
      if (!absl::SimpleAtoi(argument, &options.first)) return false;
    } else if (absl::ConsumePrefix(&argument, "--events=")) {
      options.some_events = true;
      for (const absl::string_view number : absl::StrSplit(argument, ',', absl::SkipEmpty())) {
        int index = 0;
        if (!absl::SimpleAtoi(number, &index)) return false;
        options.events.push_back(index);
      }
    } else if (absl::ConsumePrefix(&argument, "--jobs=")) {
      if (!absl::SimpleAtoi(argument, &options.jobs)) return false;
    } else {
      return false;
    }
  }
  return true;
}

int Main(int argc, char** argv) {
  // Addresses must not differ from run to run: hash tables are ordered by them.
  if ((personality(0xffffffff) & ADDR_NO_RANDOMIZE) == 0) {
    personality(personality(0xffffffff) | ADDR_NO_RANDOMIZE);
    if ((personality(0xffffffff) & ADDR_NO_RANDOMIZE) != 0) execv("/proc/self/exe", argv);
  }
  Options options;
  if (!Parse(argc, argv, options)) {
    const bool help = argc == 2 && std::string(argv[1]) == "--help";
    fputs(kUsage, help ? stdout : stderr);
    return help ? 0 : 2;
  }
  WarmUp();
  return options.one ? PlayOne(options) : PlayAll(options);
}

}  // namespace
}  // namespace toolboxd::simulation

int main(int argc, char** argv) { return toolboxd::simulation::Main(argc, argv); }
