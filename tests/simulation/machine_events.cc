// SPDX-License-Identifier: Apache-2.0

// What goes wrong with services, users' processes and the machine.

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/events.h"
#include "tests/simulation/run.h"

namespace toolboxd::simulation {
namespace {

// --- The services' faults.

std::string AnyService(Random& random) {
  return Services::names()[random.Below(Services::names().size())];
}

void ServiceKilled(Run& run, Random& random) { run.services().Kill(AnyService(random)); }

void ServiceStopped(Run& run, Random& random) { run.services().Stop(AnyService(random)); }

void ServiceDown(Run& run, Random& random) {
  const std::string name = AnyService(random);
  run.services().SetDown(name, true);
  run.After(random.Between(100 * kMillisecond, 20 * kSecond),
            [&run, name] { run.services().SetDown(name, false); });
}

void ServiceFails(Run& run, Random& random) {
  const std::string name = AnyService(random);
  run.services().FailNext(name, static_cast<ServiceFault>(1 + random.Below(kServiceFaults - 1)));
}

void ProcessKilled(Run& run, Random& /*random*/) { run.users().KillOne(); }
void ProcessStopped(Run& run, Random& /*random*/) { run.users().StopOne(); }

void SessionDown(Run& run, Random& random) {
  run.users().set_down(true);
  run.After(random.Between(100 * kMillisecond, 10 * kSecond),
            [&run] { run.users().set_down(false); });
}

void LoginFails(Run& run, Random& random) {
  run.users().FailNextLogin(
      static_cast<Users::LoginFault>(1 + random.Below(Users::kLoginFaults - 1)));
}

void CallFails(Run& run, Random& random) {
  run.users().FailNextCall(static_cast<ServiceFault>(1 + random.Below(kServiceFaults - 1)));
}

// --- The machine's.

void ClockJumps(Run& /*run*/, Random& random) {
  const int64_t most = random.OneIn(2) ? 86400 * kSecond : 3 * kSecond;
  Time().JumpWallClock(random.Between(-most, most));
}

void GuestInfoChanges(Run& run, Random& random) {
  for (uint64_t i = random.Between(1, 5); i > 0; --i) {
    run.services().ChangeGuestInfo();
    Time().Sleep(random.Between(kMillisecond, 300 * kMillisecond));
  }
}

void NoMemory(Run& run, Random& random) {
  Time().set_no_threads(true);
  run.After(random.Between(100 * kMillisecond, 5 * kSecond), [] { Time().set_no_threads(false); });
}

void SlowMachine(Run& run, Random& random) {
  Wire::Get().set_slow(random.Between(10 * kMillisecond, 2 * kSecond));
  run.After(random.Between(kSecond, 10 * kSecond), [] { Wire::Get().set_slow(2 * kMillisecond); });
}

// The log's reader takes nothing, as a journal that stands still or whose disk is full. What is
// logged meanwhile comes later.
void JournalFull(Run& run, Random& random) {
  run.journal().Mark();
  run.journal().set_full(true);
  // Some of it may be more than is kept.
  for (uint64_t i = random.OneIn(20) ? 1100 : random.Below(20); i > 0; --i) run.journal().Mark();
  run.After(random.Between(100 * kMillisecond, 20 * kSecond), [&run] {
    run.journal().set_full(false);
    run.journal().Mark();
  });
}

// Time passes for everything at once.
void MachineStands(Run& run, Random& random) {
  const int64_t time = random.Between(100 * kMillisecond, 6 * kSecond);
  run.host().NoteFault();
  run.host().Stun(time);
}

void Reload(Run& run, Random& /*random*/) { run.transport().Reload(); }

}  // namespace

std::vector<EventKind> MachineEvents() {
  return {
      {"service killed", 4, ServiceKilled},
      {"service stopped", 3, ServiceStopped},
      {"service down", 2, ServiceDown},
      {"service fails", 6, ServiceFails},
      {"process killed", 4, ProcessKilled},
      {"process stopped", 2, ProcessStopped},
      {"session down", 1, SessionDown},
      {"login fails", 4, LoginFails},
      {"call fails", 6, CallFails},
      {"clock jumps", 3, ClockJumps},
      {"guest info changes", 3, GuestInfoChanges},
      {"no memory", 1, NoMemory},
      {"slow machine", 1, SlowMachine},
      {"journal full", 3, JournalFull},
      {"machine stands", 2, MachineStands},
      {"reload", 1, Reload},
  };
}

}  // namespace toolboxd::simulation
