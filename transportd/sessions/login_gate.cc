// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/login_gate.h"

#include <algorithm>

namespace toolboxd {
namespace {

constexpr absl::Duration kFirstDelay = absl::Seconds(2);
constexpr absl::Duration kMaxDelay = absl::Seconds(30);
// A user without a failure for this time counts as new.
constexpr absl::Duration kForget = absl::Minutes(10);

}  // namespace

bool LoginGate::MayTry(absl::string_view user, const CredentialHash& hash, absl::Time now) const {
  const auto found = users_.find(user);
  if (found == users_.end() || now >= found->second.held_until) return true;
  return found->second.accepted.has_value() && *found->second.accepted == hash;
}

void LoginGate::Accepted(absl::string_view user, const CredentialHash& hash, absl::Time now) {
  User& entry = Find(user, now);
  entry.failures = 0;
  entry.held_until = absl::InfinitePast();
  entry.accepted = hash;
}

void LoginGate::Refused(absl::string_view user, const CredentialHash& hash, absl::Time now) {
  User& entry = Find(user, now);
  // The password was changed, or the account was closed.
  if (entry.accepted.has_value() && *entry.accepted == hash) entry.accepted.reset();
  const int doublings = std::min(entry.failures++, 10);
  entry.held_until = now + std::min(kMaxDelay, kFirstDelay * (1 << doublings));
}

LoginGate::User& LoginGate::Find(absl::string_view user, absl::Time now) {
  auto found = users_.find(user);
  if (found == users_.end()) {
    EvictOne();
    found = users_.emplace(std::string(user), User()).first;
    found->second.last_seen = now;
  }
  if (now - found->second.last_seen > kForget) found->second.failures = 0;
  found->second.last_seen = now;
  return found->second;
}

void LoginGate::EvictOne() {
  if (users_.size() < kMaxUsers) return;
  users_.erase(std::min_element(users_.begin(), users_.end(), [](const auto& a, const auto& b) {
    return a.second.last_seen < b.second.last_seen;
  }));
}

}  // namespace toolboxd
