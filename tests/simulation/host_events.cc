// SPDX-License-Identifier: Apache-2.0

// What a host does without a guest user, and what goes wrong with it.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/simulation/events.h"
#include "tests/simulation/run.h"
#include "vmxsim/guest/hgfs_transfer.h"

namespace toolboxd::simulation {
namespace {

// --- Requests without a user.

void Ping(Run& run, Random& /*random*/) {
  const auto reply = run.Send("ping", "ping", kAtOnce);
  if (reply.ok() && *reply != "OK ") run.world().Violation("ping: " + *reply);
}

void UnknownCommand(Run& run, Random& random) {
  const auto reply = run.Send("unknown command", absl::StrCat("Unknown", random.Below(9)), kAtOnce);
  if (reply.ok() && !absl::StartsWith(*reply, "ERROR ")) {
    run.world().Violation("an unknown command was answered with " + *reply);
  }
}

void Options(Run& run, Random& random) {
  static constexpr const char* kOptions[] = {"broadcastIP 1",
                                             "broadcastIP 0",
                                             "toolScripts.afterPowerOn 0",
                                             "toolScripts.beforePowerOff 1",
                                             "synctime 1",
                                             "synctime 0",
                                             "synctime.period 20",
                                             "time.synchronize.tools.startup 1",
                                             "time.synchronize.tools.slewCorrection 1",
                                             "nonsense 5",
                                             "",
                                             "synctime"};
  run.Send("option", absl::StrCat("Set_Option ", kOptions[random.Below(12)]), kStartLimit)
      .status()
      .IgnoreError();
}

void SynchronizeTime(Run& run, Random& random) {
  run.Send("time", absl::StrCat("Time_Synchronize ", random.Below(2)), kStartLimit)
      .status()
      .IgnoreError();
}

void Power(Run& run, Random& random) {
  static constexpr const char* kCommands[] = {"OS_Halt", "OS_Reboot", "OS_PowerOn", "OS_Resume",
                                              "OS_Suspend"};
  const Counted counted(&run.world().power_events);
  const char* const command = kCommands[random.Below(5)];
  ++run.world().power_asked[PowerEventOf(command)];
  run.Send("power", command, kStartLimit).status().IgnoreError();
  Time().Sleep(3 * kSecond);
}

// --- Snapshots.

void Snapshot(Run& run, Random& random) {
  const Counted counted(&run.world().snapshots);
  const uint64_t commits = run.commits();
  const uint64_t dones = run.dones();
  const auto started = run.Send("vmbackup.start", "vmbackup.start 1 0 0", kStartLimit);
  if (!started.ok() || !absl::StartsWith(*started, "OK")) return;
  Time().Wait([&] { return run.commits() != commits || run.dones() != dones; },
              Time().now() + 20 * kSecond);
  Time().Sleep(random.Between(0, 6 * kSecond));
  const char* const next = random.OneIn(4) ? "vmbackup.abort" : "vmbackup.snapshotDone";
  run.Send(next, next, kStartLimit).status().IgnoreError();
  if (random.OneIn(4)) run.Send("vmbackup.abort", "vmbackup.abort", kAtOnce).status().IgnoreError();
  Time().Wait([&] { return run.dones() != dones; }, Time().now() + 30 * kSecond);
  // A host does not wait forever.
  for (int i = 0; i < 10 && run.snapshot_open(); ++i) {
    run.Send("vmbackup.abort", "vmbackup.abort", kAtOnce).status().IgnoreError();
    Time().Sleep(5 * kSecond);
  }
}

void SyncDriver(Run& run, Random& random) {
  const Counted counted(&run.world().snapshots);
  const auto frozen = run.Send(
      "freeze", absl::StrCat("Vix_1_SyncDriver_Freeze \"all\" \"", random.Below(500), "\""),
      kFreezeLimit);
  if (!frozen.ok()) return;
  Time().Sleep(random.Between(0, 4 * kSecond));
  run.Send("thaw", "Vix_1_SyncDriver_Thaw", kFreezeLimit).status().IgnoreError();
}

// --- Customization.

// Deploys the package with the number of an operation.
void Deploy(Run& run, const std::string& prefix, int id) {
  const auto deployed = run.Send(
      "deployPkg.deploy", absl::StrCat("deployPkg.deploy ", prefix, id, ".cab"), kStartLimit, id);
  run.world().End(id, deployed.ok(), deployed.ok() && absl::StartsWith(*deployed, "OK"));
}

void Customize(Run& run, Random& random) {
  const Counted counted(&run.world().customizations);
  const auto begun = run.Send("deployPkg.begin", "deployPkg.begin", kStartLimit);
  if (!begun.ok() || !absl::StartsWith(*begun, "OK /")) return;
  const int id = run.world().NewOperation("deployment");
  const std::string prefix = absl::StrCat(begun->substr(3), "op");
  const vmxsim::PacketCall packets = vmxsim::InTclo([&run, id](absl::string_view request) {
    return run.Send("packet", std::string(request), kOperationLimit, id);
  });
  std::string rest(random.Below(100000), 'c');
  const auto uploaded =
      vmxsim::Upload(packets, absl::StrCat(prefix, id, ".cab"), [&rest](size_t size) {
        std::string part = rest.substr(0, size);
        rest.erase(0, part.size());
        return absl::StatusOr<std::string>(std::move(part));
      });
  if (!uploaded.ok() && random.OneIn(2)) return run.world().End(id, true, false);
  Deploy(run, prefix, id);
  Time().Sleep(2 * kSecond);
}

// --- The host's faults.

void HostGone(Run& run, Random& random) {
  run.Disturb(
      random.Between(100 * kMillisecond, 20 * kSecond), [&run] { run.host().set_gone(true); },
      [&run] { run.host().set_gone(false); });
}

void HostSilent(Run& run, Random& random) {
  run.Disturb(
      random.Between(100 * kMillisecond, 10 * kSecond), [&run] { run.host().set_silent(true); },
      [&run] { run.host().set_silent(false); });
}

void ChannelsForgotten(Run& run, Random& random) {
  const uint64_t which = random.Below(3);
  run.host().ForgetChannels(which != 0, which != 1);
}

void CookiesChanged(Run& run, Random& /*random*/) { run.host().ChangeCookies(); }

void Checkpoint(Run& run, Random& random) {
  run.host().Checkpoint(static_cast<int>(random.Below(30)), 1 + static_cast<int>(random.Below(3)));
}

void ManyCheckpoints(Run& run, Random& random) {
  // Each message after that is lost after 100 of them.
  run.LoseSnapshotEvents();
  run.host().Checkpoint(static_cast<int>(random.Below(30)),
                        50 + static_cast<int>(random.Below(300)));
}

void AnswerFails(Run& run, Random& random) {
  run.host().FailNextAnswer(static_cast<AnswerFault>(1 + random.Below(kAnswerFaults - 1)));
}

void MessageBroken(Run& run, Random& /*random*/) { run.host().BreakNextMessage(); }

// --- Requests that come again, or in another order.

void RequestAgain(Run& run, Random& random) {
  const Again again = random.OneIn(2) ? Again::kAtOnce : Again::kLast;
  run.host().SendAgain(again, 0, random.OneIn(2));
}

// As a VMX whose channel was reset may do with what it has no answer to.
void RequestAfterLoss(Run& run, Random& random) {
  run.host().SendAgain(Again::kAfterLoss, random.Between(0, 100 * kMillisecond), random.OneIn(2));
}

void RequestsOvertake(Run& run, Random& random) {
  run.host().Overtake(Time().now() + random.Between(10 * kMillisecond, 5 * kSecond));
}

void RequestsAhead(Run& run, Random& random) {
  run.host().set_sends_ahead(true);
  run.After(random.Between(kSecond, 20 * kSecond), [&run] { run.host().set_sends_ahead(false); });
}

// What ends a dialogue comes before what begins it.
void OutOfOrder(Run& run, Random& random) {
  const uint64_t which = random.Below(4);
  if (which < 2) {
    const char* const end = which == 0 ? "vmbackup.snapshotDone" : "vmbackup.abort";
    run.Send(end, end, kStartLimit).status().IgnoreError();
    Snapshot(run, random);
  } else if (which == 2) {
    run.Send("thaw", "Vix_1_SyncDriver_Thaw", kFreezeLimit).status().IgnoreError();
    SyncDriver(run, random);
  } else {
    // It is taken where another customization has begun: only deployd knows packages.
    Deploy(run, "/nowhere/op", run.world().NewOperation("early deployment"));
    Customize(run, random);
  }
}

void HostReset(Run& run, Random& /*random*/) { run.host().ResetGuest(); }

void VsockOffered(Run& run, Random& /*random*/) { run.host().set_offers_vsock(true); }
void VsockWithdrawn(Run& run, Random& /*random*/) { run.host().set_offers_vsock(false); }
void VsockEnds(Run& run, Random& /*random*/) { run.host().EndVsock(); }
void VsockUndecided(Run& run, Random& random) {
  run.host().set_vsock_undecided(true);
  run.After(random.Between(kSecond, 20 * kSecond),
            [&run] { run.host().set_vsock_undecided(false); });
}

void Bandwidth(Run& run, Random& random) { run.host().set_high_bandwidth(random.OneIn(2)); }

}  // namespace

std::vector<EventKind> HostEvents() {
  return {
      {"ping", 3, Ping},
      {"unknown command", 2, UnknownCommand},
      {"option", 4, Options},
      {"time", 3, SynchronizeTime},
      {"power", 5, Power},
      {"snapshot", 5, Snapshot},
      {"sync driver", 2, SyncDriver},
      {"customization", 3, Customize},
      {"host gone", 2, HostGone},
      {"host silent", 1, HostSilent},
      {"channels forgotten", 3, ChannelsForgotten},
      {"cookies changed", 2, CookiesChanged},
      {"checkpoint", 5, Checkpoint},
      {"many checkpoints", 1, ManyCheckpoints},
      {"answer fails", 5, AnswerFails},
      {"message broken", 2, MessageBroken},
      {"request again", 4, RequestAgain},
      {"request after loss", 4, RequestAfterLoss},
      {"requests overtake", 3, RequestsOvertake},
      {"requests ahead", 2, RequestsAhead},
      {"out of order", 2, OutOfOrder},
      {"host reset", 3, HostReset},
      {"vsock offered", 2, VsockOffered},
      {"vsock withdrawn", 2, VsockWithdrawn},
      {"vsock ends", 2, VsockEnds},
      {"vsock undecided", 1, VsockUndecided},
      {"bandwidth", 1, Bandwidth},
  };
}

}  // namespace toolboxd::simulation
