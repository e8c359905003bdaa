// SPDX-License-Identifier: Apache-2.0

// Services: the machine's daemons as transportd sees them over the wire, with their faults.

#ifndef TOOLBOXD_TESTS_SIMULATION_SERVICES_H_
#define TOOLBOXD_TESTS_SIMULATION_SERVICES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/grpc/wire.h"
#include "tests/simulation/world.h"

namespace toolboxd::simulation {

// How a service fails; each fault is over after one call.
enum class ServiceFault { kNone, kSlow, kError, kHang, kWrongStep, kDieLater };
constexpr int kServiceFaults = 6;

// powerd, snapshotd, deployd, clockd and guestinfod. Each starts with the first call after its
// death, as systemd does it, unless it is down.
class Services {
 public:
  Services(World* world, uint64_t seed);

  void Kill(const std::string& name);
  void Stop(const std::string& name);
  void SetDown(const std::string& name, bool down);
  void FailNext(const std::string& name, ServiceFault fault) { slots_[name].fault = fault; }
  // All run again, and do as they should.
  void Repair();

  // guestinfod reports a change.
  void ChangeGuestInfo();
  // The name of the machine that it reported last.
  std::string host_name() const;
  // Connections that transportd holds, of all but guestinfod.
  int connections() const;
  static const std::vector<std::string>& names();

 private:
  struct Slot {
    std::shared_ptr<Process> process;
    bool down = false;
    // A call hangs.
    bool hangs = false;
    ServiceFault fault = ServiceFault::kNone;
  };

  std::shared_ptr<Process> Find(const std::string& name);
  // The fault of this call; one that ends it is in `status`.
  ServiceFault Misbehave(ServerCall& call, const std::string& name, CallStatus& status);

  CallStatus Power(ServerCall& call);
  CallStatus Quiesce(ServerCall& call);
  CallStatus Customization(ServerCall& call);
  CallStatus Clock(ServerCall& call);
  CallStatus GuestInfo(ServerCall& call);
  CallStatus Step(ServerCall& call);
  CallStatus Inbox(ServerCall& call);
  void Thaw();

  World& world_;
  Random random_;
  std::map<std::string, Slot> slots_;
  int guest_info_ = 0;
};

}  // namespace toolboxd::simulation

#endif  // TOOLBOXD_TESTS_SIMULATION_SERVICES_H_
