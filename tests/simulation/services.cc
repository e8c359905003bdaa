// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/services.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/file_opened.h"
#include "toolboxd/v1/clock.pb.h"
#include "toolboxd/v1/customization.pb.h"
#include "toolboxd/v1/file_handler.pb.h"
#include "toolboxd/v1/guest_info.pb.h"
#include "toolboxd/v1/power.pb.h"
#include "toolboxd/v1/quiesce.pb.h"

namespace toolboxd::simulation {
namespace {

constexpr int kCancelled = 1;
constexpr int kUnknown = 2;
constexpr int kInternal = 13;
// Without a sign of life snapshotd takes transportd for hung.
constexpr int64_t kSignOfLife = 10 * kSecond;
// How long a freezer whose snapshotd is silent leaves anything frozen.
constexpr int64_t kFreezerPatience = 15 * kSecond;

Scheduler& Time() { return Scheduler::Get(); }

}  // namespace

const std::vector<std::string>& Services::names() {
  static const auto& names =
      *new std::vector<std::string>{"powerd", "snapshotd", "deployd", "clockd", "guestinfod"};
  return names;
}

Services::Services(World* world, uint64_t seed) : world_(*world), random_(seed) {
  for (const std::string& name : names()) {
    slots_[name];
    Wire::Get().Listen(absl::StrCat("/run/simulated/", name, ".sock"),
                       [this, name] { return Find(name); });
  }
}

std::shared_ptr<Process> Services::Find(const std::string& name) {
  Slot& slot = slots_[name];
  if (slot.down) return nullptr;
  if (slot.process == nullptr || !slot.process->alive()) {
    slot.process = std::make_shared<Process>(name, [this, name](ServerCall& call) {
      if (name == "powerd") return Power(call);
      if (name == "snapshotd") return Quiesce(call);
      if (name == "deployd") return Customization(call);
      if (name == "clockd") return Clock(call);
      return GuestInfo(call);
    });
  }
  return slot.process;
}

void Services::Kill(const std::string& name) {
  if (slots_[name].process != nullptr) slots_[name].process->Kill();
  // Its freezer sees the end of the connection, as transportd does.
  if (name == "snapshotd") Thaw();
}

void Services::Stop(const std::string& name) {
  if (slots_[name].process != nullptr) slots_[name].process->Stop();
  if (name == "snapshotd") {
    Time().At(Time().now() + kFreezerPatience, [this, process = slots_[name].process] {
      if (process != nullptr && process->stopped()) Thaw();
    });
  }
}

void Services::SetDown(const std::string& name, bool down) {
  slots_[name].down = down;
  if (down) Kill(name);
}

void Services::Repair() {
  for (auto& [name, slot] : slots_) {
    slot.down = false;
    slot.fault = ServiceFault::kNone;
    if (slot.process != nullptr) slot.process->Continue();
    // As an administrator does with a service that hangs.
    if (slot.hangs) Kill(name);
    slot.hangs = false;
  }
}

void Services::ChangeGuestInfo() { ++guest_info_; }

std::string Services::host_name() const { return absl::StrCat("guest-", guest_info_); }

int Services::connections() const {
  int count = 0;
  for (const auto& [name, slot] : slots_) {
    if (name != "guestinfod" && slot.process != nullptr) count += slot.process->connections;
  }
  return count;
}

void Services::Thaw() {
  if (!world_.frozen) return;
  world_.frozen = false;
  world_.Trace("thawed");
}

ServiceFault Services::Misbehave(ServerCall& call, const std::string& name, CallStatus& status) {
  const ServiceFault fault = slots_[name].fault;
  slots_[name].fault = ServiceFault::kNone;
  call.Sleep(random_.Between(50 * kMicrosecond, 3 * kMillisecond));
  switch (fault) {
    case ServiceFault::kSlow:
      call.Sleep(random_.Between(100 * kMillisecond, 8 * kSecond));
      break;
    case ServiceFault::kError:
      status = {random_.OneIn(2) ? kInternal : kUnknown, "simulated error", ""};
      break;
    case ServiceFault::kHang:
      slots_[name].hangs = true;
      call.Hang();
      status = {kCancelled, "cancelled", ""};
      break;
    case ServiceFault::kDieLater:
      Time().At(Time().now() + random_.Between(0, 2 * kSecond), [this, name] { Kill(name); });
      break;
    default:
      break;
  }
  return fault;
}

CallStatus Services::Power(ServerCall& call) {
  v1::ChangeStateRequest request;
  if (!call.Read(&request)) return {kCancelled, "", ""};
  const v1::PowerEvent event = request.begin();
  CallStatus status;
  const ServiceFault fault = Misbehave(call, "powerd", status);
  if (status.code != 0) return status;
  v1::ChangeStateUpdate update;
  if (fault == ServiceFault::kWrongStep) {
    update.mutable_done();
    call.Write(update);
    return {};
  }
  update.mutable_started();
  if (!call.Write(update)) return {kCancelled, "", ""};
  call.Sleep(random_.Between(0, 3 * kSecond));
  update.mutable_hooks_finished()->set_success(!random_.OneIn(4));
  if (!call.Write(update)) return {kCancelled, "", ""};
  if (!call.Read(&request) || !request.has_proceed()) return {kCancelled, "", ""};
  world_.Trace(absl::StrCat("power event ", v1::PowerEvent_Name(event)));
  if (++world_.power_done[event] > world_.power_asked[event]) {
    world_.Violation(absl::StrCat("power event ", v1::PowerEvent_Name(event),
                                  " that the host has not asked for, or was refused"));
  }
  update.mutable_done();
  call.Write(update);
  return {};
}

CallStatus Services::Quiesce(ServerCall& call) {
  v1::QuiesceRequest request;
  if (!call.Read(&request)) return {kCancelled, "", ""};
  CallStatus status;
  const ServiceFault fault = Misbehave(call, "snapshotd", status);
  if (status.code != 0) return status;
  v1::QuiesceUpdate update;
  if (fault == ServiceFault::kWrongStep) {
    update.mutable_done();
    call.Write(update);
    return {};
  }
  update.mutable_ready();
  if (!call.Write(update)) return {kCancelled, "", ""};
  const auto finish = [&](bool failed) -> CallStatus {
    const bool was_frozen = world_.frozen;
    call.Sleep(random_.Between(kMillisecond, 200 * kMillisecond));
    Thaw();
    if (was_frozen && !failed) {
      update.mutable_thawed()->set_frozen_us(1000);
      call.Write(update);
    }
    if (failed) {
      update.mutable_failure()->set_kind(v1::QuiesceFailure::ABORTED);
      call.Write(update);
    }
    update.mutable_done();
    call.Write(update);
    return {};
  };
  do {
    if (!call.ReadWithin(&request, kSignOfLife) || request.has_abort()) return finish(true);
  } while (!request.has_proceed());
  // Scripts, and then the freeze.
  call.Sleep(random_.Between(kMillisecond, 3 * kSecond));
  if (random_.OneIn(6)) {
    update.mutable_failure()->set_kind(v1::QuiesceFailure::FREEZE_FAILED);
    call.Write(update);
    update.mutable_done();
    call.Write(update);
    return {};
  }
  world_.frozen = true;
  world_.Trace("frozen");
  update.mutable_frozen()->set_freeze_us(500);
  if (!call.Write(update)) return finish(true);
  do {
    if (!call.ReadWithin(&request, kSignOfLife) || request.has_abort()) return finish(true);
  } while (!request.has_snapshot_done());
  return finish(false);
}

CallStatus Services::Customization(ServerCall& call) {
  if (call.method() == "FileHandler/Write") return Inbox(call);
  CallStatus status;
  if (call.method() == "Customization/Begin") {
    v1::BeginRequest request;
    if (!call.Read(&request)) return {kCancelled, "", ""};
    Misbehave(call, "deployd", status);
    if (status.code != 0) return status;
    v1::BeginReply reply;
    reply.set_directory("/run/simulated/inbox/");
    call.Write(reply);
    return {};
  }
  if (call.method() != "Customization/Deploy") return {12, "not simulated", ""};
  v1::DeployRequest request;
  if (!call.Read(&request)) return {kCancelled, "", ""};
  const ServiceFault fault = Misbehave(call, "deployd", status);
  if (status.code != 0) return status;
  v1::DeployUpdate update;
  if (fault == ServiceFault::kWrongStep) {
    update.mutable_state()->set_state(4);
    call.Write(update);
    call.Hang();
    return {};
  }
  update.mutable_accepted();
  if (!call.Write(update)) return {kCancelled, "", ""};
  world_.Execute(World::NumberIn(request.package_path()), "a deployment");
  for (const uint32_t state : {4, 6}) {
    call.Sleep(random_.Between(kMillisecond, 2 * kSecond));
    update.mutable_state()->set_state(state);
    if (!call.Write(update)) break;
  }
  return {};
}

// A file of an inbox, which no process looks at here.
CallStatus Services::Inbox(ServerCall& call) {
  v1::WriteRequest request;
  if (!call.Read(&request) || !request.has_open()) return {kCancelled, "", ""};
  call.SendHeader(kFileOpened, "1");
  uint64_t size = 0;
  while (call.Read(&request)) {
    if (request.has_chunk()) size += request.chunk().data().size();
    if (!request.has_commit()) continue;
    v1::WriteReply reply;
    reply.set_size(size);
    call.Write(reply);
    return {};
  }
  return {kCancelled, "", ""};
}

CallStatus Services::Step(ServerCall& call) {
  v1::StepRequest request;
  if (!call.Read(&request)) return {kCancelled, "", ""};
  CallStatus status;
  Misbehave(call, "clockd", status);
  if (status.code != 0) return status;
  if (call.cancelled()) return {kCancelled, "", ""};
  // As clockd: not if the clock was set meanwhile.
  const int64_t epoch = (Time().wall() - Time().now()) / kMicrosecond;
  if (std::abs(epoch - request.epoch_us()) > 1000) return {9, "the clock was set meanwhile", ""};
  world_.Trace(absl::StrCat("clock steps by ", request.delta_us(), " us"));
  Time().JumpWallClock(request.delta_us() * kMicrosecond);
  call.Write(v1::StepReply());
  return {};
}

CallStatus Services::Clock(ServerCall& call) {
  if (call.method() == "Clock/Step") return Step(call);
  if (call.method() != "Clock/Slew") return {12, "not simulated", ""};
  CallStatus status;
  Misbehave(call, "clockd", status);
  if (status.code != 0) return status;
  v1::SlewRequest request;
  while (call.Read(&request)) {
    if (!call.Write(v1::SlewReply())) break;
  }
  return {};
}

CallStatus Services::GuestInfo(ServerCall& call) {
  if (call.method() != "GuestInfo/Watch") return {12, "not simulated", ""};
  CallStatus status;
  Misbehave(call, "guestinfod", status);
  if (status.code != 0) return status;
  int sent = -1;
  for (;;) {
    if (sent != guest_info_) {
      sent = guest_info_;
      v1::GuestInfoSnapshot snapshot;
      snapshot.set_host_name(absl::StrCat("guest-", sent));
      snapshot.set_primary_address(absl::StrCat("192.0.2.", sent % 250 + 1));
      snapshot.mutable_operating_system()->set_full_name("Debian GNU/Linux 12");
      auto& interface = *snapshot.add_interfaces();
      interface.set_name("eth0");
      interface.set_mac_address("00:50:56:00:00:01");
      auto& address = *interface.add_addresses();
      address.set_address(absl::StrCat("192.0.2.", sent % 250 + 1));
      address.set_prefix_length(24);
      if (!call.Write(snapshot)) return {};
    }
    call.Await([this, sent] { return sent != guest_info_; });
    if (call.ended()) return {};
  }
}

}  // namespace toolboxd::simulation
