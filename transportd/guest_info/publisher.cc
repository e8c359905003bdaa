// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/publisher.h"

#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace toolboxd::guest_info {
namespace {

constexpr int kMaxRefusals = 3;

std::string NicFingerprint(const v1::GuestInfoSnapshot& snapshot) {
  v1::GuestInfoSnapshot part;
  *part.mutable_interfaces() = snapshot.interfaces();
  *part.mutable_routes() = snapshot.routes();
  if (snapshot.has_dns()) *part.mutable_dns() = snapshot.dns();
  return part.SerializeAsString();
}

std::string DiskFingerprint(const v1::GuestInfoSnapshot& snapshot) {
  v1::GuestInfoSnapshot part;
  *part.mutable_disks() = snapshot.disks();
  return part.SerializeAsString();
}

}  // namespace

Publisher::Publisher(RpciSend send) : send_(std::move(send)) {}

absl::Status Publisher::Update(const v1::GuestInfoSnapshot& snapshot) {
  snapshot_ = snapshot;
  return Publish();
}

absl::Status Publisher::Publish() {
  for (size_t item = 0; item < kItemCount; ++item) {
    if (absl::Status status = PublishItem(static_cast<Item>(item)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void Publisher::Forget() {
  for (State& state : states_) {
    const absl::Time time = state.accepted_time;
    state = State();
    state.accepted_time = time;
  }
}

absl::Status Publisher::PushNics() {
  const std::optional<std::string> fingerprint = Fingerprint(kNics);
  return fingerprint ? SendItem(kNics, *fingerprint) : absl::OkStatus();
}

std::string Publisher::ReportedAddress() const {
  const std::optional<std::string> fingerprint = Fingerprint(kNics);
  if (!fingerprint || states_[kNics].accepted != fingerprint) return "";
  return snapshot_->primary_address();
}

v1::ReportedInfo Publisher::Describe() const {
  // By Item.
  constexpr const char* kNames[] = {"nics", "name", "os", "ip", "uptime", "disks", "memory"};
  static_assert(std::size(kNames) == kItemCount);
  v1::ReportedInfo info;
  if (snapshot_) *info.mutable_snapshot() = *snapshot_;
  for (size_t i = 0; i < kItemCount; ++i) {
    const State& state = states_[i];
    const std::optional<std::string> fingerprint = Fingerprint(static_cast<Item>(i));
    v1::ReportedItem& item = *info.add_items();
    item.set_name(kNames[i]);
    item.set_state(!fingerprint                    ? v1::ReportedItem::NOT_SENT
                   : state.accepted == fingerprint ? v1::ReportedItem::CURRENT
                   : state.refused.has_value()     ? v1::ReportedItem::REFUSED
                   : state.accepted.has_value()    ? v1::ReportedItem::OUTDATED
                                                   : v1::ReportedItem::NOT_SENT);
    if (state.accepted_time != absl::InfinitePast()) {
      item.set_time(absl::ToUnixSeconds(state.accepted_time));
    }
  }
  return info;
}

absl::Status Publisher::BroadcastIp(bool on) {
  broadcast_ip_ = on;
  if (!on) return absl::OkStatus();
  const std::optional<std::string> address = Fingerprint(kIp);
  if (address) {
    if (absl::Status status = SendItem(kIp, *address); !status.ok()) return status;
  }
  if (absl::Status status = PushNics(); !status.ok()) return status;
  if (address && states_[kIp].refused == address) {
    return absl::FailedPreconditionError("the host refused guestinfo.ip");
  }
  return absl::OkStatus();
}

std::optional<std::string> Publisher::Fingerprint(Item item) const {
  if (!snapshot_) return std::nullopt;
  // An empty list of interfaces is sent; an empty name, an unknown time, and an empty list of disks
  // (unless there were some before) are not.
  std::string value;
  switch (item) {
    case kNics:
      return NicFingerprint(*snapshot_);
    case kDnsName:
      value = snapshot_->host_name();
      break;
    case kOs:
      value = snapshot_->operating_system().SerializeAsString();
      break;
    case kIp:
      value = broadcast_ip_ ? snapshot_->primary_address() : std::string();
      break;
    case kUptime:
      if (snapshot_->uptime_centiseconds() != 0) {
        value = absl::StrCat(snapshot_->uptime_centiseconds());
      }
      break;
    case kDisks:
      value = DiskFingerprint(*snapshot_);
      if (value.empty() && states_[kDisks].accepted) return value;
      break;
    case kMemory:
      value = snapshot_->memory().SerializeAsString();
      break;
    case kItemCount:
      break;
  }
  return value.empty() ? std::nullopt : std::optional<std::string>(std::move(value));
}

absl::Status Publisher::PublishItem(Item item) {
  const std::optional<std::string> fingerprint = Fingerprint(item);
  const State& state = states_[item];
  if (!fingerprint || state.refusals >= kMaxRefusals || state.accepted == fingerprint ||
      state.refused == fingerprint) {
    return absl::OkStatus();
  }
  return SendItem(item, *fingerprint);
}

std::vector<Method> Publisher::Methods(Item item) const {
  switch (item) {
    case kNics:
      return NicMethods(*snapshot_);
    case kDnsName:
      return {{TextMessage(InfoType::kDnsName, snapshot_->host_name())}};
    case kOs:
      return OsMethods(snapshot_->operating_system());
    case kIp:
      return {{absl::StrCat("info-set guestinfo.ip ", snapshot_->primary_address())}};
    case kUptime:
      return {{TextMessage(InfoType::kUptime, absl::StrCat(snapshot_->uptime_centiseconds()))}};
    case kDisks:
      return DiskMethods(*snapshot_);
    case kMemory:
      return {{BinaryMessage(
          InfoType::kMemory,
          EncodeMemoryInfo(Memory(), previous_memory_ ? &*previous_memory_ : nullptr))}};
    case kItemCount:
      break;
  }
  return {};
}

MemorySample Publisher::Memory() const {
  return {snapshot_->memory(), snapshot_->uptime_centiseconds()};
}

absl::StatusOr<bool> Publisher::SendMethod(Item item, const Method& method) {
  // A host that did not take a text or the disks may say so in the reply's data.
  const bool must_be_empty = item == kDnsName || item == kUptime || item == kDisks;
  for (const std::string& message : method) {
    const absl::StatusOr<RpciReply> reply = send_(message);
    if (!reply.ok()) return reply.status();
    const bool empty = reply->data.empty() || reply->data[0] == '\0';
    if (!reply->success || (must_be_empty && !empty)) return false;
  }
  return true;
}

absl::Status Publisher::SendItem(Item item, const std::string& fingerprint) {
  State& state = states_[item];
  const std::vector<Method> methods = Methods(item);
  for (size_t i = state.method; i < methods.size(); ++i) {
    const absl::StatusOr<bool> accepted = SendMethod(item, methods[i]);
    if (!accepted.ok()) return accepted.status();
    if (!*accepted) continue;
    state = State{.accepted = fingerprint,
                  .refused = std::nullopt,
                  .accepted_time = absl::Now(),
                  .refusals = 0,
                  .method = i};
    if (item == kMemory) previous_memory_ = Memory();
    return absl::OkStatus();
  }
  // The next value starts with the newest method again.
  state = State{.accepted = std::nullopt,
                .refused = fingerprint,
                .accepted_time = state.accepted_time,
                .refusals = state.refusals + 1,
                .method = 0};
  return absl::OkStatus();
}

}  // namespace toolboxd::guest_info
