// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/session_table.h"

#include <sys/random.h>

#include <utility>

namespace toolboxd::hgfs {
namespace {

// 63 bits: one host was seen with numbers that are never negative.
uint64_t RandomId() {
  uint64_t id = 0;
  if (getrandom(&id, sizeof id, 0) != sizeof id) return 0;
  return id >> 1;
}

}  // namespace

uint32_t Session::Add(Handle handle) {
  // After four billion files numbers start again; 0 and those in use are skipped.
  while (next_handle == 0 || handles.contains(next_handle)) ++next_handle;
  const uint32_t number = next_handle++;
  handles.emplace(number, std::move(handle));
  return number;
}

Handle* Session::Find(uint32_t number) {
  const auto found = handles.find(number);
  return found == handles.end() ? nullptr : &found->second;
}

WriteFile* Session::FindWriter(absl::string_view path) {
  for (auto& [number, handle] : handles) {
    if (handle.write != nullptr && handle.path == path) return handle.write.get();
  }
  return nullptr;
}

uint64_t SessionTable::Create(absl::string_view user, absl::Time now) {
  Expire(now);
  if (sessions_.size() >= kMaxSessions) return 0;
  uint64_t id = RandomId();
  while (id != 0 && sessions_.contains(id)) id = RandomId();
  if (id == 0) return 0;
  Session& session = sessions_[id];
  session.user = std::string(user);
  session.used = now;
  return id;
}

Session* SessionTable::Find(uint64_t id, absl::string_view user, absl::Time now) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.user != user) return nullptr;
  found->second.used = now;
  return &found->second;
}

Session* SessionTable::Find(uint64_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

bool SessionTable::Destroy(uint64_t id, absl::string_view user) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.user != user) return false;
  sessions_.erase(found);
  return true;
}

bool SessionTable::HasCapacity(const Session& session) const {
  size_t all = 0;
  size_t of_user = 0;
  for (const auto& [id, other] : sessions_) {
    all += other.handles.size();
    if (other.user == session.user) of_user += other.handles.size();
  }
  return all < kMaxHandles && of_user < kMaxHandlesPerUser;
}

void SessionTable::ForEachHandle(absl::FunctionRef<void(Handle& handle)> visit) {
  for (auto& [id, session] : sessions_) {
    for (auto& [number, handle] : session.handles) visit(handle);
  }
}

void SessionTable::Expire(absl::Time now) {
  absl::erase_if(sessions_,
                 [&](const auto& entry) { return now - entry.second.used >= kIdleExpiry; });
}

}  // namespace toolboxd::hgfs
