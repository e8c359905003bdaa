// SPDX-License-Identifier: Apache-2.0

#include "vixd/user_names.h"

#include <pwd.h>
#include <unistd.h>

#include <map>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/steady_time.h"

namespace toolboxd::vixd {

std::optional<std::string> LookUpUserName(uid_t uid) {
  char buffer[4096];
  passwd user;
  passwd* found = nullptr;
  getpwuid_r(uid, &user, buffer, sizeof buffer, &found);
  if (found == nullptr) return std::nullopt;
  return found->pw_name;
}

// Shared with the thread that asks, one at a time.
struct UserNames::State {
  struct Answer {
    std::optional<std::string> name;
    absl::Time time;
  };

  explicit State(LookUp asked) : look_up(std::move(asked)) {}

  const LookUp look_up;
  absl::Mutex mutex;
  bool asking ABSL_GUARDED_BY(mutex) = false;
  std::map<uid_t, Answer> answers ABSL_GUARDED_BY(mutex);

  const Answer* FindFresh(uid_t uid) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const auto found = answers.find(uid);
    const bool fresh = found != answers.end() && SteadyNow() - found->second.time < kFresh;
    return fresh ? &found->second : nullptr;
  }
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return !asking; }

  static void Ask(const std::shared_ptr<State>& self, uid_t uid) {
    std::optional<std::string> name = self->look_up(uid);
    absl::MutexLock lock(&self->mutex);
    if (self->answers.size() >= kMaxKept) self->answers.clear();
    self->answers[uid] = {std::move(name), SteadyNow()};
    self->asking = false;
  }
};

UserNames::UserNames(LookUp look_up) : state_(std::make_shared<State>(std::move(look_up))) {}

std::optional<std::string> UserNames::Find(uid_t uid, absl::Duration& left) const {
  absl::MutexLock lock(&state_->mutex);
  const auto wait = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    const absl::Time begin = SteadyNow();
    state_->mutex.AwaitWithTimeout(absl::Condition(state_.get(), &State::Idle), left);
    left -= SteadyNow() - begin;
  };
  // An earlier question may still be without an answer.
  if (state_->FindFresh(uid) == nullptr && left > absl::ZeroDuration()) wait();
  if (state_->FindFresh(uid) == nullptr && !state_->asking && left > absl::ZeroDuration()) {
    try {
      std::thread([state = state_, uid] { State::Ask(state, uid); }).detach();
    } catch (const std::system_error&) {
      return std::nullopt;
    }
    state_->asking = true;
    wait();
  }
  const State::Answer* answer = state_->FindFresh(uid);
  return answer != nullptr ? answer->name : std::nullopt;
}

UserNames::List::List(const UserNames* names) : names_(*names) { Get(getuid()); }

std::string UserNames::List::Get(uid_t uid) {
  return names_.Find(uid, left_).value_or(std::to_string(uid));
}

}  // namespace toolboxd::vixd
