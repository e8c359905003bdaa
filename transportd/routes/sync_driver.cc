// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/sync_driver.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/log.h"
#include "transportd/vix/error.h"

namespace toolboxd {
namespace {

using vix::Error;

// "OK", the code, and an errno that is always 0.
TcloReply Reply(Error error) { return TcloReply::Ok(absl::StrCat(vix::Code(error), " 0")); }

// The content of the quoted string at the beginning, which is removed with the blanks before it.
std::optional<absl::string_view> TakeQuoted(absl::string_view& text) {
  while (absl::ConsumePrefix(&text, " ")) {
  }
  if (!absl::ConsumePrefix(&text, "\"")) return std::nullopt;
  const size_t end = text.find('"');
  if (end == absl::string_view::npos) return std::nullopt;
  const absl::string_view content = text.substr(0, end);
  text.remove_prefix(end + 1);
  return content;
}

}  // namespace

std::optional<absl::Duration> ParseSyncDriverFreeze(absl::string_view arguments) {
  absl::ConsumeSuffix(&arguments, absl::string_view("\0", 1));
  const std::optional<absl::string_view> drives = TakeQuoted(arguments);
  if (!drives.has_value()) return std::nullopt;
  const std::optional<absl::string_view> timeout = TakeQuoted(arguments);
  uint32_t units = 0;
  if (!timeout.has_value() || !absl::SimpleAtoi(*timeout, &units)) return std::nullopt;
  if (!arguments.empty()) return std::nullopt;
  return absl::Milliseconds(10) * units;
}

void SyncDriverRoutes::AddTo(Router& router) {
  router.Add("Vix_1_SyncDriver_Freeze",
             [this](absl::string_view arguments) { return Freeze(arguments); });
  router.Add("Vix_1_SyncDriver_Thaw", [this](absl::string_view) { return Thaw(); });
}

TcloReply SyncDriverRoutes::Freeze(absl::string_view arguments) {
  const std::optional<absl::Duration> hold = ParseSyncDriverFreeze(arguments);
  if (!hold.has_value()) return Reply(Error::kInvalidArgument);
  if (state_ != State::kIdle) return Reply(Error::kObjectIsBusy);
  v1::QuiesceStart start;
  start.set_freeze_file_systems(true);
  start.set_run_scripts(false);
  const absl::Status begun =
      quiescer_.Begin(start, [this](const v1::QuiesceUpdate& update) { OnUpdate(update); });
  if (absl::IsFailedPrecondition(begun)) return Reply(Error::kObjectIsBusy);
  if (!begun.ok()) {
    LogError("the file systems cannot be frozen: ", begun.message());
    return Reply(Error::kFail);
  }
  LogNotice("the host requests frozen file systems");
  state_ = State::kFreezing;
  thaw_failed_ = false;
  quiescer_.Proceed();
  WaitWhile(State::kFreezing);
  if (state_ != State::kFrozen) {
    if (state_ == State::kFreezing) {
      state_ = State::kEnding;
      quiescer_.Abort();
    }
    return Reply(Error::kFail);
  }
  run_at_(clock_() + std::min(*hold, kMaxHold), [this, freeze = ++freezes_] {
    if (state_ != State::kFrozen || freeze != freezes_) return;
    LogWarning("the host did not thaw the file systems in its time; they are thawed");
    state_ = State::kThawing;
    quiescer_.SnapshotDone();
  });
  return Reply(Error::kOk);
}

TcloReply SyncDriverRoutes::Thaw() {
  if (state_ != State::kFrozen) return TcloReply::Ok("20000 0");
  state_ = State::kThawing;
  quiescer_.SnapshotDone();
  WaitWhile(State::kThawing);
  return Reply(state_ == State::kThawing || thaw_failed_ ? Error::kFail : Error::kOk);
}

void SyncDriverRoutes::OnHostLost() {
  if (state_ != State::kFrozen) return;
  state_ = State::kEnding;
  quiescer_.Abort();
}

void SyncDriverRoutes::WaitWhile(State state) {
  const absl::Time deadline = clock_() + kPatience;
  for (absl::Duration rest = kPatience; state_ == state && rest > absl::ZeroDuration();
       rest = deadline - clock_()) {
    quiescer_.Wait(rest);
  }
}

void SyncDriverRoutes::OnUpdate(const v1::QuiesceUpdate& update) {
  if (state_ == State::kIdle) return;
  switch (update.step_case()) {
    case v1::QuiesceUpdate::kFrozen:
      if (state_ == State::kFreezing) state_ = State::kFrozen;
      return;
    case v1::QuiesceUpdate::kThawed:
      LogNotice("file systems were frozen for ",
                absl::FormatDuration(absl::Microseconds(update.thawed().frozen_us())));
      state_ = State::kEnding;
      return;
    case v1::QuiesceUpdate::kFailure:
      LogError("freezing the file systems failed: ", update.failure().message());
      thaw_failed_ = true;
      state_ = State::kEnding;
      return;
    case v1::QuiesceUpdate::kDone:
      state_ = State::kIdle;
      return;
    default:
      return;
  }
}

}  // namespace toolboxd
