// SPDX-License-Identifier: Apache-2.0

#include "base/id_names.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <map>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/database_record.h"
#include "base/status.h"
#include "base/steady_time.h"

namespace toolboxd {

namespace {

// The name in a record that FindRecord() has found, or why it has found none.
template <typename Record>
absl::StatusOr<std::optional<std::string>> NameOf(const Record* found, char* Record::*name) {
  if (found != nullptr) return std::optional<std::string>(found->*name);
  if (errno == 0) return std::optional<std::string>();
  return ErrnoError(errno, "the database does not say");
}

}  // namespace

absl::StatusOr<std::optional<std::string>> LookUpUserName(id_t uid) {
  std::string buffer;
  passwd user;
  return NameOf(FindRecord(getpwuid_r, uid_t{uid}, user, buffer), &passwd::pw_name);
}

absl::StatusOr<std::optional<std::string>> LookUpGroupName(id_t gid) {
  std::string buffer;
  group entry;
  return NameOf(FindRecord(getgrgid_r, gid_t{gid}, entry, buffer), &group::gr_name);
}

// Shared with the thread that asks, one at a time.
struct IdNames::State {
  struct Answer {
    std::optional<std::string> name;
    absl::Time time;
  };

  State(LookUp asked, absl::Duration used) : look_up(std::move(asked)), fresh(used) {}

  const LookUp look_up;
  const absl::Duration fresh;
  absl::Mutex mutex;
  bool asking ABSL_GUARDED_BY(mutex) = false;
  std::map<id_t, Answer> answers ABSL_GUARDED_BY(mutex);

  bool IsFresh(id_t id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const auto found = answers.find(id);
    return found != answers.end() && SteadyNow() - found->second.time < fresh;
  }
  void Forget() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::erase_if(answers, [](const auto& answer) { return !answer.second.name.has_value(); });
    if (answers.size() >= kMaxKept) answers.clear();
  }
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return !asking; }

  static void Ask(const std::shared_ptr<State>& self, id_t id) {
    absl::StatusOr<std::optional<std::string>> name = self->look_up(id);
    absl::MutexLock lock(&self->mutex);
    if (self->answers.size() >= kMaxKept) self->Forget();
    Answer& answer = self->answers[id];
    if (name.ok()) answer.name = *std::move(name);
    answer.time = SteadyNow();
    self->asking = false;
  }
};

IdNames::IdNames(LookUp look_up, absl::Duration fresh)
    : state_(std::make_shared<State>(std::move(look_up), fresh)) {}

std::optional<std::string> IdNames::Find(id_t id, absl::Duration& left) const {
  absl::MutexLock lock(&state_->mutex);
  const auto wait = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    const absl::Time begin = SteadyNow();
    state_->mutex.AwaitWithTimeout(absl::Condition(state_.get(), &State::IsIdle), left);
    left -= SteadyNow() - begin;
  };
  // An earlier question may still be without an answer.
  if (!state_->IsFresh(id) && left > absl::ZeroDuration()) wait();
  if (!state_->IsFresh(id) && !state_->asking && left > absl::ZeroDuration()) {
    try {
      std::thread([state = state_, id] { State::Ask(state, id); }).detach();
      state_->asking = true;
      wait();
    } catch (const std::system_error&) {
      // Without a thread there is what is known.
    }
  }
  const auto answer = state_->answers.find(id);
  return answer != state_->answers.end() ? answer->second.name : std::nullopt;
}

IdNames::Asker::Asker(const IdNames* names) : names_(*names), last_(SteadyNow()) {}

std::optional<std::string> IdNames::Asker::Get(id_t id) {
  const absl::Time now = SteadyNow();
  left_ = std::min(kPatience, left_ + (now - std::exchange(last_, now)) / kShare);
  return names_.Find(id, left_);
}

}  // namespace toolboxd
