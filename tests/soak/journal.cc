// SPDX-License-Identifier: Apache-2.0

#include "tests/soak/journal.h"

#include <cstdio>

#include "absl/strings/str_cat.h"

namespace toolboxd::soak {
namespace {

// Of those that are not wrong.
constexpr int kPrinted = 10;

}  // namespace

void Journal::Record(absl::string_view kind, const absl::Status& outcome) {
  absl::MutexLock lock(&mutex_);
  Counts& counts = kinds_[std::string(kind)];
  switch (outcome.code()) {
    case absl::StatusCode::kOk:
      ++counts.done;
      return;
    case absl::StatusCode::kAborted:
      ++counts.refused;
      ++refusals_[std::string(outcome.message())];
      break;
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnavailable:
      ++counts.lost;
      break;
    default:
      ++counts.wrong;
      break;
  }
  const bool wrong = outcome.code() == absl::StatusCode::kDataLoss;
  if (!wrong && printed_++ >= kPrinted) return;
  const std::string text = absl::StrCat(kind, ": ", outcome.ToString());
  std::fprintf(stderr, "soak: %s\n", text.c_str());
}

Journal::Counts Journal::Sum() const {
  Counts sum;
  absl::MutexLock lock(&mutex_);
  for (const auto& [kind, counts] : kinds_) {
    sum.done += counts.done;
    sum.refused += counts.refused;
    sum.lost += counts.lost;
    sum.wrong += counts.wrong;
  }
  return sum;
}

std::map<std::string, Journal::Counts> Journal::ByKind() const {
  absl::MutexLock lock(&mutex_);
  return kinds_;
}

std::map<std::string, uint64_t> Journal::Refusals() const {
  absl::MutexLock lock(&mutex_);
  return refusals_;
}

}  // namespace toolboxd::soak
