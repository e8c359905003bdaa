// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/faults.h"

#include <utility>

namespace toolboxd::vmxsim {
namespace {

// Counts one event and says whether it is the Nth.
bool EveryNth(uint64_t& count, uint64_t n) {
  if (n == 0 || ++count < n) return false;
  count = 0;
  return true;
}

}  // namespace

bool Faults::Checkpoint() {
  if (std::exchange(checkpoint_once_, false)) return true;
  if (checkpoint_held_ || !EveryNth(checkpoint_steps_, options_.checkpoint_every)) return false;
  checkpoint_held_ = true;
  return true;
}

bool Faults::BadCookie() { return EveryNth(cookie_steps_, options_.bad_cookie_every); }

bool Faults::WrongType() {
  if (std::exchange(wrong_type_once_, false)) return true;
  return EveryNth(answers_, options_.wrong_type_every);
}

bool Faults::CloseAfterMessage() {
  checkpoint_held_ = false;
  return EveryNth(messages_, options_.close_every);
}

}  // namespace toolboxd::vmxsim
