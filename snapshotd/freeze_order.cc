// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/freeze_order.h"

#include <functional>
#include <set>
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

std::vector<size_t> FreezeOrder(const std::vector<Layer>& layers) {
  // The greatest comes next.
  using Key = std::pair<bool, size_t>;
  using Keys = std::set<Key, std::greater<>>;
  const std::vector<bool> is_first = FindFirst(layers);
  std::vector<size_t> waits_for(layers.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    for (const size_t lower : layers[i].lower) waits_for[lower] += lower != i;
  }
  Keys rest;
  Keys ready;
  for (size_t i = 0; i < layers.size(); ++i) {
    rest.emplace(is_first[i], i);
    if (waits_for[i] == 0) ready.emplace(is_first[i], i);
  }
  std::vector<size_t> order;
  while (!rest.empty()) {
    const Key next = ready.empty() ? *rest.begin() : *ready.begin();
    rest.erase(next);
    ready.erase(next);
    order.push_back(next.second);
    for (const size_t lower : layers[next.second].lower) {
      const Key key(is_first[lower], lower);
      if (lower != next.second && --waits_for[lower] == 0 && rest.count(key) != 0) {
        ready.insert(key);
      }
    }
  }
  return order;
}

}  // namespace toolboxd::snapshotd
