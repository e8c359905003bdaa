// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/session_table.h"

#include <sys/random.h>

#include <algorithm>
#include <optional>
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

WriteFile* Session::FindWriter(absl::string_view path) {
  for (auto& [number, handle] : handles) {
    if (handle.write != nullptr && handle.path == path) return handle.write.get();
  }
  return nullptr;
}

void Session::FailWriters(const absl::Status& why) {
  for (auto& [number, handle] : handles) {
    if (handle.write != nullptr) handle.write->Fail(why);
  }
}

uint64_t SessionTable::Create(absl::string_view user, absl::Time now) {
  Expire(now);
  uint64_t id = RandomId();
  while (id != 0 && sessions_.contains(id)) id = RandomId();
  if (id == 0) return 0;
  Session session;
  session.id = id;
  session.user = std::string(user);
  session.used = now;
  while (const std::optional<uint64_t> victim = session_shares_.Victim(session.user)) {
    Erase(sessions_.find(*victim));
  }
  session_shares_.Add(id, session.user);
  sessions_.emplace(id, std::move(session));
  return id;
}

Session* SessionTable::Find(uint64_t id, absl::string_view user, absl::Time now) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.user != user) return nullptr;
  found->second.used = now;
  session_shares_.Use(id);
  return &found->second;
}

Session* SessionTable::Find(uint64_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

bool SessionTable::Destroy(uint64_t id, absl::string_view user) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.user != user) return false;
  Erase(found);
  return true;
}

void SessionTable::CloseFiles(absl::string_view user) {
  for (auto& [id, session] : sessions_) {
    if (session.user == user) CloseFiles(session);
  }
}

void SessionTable::CloseFiles(Session& session) {
  for (const auto& [number, handle] : session.handles) {
    handle_shares_.Remove({session.id, number});
  }
  session.handles.clear();
}

void SessionTable::Erase(Sessions::iterator session) {
  CloseFiles(session->second);
  session_shares_.Remove(session->first);
  sessions_.erase(session);
}

uint32_t SessionTable::AddHandle(Session& session, Handle handle) {
  // A session that has ended gives its places up before one that has not.
  Expire(session.used);
  while (const std::optional<HandleKey> victim = handle_shares_.Victim(session.user)) {
    TakeHandle(sessions_.at(victim->first), victim->second);
  }
  // After four billion files numbers start again; 0 and those in use are skipped.
  while (session.next_handle == 0 || session.handles.contains(session.next_handle)) {
    ++session.next_handle;
  }
  const uint32_t number = session.next_handle++;
  handle_shares_.Add({session.id, number}, session.user);
  session.handles.emplace(number, std::move(handle));
  return number;
}

Handle* SessionTable::FindHandle(Session& session, uint32_t number) {
  const auto found = session.handles.find(number);
  if (found == session.handles.end()) return nullptr;
  handle_shares_.Use({session.id, number});
  return &found->second;
}

std::optional<Handle> SessionTable::TakeHandle(Session& session, uint32_t number) {
  const auto found = session.handles.find(number);
  if (found == session.handles.end()) return std::nullopt;
  std::optional<Handle> handle(std::move(found->second));
  session.handles.erase(found);
  handle_shares_.Remove({session.id, number});
  return handle;
}

void SessionTable::ForEachHandle(absl::FunctionRef<void(Handle& handle)> visit) {
  for (auto& [id, session] : sessions_) {
    for (auto& [number, handle] : session.handles) visit(handle);
  }
}

std::vector<OpenTransfer> SessionTable::Transfers(absl::Time now) const {
  std::vector<OpenTransfer> transfers;
  for (const auto& [id, session] : sessions_) {
    for (const auto& [number, handle] : session.handles) {
      if (handle.record == nullptr) continue;
      transfers.push_back({.number = handle.transfer,
                           .user = session.user,
                           .path = handle.path,
                           .to_guest = handle.write != nullptr,
                           .bytes = handle.bytes,
                           .age = now - handle.opened,
                           .idle = now - handle.used});
    }
  }
  std::sort(transfers.begin(), transfers.end(),
            [](const OpenTransfer& a, const OpenTransfer& b) { return a.number < b.number; });
  return transfers;
}

void SessionTable::Expire(absl::Time now) {
  for (auto session = sessions_.begin(); session != sessions_.end();) {
    const auto candidate = session++;
    if (now - candidate->second.used >= kIdleExpiry) Erase(candidate);
  }
}

}  // namespace toolboxd::hgfs
