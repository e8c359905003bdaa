// SPDX-License-Identifier: Apache-2.0

// Clients that guess passwords.

#ifndef TOOLBOXD_TESTS_BENCH_GUESSERS_H_
#define TOOLBOXD_TESTS_BENCH_GUESSERS_H_

#include <atomic>
#include <thread>
#include <vector>

#include "tests/bench/guest.h"

namespace toolboxd::bench {

// Each validates a wrong credential with a name that was not used before, one after another, until
// the destructor.
class Guessers {
 public:
  Guessers(Guest& guest, int count);
  ~Guessers();

 private:
  void Guess(vmxsim::Client host, int number);

  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_GUESSERS_H_
