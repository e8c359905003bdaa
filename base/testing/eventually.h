// SPDX-License-Identifier: Apache-2.0

// Waiting in a test for what another thread or process brings about. Without Abseil.

#ifndef TOOLBOXD_BASE_TESTING_EVENTUALLY_H_
#define TOOLBOXD_BASE_TESTING_EVENTUALLY_H_

#include <chrono>
#include <thread>

namespace toolboxd {

// Asks `condition` every 2 ms until it is true; false if it is not within `patience`. The default
// suits a busy machine: a test waits that long only to fail.
template <typename Condition>
bool Eventually(Condition condition,
                std::chrono::milliseconds patience = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_TESTING_EVENTUALLY_H_
