// SPDX-License-Identifier: Apache-2.0

// Shares: who gives way when a table that all users share is full.

#ifndef TOOLBOXD_BASE_SHARES_H_
#define TOOLBOXD_BASE_SHARES_H_

#include <cstdint>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"

namespace toolboxd {

struct ShareLimits {
  // What one user may hold, and all users together, in the table's own unit: places or bytes.
  uint64_t user;
  uint64_t total;
};

// The record beside a table: who owns each item, what it takes, and which was used last. A user at
// the limit gives up items of their own. In a full table the user who holds most gives way to those
// who hold less, so no number of users at their limits keeps another from having something. Among a
// user's items, the one that was unused for longest goes first.
//
// The table adds an item like this:
//
//   while (std::optional<Item> victim = shares.Victim(user, size)) Erase(*victim);  // and Remove()
//   if (!shares.Fits(user, size)) return …;
//   shares.Add(item, user, size);
//
// An item belongs to one table and is there once. Not thread-safe.
template <typename Item>
class Shares {
 public:
  explicit Shares(ShareLimits limits) : limits_(limits) {}

  // Whether `size` more fit within both limits.
  bool Fits(const std::string& user, uint64_t size = 1) const {
    return Held(user) + size <= limits_.user && total_ + size <= limits_.total;
  }

  // The item to remove first so that the user can have `size` more, among those that `may_go`
  // accepts and that have a size. No value if there is none, if `size` fits already, or if it is
  // more than a user may hold.
  std::optional<Item> Victim(
      const std::string& user, uint64_t size = 1,
      absl::FunctionRef<bool(const Item& item)> may_go = [](const Item&) { return true; }) const {
    if (Fits(user, size) || size > limits_.user) return std::nullopt;
    const uint64_t held = Held(user);
    std::optional<Item> victim;
    if (held + size <= limits_.user) {
      // One who would hold as much as the others does not take from them.
      uint64_t most = held > 0 ? held + size : 0;
      for (const auto& [name, other] : users_) {
        if (name == user || other.held <= most) continue;
        const std::optional<Item> oldest = Oldest(other, may_go);
        if (!oldest.has_value()) continue;
        victim = oldest;
        most = other.held;
      }
    }
    const auto own = users_.find(user);
    if (!victim.has_value() && own != users_.end()) victim = Oldest(own->second, may_go);
    return victim;
  }

  void Add(const Item& item, const std::string& user, uint64_t size = 1) {
    const auto owner = users_.try_emplace(user).first;
    owner->second.items.push_back(item);
    owner->second.held += size;
    total_ += size;
    places_.emplace(item, Place{owner, std::prev(owner->second.items.end()), size});
  }

  // Marks the item as the one that was used last.
  void Use(const Item& item) {
    const auto found = places_.find(item);
    if (found == places_.end()) return;
    std::list<Item>& items = found->second.owner->second.items;
    items.splice(items.end(), items, found->second.position);
  }

  void Resize(const Item& item, uint64_t size) {
    Place& place = places_.at(item);
    place.owner->second.held += size - place.size;
    total_ += size - place.size;
    place.size = size;
  }

  // Does nothing for an item that is not there.
  void Remove(const Item& item) {
    const auto found = places_.find(item);
    if (found == places_.end()) return;
    Resize(item, 0);
    const auto owner = found->second.owner;
    owner->second.items.erase(found->second.position);
    if (owner->second.items.empty()) users_.erase(owner);
    places_.erase(found);
  }

  bool Has(const Item& item) const { return places_.count(item) != 0; }
  uint64_t total() const { return total_; }
  uint64_t Held(const std::string& user) const {
    const auto found = users_.find(user);
    return found == users_.end() ? 0 : found->second.held;
  }

 private:
  struct User {
    uint64_t held = 0;
    // The item that was unused for longest is first.
    std::list<Item> items;
  };
  using Users = std::map<std::string, User>;
  struct Place {
    typename Users::iterator owner;
    typename std::list<Item>::iterator position;
    uint64_t size;
  };

  std::optional<Item> Oldest(const User& user,
                             absl::FunctionRef<bool(const Item& item)> may_go) const {
    for (const Item& item : user.items) {
      if (places_.at(item).size > 0 && may_go(item)) return item;
    }
    return std::nullopt;
  }

  const ShareLimits limits_;
  uint64_t total_ = 0;
  // Users who have an item.
  Users users_;
  std::map<Item, Place> places_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_SHARES_H_
