// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/world.h"

#include <cstdio>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace toolboxd::simulation {
namespace {

// A service that checks for cancellation just before it acts may do so as long as the news is on
// its way.
constexpr int64_t kNewsOnItsWay = 10 * kMillisecond;

}  // namespace

void World::Trace(absl::string_view text) {
  const std::string line = absl::StrFormat(
      "%12.6f %s", static_cast<double>(Scheduler::Get().now()) / kSecond, std::string(text));
  for (const char c : line) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
  ++lines_;
  if (verbose_) printf("%s\n", line.c_str());
}

void World::Violation(const std::string& text) {
  Trace(absl::StrCat("VIOLATION ", text));
  if (violations_.size() < 20) violations_.push_back(text);
}

int World::NewOperation(std::string kind) {
  const int id = next_operation_++;
  operations_[id] = {.kind = std::move(kind), .sent_at = Scheduler::Get().now()};
  return id;
}

void World::Registered() { registered_at_ = Scheduler::Get().now(); }

void World::SendAgain(int id) { ++operations_[id].sent; }

void World::Execute(int id, absl::string_view what) {
  ++executions;
  const auto found = operations_.find(id);
  if (found == operations_.end()) {
    return Violation(absl::StrCat(what, " of no operation of the host"));
  }
  Operation& operation = found->second;
  Trace(absl::StrCat("executes ", operation.kind, " ", id));
  if (++operation.executed > operation.sent) {
    Violation(absl::StrCat(operation.kind, " ", id, " was executed ", operation.executed,
                           " times and sent ", operation.sent, " times"));
  }
  if (operation.answered && !operation.succeeded &&
      Scheduler::Get().now() > operation.over_at + kNewsOnItsWay) {
    Violation(absl::StrCat(operation.kind, " ", id, " was given up and has been executed ",
                           (Scheduler::Get().now() - operation.over_at) / kMillisecond,
                           " ms later"));
  }
  const bool lost = operation.over_at != 0 && !operation.answered;
  if (lost && operation.over_at < registered_at_ &&
      Scheduler::Get().now() > registered_at_ + kNewsOnItsWay) {
    Violation(absl::StrCat(operation.kind, " ", id,
                           " was lost with its channel and has been executed after the next "
                           "registration"));
  }
}

void World::End(int id, bool answered, bool succeeded) {
  Operation& operation = operations_[id];
  operation.over_at = Scheduler::Get().now();
  operation.answered = answered;
  operation.succeeded = succeeded;
  Trace(absl::StrCat(operation.kind, " ", id,
                     succeeded  ? " succeeded"
                     : answered ? " failed"
                                : " lost"));
  if (succeeded && operation.executed == 0) {
    Violation(absl::StrCat(operation.kind, " ", id, " succeeded and was not executed"));
  }
}

int World::NumberIn(absl::string_view text) {
  const size_t at = text.find("op");
  if (at == absl::string_view::npos) return 0;
  size_t end = at + 2;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  int number = 0;
  return absl::SimpleAtoi(text.substr(at + 2, end - at - 2), &number) ? number : 0;
}

}  // namespace toolboxd::simulation
