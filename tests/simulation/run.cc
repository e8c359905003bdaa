// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/run.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/held_lines.h"
#include "base/log.h"
#include "tests/simulation/allocations.h"
#include "toolboxd/v1/power.pb.h"
#include "toolboxd/v1/quiesce.pb.h"
#include "transportd/host_channels.h"

ABSL_DECLARE_FLAG(std::string, policy);
ABSL_DECLARE_FLAG(std::string, routes_dir);
ABSL_DECLARE_FLAG(absl::Duration, session_idle_close);

namespace toolboxd::simulation {
namespace {

// The longest from the end of the last fault to a registration.
constexpr int64_t kRegistrationTime = 5 * kSecond;
constexpr int64_t kMonitorStep = 100 * kMillisecond;
// Steps from one look for connections that were closed to the next.
constexpr int kSweepSteps = 5;
// The longest that anything may stay: an inbox that its host forgot.
constexpr int64_t kQuietTime = 36 * 60 * kSecond;
constexpr int64_t kQuietStep = 20 * kSecond;
// Tasks that an idle transportd may have: its memory, an inbox's end, the clock's.
constexpr size_t kIdleTasks = 5;
constexpr size_t kIdleFibers = 3;
constexpr int64_t kWarmUpStep = kSecond;
constexpr uint64_t kFirstWarmUpSeed = uint64_t{1} << 48;
constexpr uint64_t kWarmUpSeeds = 60;
constexpr int kWarmUpRounds = 4;

constexpr absl::string_view kPowerCommands[] = {"OS_Halt", "OS_Reboot", "OS_PowerOn", "OS_Resume",
                                                "OS_Suspend"};

// Whether a request is an HGFS packet that appends to a file (docs/protocol/hgfs.md): sent twice it
// means something else. Its session's packets have all the same request number before their opcode.
bool AppendsToFile(absl::string_view request) {
  static constexpr char kNumberAndOpcode[] = "\x34\0\0\0\0\0\0\x80\x1a\0\0";
  return absl::StrContains(request, absl::string_view(kNumberAndOpcode, sizeof kNumberAndOpcode));
}

// Whoever still uses what was on the stack before finds nothing of it.
__attribute__((noinline)) void Scribble() {
  volatile char used[4096];
  for (volatile char& c : used) c = '\xA5';
}

size_t Descriptors() {
  size_t count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

}  // namespace

const char* StateName(int state) {
  static constexpr const char* kNames[kStates] = {"unregistered", "frozen",   "snapshot",
                                                  "customizing",  "power",    "transfer",
                                                  "operation",    "on vsock", "on backdoor"};
  return kNames[state];
}

Run::Run(World* world, uint64_t seed, bool verbose) : world_(*world), random_(seed) {
  journal_ = std::make_unique<Journal>(
      world, random_.OneIn(3) ? Journal::Kind::kPipe : Journal::Kind::kSocket, verbose);
  services_ = std::make_unique<Services>(world, seed + 1);
  users_ = std::make_unique<Users>(world, seed + 2);
  host_ = std::make_unique<Host>(
      HostEvents{.on_rpci = [this](absl::string_view request) { return OnRpci(request); },
                 .on_failed =
                     [this](absl::string_view request) {
                       // docs/reliability.md, "Known": what follows a lost end may be lost as well.
                       if (absl::StartsWith(request, "vmbackup.")) snapshot_unclear_ = true;
                     },
                 .trace = [this](const std::string& text) { world_.Trace(text); },
                 .violation = [this](const std::string& text) { world_.Violation(text); },
                 .on_registered =
                     [this](bool registered) {
                       world_.Trace(registered ? "registered" : "not registered any more");
                       if (registered) world_.Registered();
                     },
                 .on_sent_again = [this](const HostRequest& request) { OnSentAgain(request); },
                 .on_answer = [this](const HostRequest& request,
                                     absl::string_view answer) { OnAnswer(request, answer); }});
  Scheduler::Get().set_ready(
      [this](int fd) { return fd == STDERR_FILENO ? journal_->Ready() : host_->Ready(fd); });
}

absl::StatusOr<std::string> Run::Send(absl::string_view what, std::string text, int64_t limit,
                                      int operation, int64_t* busy) {
  const bool repeats = !AppendsToFile(text);
  const std::shared_ptr<HostRequest> request = host_->Send(std::move(text), operation, repeats);
  if (busy != nullptr) *busy += request->busy;
  if (request->longest > limit) {
    world_.Violation(absl::StrCat(what, " took ", request->longest / kMillisecond,
                                  " ms, which is beyond its limit of ", limit / kMillisecond));
  }
  return request->answer;
}

void Run::After(int64_t nanoseconds, std::function<void()> action) {
  Scheduler::Get().At(Scheduler::Get().now() + nanoseconds, std::move(action));
}

void Run::Disturb(int64_t nanoseconds, const std::function<void()>& begin,
                  std::function<void()> end) {
  ++disturbances_;
  begin();
  After(nanoseconds, [this, end = std::move(end)] {
    if (repaired_) return;
    end();
    --disturbances_;
    host_->NoteFault();
  });
}

int PowerEventOf(absl::string_view request) {
  const auto* const found =
      std::find(std::begin(kPowerCommands), std::end(kPowerCommands), request);
  return found == std::end(kPowerCommands)
             ? 0
             : static_cast<int>(found - std::begin(kPowerCommands)) + 1;
}

// --- What the host hears.

void Run::OnSentAgain(const HostRequest& request) {
  world_.Trace("a request is sent again");
  if (request.operation != 0) world_.SendAgain(request.operation);
  if (const int event = PowerEventOf(request.text); event != 0) ++world_.power_asked[event];
}

void Run::OnAnswer(const HostRequest& request, absl::string_view answer) {
  const int event = PowerEventOf(request.text);
  if (event == 0 || !absl::StartsWith(answer, "ERROR ")) return;
  if (world_.power_done[event] > --world_.power_asked[event]) {
    world_.Violation("a power event was refused and is carried out");
  }
}

std::string Run::OnRpci(absl::string_view request) {
  absl::string_view rest = request;
  world_.Trace(absl::StrCat("rpci ", rest.substr(0, std::min<size_t>(28, rest.find('\0')))));
  if (absl::ConsumePrefix(&rest, "vmbackup.eventSet "))
    OnSnapshotEvent(rest.substr(0, rest.find(' ')));
  if (absl::ConsumePrefix(&rest, "SetGuestInfo  1 "))
    host_name_ = std::string(rest.substr(0, rest.find('\0')));
  return "1 ";
}

void Run::OnSnapshotEvent(absl::string_view name) {
  const bool end = name == "req.done" || name == "req.aborted" || name == "req.error";
  if (name == "reset") {
    if (snapshot_open_ && !snapshot_unclear_) {
      world_.Violation("a snapshot began within another one");
    }
    snapshot_open_ = true;
    snapshot_committed_ = false;
  } else if (!snapshot_open_ && !end) {
    // The end of one may be repeated when the channel comes back.
    world_.Violation(absl::StrCat("the event ", name, " of no snapshot"));
  }
  if (name == "prov.snapshotCommit") {
    ++commits_;
    if (std::exchange(snapshot_committed_, true)) world_.Violation("a second commit of a snapshot");
    if (!world_.frozen) world_.Trace("commit of what is not frozen any more");
  }
  if (name == "req.done") {
    ++dones_;
    snapshot_open_ = false;
  }
}

State Run::state() const {
  if (!host_->registered()) return State::kUnregistered;
  if (world_.frozen) return State::kFrozen;
  if (world_.snapshots > 0) return State::kSnapshot;
  if (world_.customizations > 0) return State::kCustomizing;
  if (world_.power_events > 0) return State::kPower;
  if (world_.transfers > 0) return State::kTransfer;
  if (world_.guest_operations > 0) return State::kOperation;
  return host_->over_vsock() ? State::kVsock : State::kBackdoor;
}

// --- The run.

void Run::Monitor() {
  Scheduler& time = Scheduler::Get();
  int64_t waited = 0;
  int64_t sane = 0;
  for (int step = 0; !over_; ++step) {
    time.Sleep(kMonitorStep);
    if (step % kSweepSteps == 0) users_->Sweep();
    const bool sane_now = disturbances_ == 0 && !host_->gone();
    if (host_->registered() || !sane_now || sane != host_->sane_since()) waited = 0;
    sane = host_->sane_since();
    // Not while a request is served: its limit is another one.
    if (!host_->registered() && time.polls(channel_fiber_)) waited += kMonitorStep;
    if (waited > kRegistrationTime) {
      world_.Violation("not registered 5 s after the host was sane");
      waited = INT64_MIN / 2;
    }
  }
}

void Run::Repair() {
  repaired_ = true;
  disturbances_ = 0;
  host_->set_gone(false);
  host_->set_silent(false);
  host_->Checkpoint(0, 0);
  host_->FailNextAnswer(AnswerFault::kNone);
  host_->SendAgain(Again::kNo, 0, false);
  host_->Overtake(0);
  host_->set_sends_ahead(false);
  journal_->set_full(false);
  host_->set_vsock_undecided(false);
  services_->Repair();
  users_->Repair();
  Scheduler::Get().set_no_threads(false);
  Wire::Get().set_slow(2 * kMillisecond);
}

std::string Run::NotQuiet(size_t descriptors) {
  const auto asked = std::make_shared<std::optional<LiveNumbers>>();
  transport_->queue().Post([asked, numbers = transport_->Views().numbers] { *asked = numbers(); });
  Scheduler& time = Scheduler::Get();
  time.Wait([&asked] { return asked->has_value(); }, time.now() + 5 * kSecond);
  if (!asked->has_value()) return "the channel's thread does not come to its queue";
  const LiveNumbers* live = &**asked;
  const auto complain = [](size_t count, const char* what) {
    return absl::StrCat(count, " ", what, " are left");
  };
  const Wire& wire = Wire::Get();
  if (live->hgfsd_sessions + live->vixd_sessions > 0) {
    return complain(live->hgfsd_sessions + live->vixd_sessions, "sessions");
  }
  if (live->pending_logins > 0) return complain(live->pending_logins, "logins");
  if (live->transfers_from_guest + live->transfers_to_guest > 0) return "transfers are left";
  if (live->functions > 0) return complain(live->functions, "functions");
  if (users_->processes() > 0) return complain(users_->processes(), "users' processes");
  if (wire.channels != 1) return complain(wire.channels - 1, "channels to services");
  if (wire.contexts != 1) return complain(wire.contexts - 1, "calls to services");
  if (wire.queues != 0) return complain(wire.queues, "queues of calls");
  if (services_->connections() > 0) return complain(services_->connections(), "connections");
  if (transport_->queue().size() > kIdleTasks) return complain(transport_->queue().size(), "tasks");
  if (Scheduler::Get().product_fibers() != kIdleFibers) {
    return complain(Scheduler::Get().product_fibers(), "threads");
  }
  if (Descriptors() != descriptors) {
    return absl::StrCat(Descriptors(), " descriptors are open; at first there were ", descriptors);
  }
  return "";
}

void Run::AwaitQuiet(size_t descriptors) {
  const int64_t until = Scheduler::Get().now() + kQuietTime;
  std::string left = NotQuiet(descriptors);
  while (!left.empty() && Scheduler::Get().now() < until) {
    world_.Trace(left);
    Scheduler::Get().Sleep(kQuietStep);
    left = NotQuiet(descriptors);
  }
  if (!left.empty()) world_.Violation(absl::StrCat("after 36 minutes of quiet ", left));
}

void Run::Play(const Schedule& schedule, int64_t* reached) {
  Scheduler& time = Scheduler::Get();
  absl::SetFlag(&FLAGS_policy, "/nonexistent/policy");
  absl::SetFlag(&FLAGS_routes_dir, "/nonexistent/routes.d");
  absl::SetFlag(&FLAGS_session_idle_close, absl::Seconds(20));
  host_->set_offers_vsock(random_.OneIn(2));
  host_->set_high_bandwidth(!random_.OneIn(3));
  transport_ = std::make_unique<Transport>(Ways{host_.get(), host_.get(), TransportChoice::kAuto},
                                           TransportOptions{.runtime_dir = "/run/simulated",
                                                            .sessions = users_->Opener(),
                                                            .time_sync = v1::TimeStatus::HOST,
                                                            .support_request = ""});
  if (random_.OneIn(20)) host_->Stun(random_.Between(100 * kMillisecond, 3 * kSecond));
  transport_->Start();
  Scribble();
  channel_fiber_ = 2;
  time.Spawn(Side::kWorld, [this] { Monitor(); });
  time.Wait([this] { return host_->registered(); }, time.now() + 10 * kSecond);
  const size_t descriptors = Descriptors();
  const int64_t begin = time.now();
  for (const Event& event : schedule.events) {
    time.SleepUntil(begin + event.time);
    const EventKind& kind = EventKinds()[event.kind];
    ++reached[event.kind * kStates + static_cast<int>(state())];
    world_.Trace(absl::StrCat("event ", kind.name));
    ++acting_;
    time.Spawn(Side::kWorld, [this, &kind, seed = event.seed] {
      Random random(seed);
      kind.run(*this, random);
      --acting_;
    });
  }
  time.Sleep(2 * kSecond);
  Repair();
  // Whatever goes on comes to an end: each request is answered or lost.
  if (!time.Wait([this] { return acting_ == 0; }, time.now() + 180 * kSecond)) {
    world_.Violation(absl::StrCat(acting_, " events have not come to an end"));
  }
  Probe();
  AwaitQuiet(descriptors);
  CheckFiles();
  journal_->Check();
  if (snapshot_open_ && !snapshot_unclear_) {
    world_.Violation("a snapshot has had no end for its host");
  }
  if (world_.frozen) world_.Violation("file systems are still frozen");
  transport_->Stop();
  transport_.reset();
  over_ = true;
  // Whatever served it ends, too.
  time.Sleep(kSecond);
  if (Wire::Get().channels != 0 || Wire::Get().contexts != 0) {
    world_.Violation("transportd has ended and has connections");
  }
}

namespace {

void PlayInWorld(const Schedule& schedule, bool verbose, int64_t* reached, Outcome& outcome) {
  World world(verbose);
  Scheduler& time = Scheduler::Get();
  time.Run(schedule.seed, [&] {
    time.Work(schedule.start);
    Wire::Get().Reset(schedule.seed + 3);
    time.set_on_deadlock([&world] { world.Violation("every thread waits forever"); });
    {
      Run run(&world, schedule.seed, verbose);
      run.Play(schedule, reached);
      outcome.messages = run.host().messages();
      outcome.logins = run.users().logins();
    }
  });
  outcome.switches = time.switches();
  outcome.time = time.now() - Scheduler::kStart - schedule.start;
  time.Clear();
  Wire::Get().Reset(0);
  outcome.violations = world.violations();
  outcome.trace_hash = world.trace_hash();
  outcome.trace_lines = world.trace_lines();
  outcome.operations = world.operations().size();
  outcome.executions = world.executions;
}

}  // namespace

Outcome Simulate(const Schedule& schedule, bool verbose, int64_t* reached) {
  SetLogLevel(LogLevel::kInfo);
  Outcome outcome;
  const Allocations before = LiveAllocations();
  PlayInWorld(schedule, verbose, reached, outcome);
  // What has failed has left more to look at.
  if (LiveAllocations() == before || !outcome.violations.empty()) return outcome;
  outcome.played_again = true;
  std::vector<int64_t> unused(EventKinds().size() * kStates);
  Outcome again;
  if (verbose) RememberOrigins();
  const Allocations first = LiveAllocations();
  PlayInWorld(schedule, false, unused.data(), again);
  const Allocations last = LiveAllocations();
  PrintOrigins();
  if (last == first) return outcome;
  outcome.violations.push_back(absl::StrCat(last.blocks - first.blocks, " blocks of memory with ",
                                            last.bytes - first.bytes, " bytes are left"));
  return outcome;
}

void WarmUp() {
  SetLogLevel(LogLevel::kInfo);
  v1::PowerEvent_descriptor();
  v1::QuiesceFailure_Kind_descriptor();
  // Each kind of event, before the time of any seed: the log lets one message of a kind pass a
  // minute.
  Schedule schedule = {.seed = 0, .start = 0, .events = {}};
  for (int kind = 0; kind < static_cast<int>(EventKinds().size()); ++kind) {
    schedule.events.push_back({kind * kWarmUpStep, kind, static_cast<uint64_t>(kind)});
  }
  std::vector<int64_t> unused(EventKinds().size() * kStates);
  Outcome outcome;
  PlayInWorld(schedule, false, unused.data(), outcome);
  // And what comes of several together.
  for (uint64_t seed = 0; seed < kWarmUpSeeds; ++seed) {
    schedule = MakeSchedule(kFirstWarmUpSeed + seed);
    schedule.start = 0;
    PlayInWorld(schedule, false, unused.data(), outcome);
  }
  // The place for lines that wait grows to its largest.
  World world(false);
  Journal journal(&world, Journal::Kind::kSocket, false);
  for (int round = 0; round < kWarmUpRounds; ++round) {
    HoldLog();
    for (size_t line = 0; line < HeldLines::kMaxLines; ++line) journal.Mark();
    ReleaseLog();
  }
}

}  // namespace toolboxd::simulation
