// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/freeze_order.h"

#include <functional>
#include <set>
#include <tuple>
#include <utility>

namespace toolboxd::snapshotd {
namespace {

// Those that lie anywhere, and those that lie on them.
std::vector<bool> FindFirst(const std::vector<Layer>& layers) {
  std::vector<std::vector<size_t>> upper(layers.size());
  std::vector<size_t> ahead;
  std::vector<bool> is_first(layers.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    for (const size_t lower : layers[i].lower) upper[lower].push_back(i);
    if (layers[i].lies_anywhere) ahead.push_back(i);
    is_first[i] = layers[i].lies_anywhere;
  }
  while (!ahead.empty()) {
    const size_t next = ahead.back();
    ahead.pop_back();
    for (const size_t above : upper[next]) {
      if (!is_first[above]) ahead.push_back(above);
      is_first[above] = true;
    }
  }
  return is_first;
}

}  // namespace

std::vector<std::vector<size_t>> FreezeOrder(const std::vector<Layer>& layers) {
  // The greatest comes next: of what lies anywhere, then of what holds no disks, the last one.
  using Key = std::tuple<bool, bool, size_t>;
  using Keys = std::set<Key, std::greater<>>;
  const std::vector<bool> is_first = FindFirst(layers);
  const auto key_of = [&](size_t i) { return Key(is_first[i], !layers[i].holds_disks, i); };
  std::vector<size_t> waits_for(layers.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    for (const size_t lower : layers[i].lower) waits_for[lower] += lower != i;
  }
  Keys rest;
  Keys ready;
  for (size_t i = 0; i < layers.size(); ++i) {
    rest.insert(key_of(i));
    if (waits_for[i] == 0) ready.insert(key_of(i));
  }
  std::vector<std::vector<size_t>> groups;
  while (!rest.empty()) {
    const Key next = ready.empty() ? *rest.begin() : *ready.begin();
    std::vector<size_t> group = {std::get<size_t>(next)};
    // All others that are like it.
    for (auto other = ready.upper_bound(next); other != ready.end() && !is_first[group[0]];
         ++other) {
      if (std::get<1>(*other) != std::get<1>(next)) break;
      group.push_back(std::get<size_t>(*other));
    }
    for (const size_t member : group) {
      rest.erase(key_of(member));
      ready.erase(key_of(member));
    }
    for (const size_t member : group) {
      for (const size_t lower : layers[member].lower) {
        if (lower == member || --waits_for[lower] != 0) continue;
        if (rest.count(key_of(lower)) != 0) ready.insert(key_of(lower));
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace toolboxd::snapshotd
