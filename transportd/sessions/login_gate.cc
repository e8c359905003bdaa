// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/login_gate.h"

#include <algorithm>

namespace toolboxd {
namespace {

// Wrong passwords.
constexpr int kHeldBackFrom = 2;
constexpr absl::Duration kFirstDelay = absl::Seconds(2);
constexpr absl::Duration kMaxDelay = absl::Seconds(30);
// A name without a failure for this time counts as new.
constexpr absl::Duration kForget = absl::Minutes(10);

// Forgets the entry that was seen longest ago.
template <typename Map>
void EvictOldest(Map& map) {
  map.erase(std::min_element(map.begin(), map.end(), [](const auto& a, const auto& b) {
    return a.second.last_seen < b.second.last_seen;
  }));
}

}  // namespace

std::optional<uid_t> LoginGate::AcceptedUser(absl::string_view user,
                                             const CredentialHash& hash) const {
  const auto found = accepted_.find(user);
  if (found == accepted_.end() || !(found->second.hash == hash)) return std::nullopt;
  return found->second.uid;
}

bool LoginGate::MayTry(absl::string_view user, const CredentialHash& hash, absl::Time now) const {
  const auto found = failures_.find(user);
  return found == failures_.end() || now >= found->second.held_until || IsAccepted(user, hash);
}

void LoginGate::Accepted(absl::string_view user, uid_t uid, const CredentialHash& hash,
                         absl::Time now) {
  failures_.erase(user);
  accepted_.erase(user);
  EvictAccepted(uid);
  accepted_.emplace(std::string(user), Credential{hash, uid, now});
}

void LoginGate::EvictAccepted(uid_t uid) {
  size_t of_user = 0;
  auto oldest = accepted_.end();
  for (auto entry = accepted_.begin(); entry != accepted_.end(); ++entry) {
    if (entry->second.uid != uid) continue;
    ++of_user;
    if (oldest == accepted_.end() || entry->second.last_seen < oldest->second.last_seen) {
      oldest = entry;
    }
  }
  if (of_user >= kMaxAcceptedOfUser) accepted_.erase(oldest);
  if (accepted_.size() >= kMaxAccepted) EvictOldest(accepted_);
}

void LoginGate::Refused(absl::string_view user, const CredentialHash& hash, absl::Time now) {
  // The password was changed, or the account was closed.
  if (IsAccepted(user, hash)) accepted_.erase(user);
  if (failures_.size() >= kMaxNames && !failures_.contains(user)) EvictOldest(failures_);
  Failures& entry = failures_[user];
  if (now - entry.last_seen > kForget) entry.count = 0;
  entry.last_seen = now;
  // The first is a slip.
  if (++entry.count < kHeldBackFrom) return;
  const int doublings = std::min(entry.count - kHeldBackFrom, 10);
  entry.held_until = now + std::min(kMaxDelay, kFirstDelay * (1 << doublings));
}

}  // namespace toolboxd
