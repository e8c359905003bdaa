// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/run.h"

#include <dirent.h>
#include <sys/syscall.h>
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
#include "base/log.h"
#include "tests/simulation/allocations.h"
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

// While file systems are frozen and the log is to be held, writing to it would wait.
World* log_world = nullptr;

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

Run::Run(World* world, uint64_t seed) : world_(*world), random_(seed) {
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
                     }});
  Scheduler::Get().set_ready([this](int fd) { return host_->Ready(fd); });
}

absl::StatusOr<std::string> Run::Send(absl::string_view what, std::string text, int64_t limit,
                                      int64_t* busy) {
  const std::shared_ptr<HostRequest> request = host_->Send(std::move(text));
  const int64_t taken = request->taken_at;
  if (busy != nullptr && taken != 0) *busy += request->over_at - taken;
  if (request->answer.ok() && request->over_at - taken > limit) {
    world_.Violation(absl::StrCat(what, " took ", (request->over_at - taken) / kMillisecond,
                                  " ms, which is beyond its limit of ", limit / kMillisecond));
  }
  return request->answer;
}

void Run::After(int64_t nanoseconds, std::function<void()> action) {
  Scheduler::Get().At(Scheduler::Get().now() + nanoseconds, std::move(action));
}

void Run::Disturb(int64_t nanoseconds, std::function<void()> begin, std::function<void()> end) {
  ++disturbances_;
  begin();
  After(nanoseconds, [this, end = std::move(end)] {
    if (repaired_) return;
    end();
    --disturbances_;
    host_->NoteFault();
  });
}

// --- What the host hears.

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
  log_world = &world_;
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
    Wire::Get().Reset(schedule.seed + 3);
    time.set_on_deadlock([&world] { world.Violation("every thread waits forever"); });
    {
      Run run(&world, schedule.seed);
      run.Play(schedule, reached);
      outcome.messages = run.host().messages();
      outcome.logins = run.users().logins();
    }
    log_world = nullptr;
  });
  outcome.switches = time.switches();
  outcome.time = time.now() - Scheduler::kStart;
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
  SetLogLevel(LogLevel::kError);
  Outcome outcome;
  const int64_t before = LiveAllocations().blocks;
  PlayInWorld(schedule, verbose, reached, outcome);
  outcome.leaked = LiveAllocations().blocks - before;
  return outcome;
}

}  // namespace toolboxd::simulation

// The log: written to while file systems are frozen it would wait for one.
extern "C" ssize_t write(int fd, const void* bytes, size_t size) {
  using toolboxd::simulation::log_world;
  if (fd == STDERR_FILENO && log_world != nullptr && log_world->frozen) {
    log_world->Violation("the log was written to while file systems were frozen");
  }
  return syscall(SYS_write, fd, bytes, size);
}
