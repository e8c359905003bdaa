// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/faults.h"

#include <utility>

#include "absl/strings/str_cat.h"

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

bool Faults::BadCookie() {
  if (std::exchange(bad_cookie_once_, false)) return true;
  return EveryNth(cookie_steps_, options_.bad_cookie_every);
}

bool Faults::WrongType() {
  if (std::exchange(wrong_type_once_, false)) return true;
  return EveryNth(answers_, options_.wrong_type_every);
}

bool Faults::CloseAfterMessage() {
  checkpoint_held_ = false;
  const bool closes = Schedule();
  return EveryNth(messages_, options_.close_every) || closes;
}

bool Faults::Schedule() {
  if (options_.seed == 0 || --next_ > 0) return false;
  next_ = Gap();
  switch (random_() % 5) {
    case 0:
      scheduled_.emplace_back("checkpoint");
      CheckpointOnce();
      return false;
    case 1:
      scheduled_.emplace_back("wrong-type");
      WrongTypeOnce();
      return false;
    case 2:
      scheduled_.emplace_back("bad-cookie");
      bad_cookie_once_ = true;
      return false;
    case 3:
      vanish_ = absl::Milliseconds(100 + random_() % 1901);
      scheduled_.push_back(absl::StrCat("vanish ", absl::FormatDuration(*vanish_)));
      return false;
    default:
      scheduled_.emplace_back("close");
      return true;
  }
}

std::vector<std::string> Faults::TakeScheduled() { return std::exchange(scheduled_, {}); }

std::optional<absl::Duration> Faults::TakeVanish() { return std::exchange(vanish_, std::nullopt); }

}  // namespace toolboxd::vmxsim
