// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/snapshot_host.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace toolboxd::vmxsim {
namespace {

constexpr absl::string_view kPrefix = "vmbackup.";
constexpr absl::string_view kEventPrefix = "vmbackup.eventSet ";
constexpr char kAccepted[] = "1 ";
constexpr char kRefused[] = "0 Unknown event";

constexpr absl::string_view kEvents[] = {
    "reset",     "prov.snapshotCommit", "req.keepAlive", "req.genericManifest",
    "req.error", "req.aborted",         "req.done",
};

// Up to the first blank or NUL.
absl::string_view Command(absl::string_view request) {
  return request.substr(0, request.find_first_of(absl::string_view(" \0", 2)));
}

bool IsStart(absl::string_view request) {
  const absl::string_view command = Command(request);
  return command == "vmbackup.start" || command == "vmbackup.startWithOpts";
}

bool IsOk(absl::string_view reply) { return absl::StartsWith(reply, "OK"); }

}  // namespace

void SnapshotHost::OnRequest(absl::string_view request, absl::Time now) {
  if (!absl::StartsWith(request, kPrefix)) return;
  if (IsStart(request) && report_.outcome != SnapshotOutcome::kRunning) {
    report_ = SnapshotReport();
    report_.outcome = SnapshotOutcome::kRunning;
    report_.start = now;
    last_event_ = absl::InfiniteFuture();
    start_answered_ = snapshot_done_ = was_refused_ = false;
  }
  Add(SnapshotMessage::Kind::kRequest, request, now);
}

void SnapshotHost::OnReply(absl::string_view request, absl::string_view reply, absl::Time now) {
  if (!absl::StartsWith(request, kPrefix)) return;
  Add(SnapshotMessage::Kind::kReply, reply, now);
  if (report_.outcome == SnapshotOutcome::kNone) return;
  if (IsStart(request) && !start_answered_) {
    start_answered_ = true;
    if (!IsOk(reply) && report_.outcome == SnapshotOutcome::kRunning) {
      report_.outcome = SnapshotOutcome::kRefused;
    } else if (IsOk(reply) && report_.events.empty()) {
      Violate("the start was answered before reset");
    }
    return;
  }
  if (Command(request) == "vmbackup.snapshotDone" && IsOk(reply)) snapshot_done_ = true;
  // What a guest says that has no snapshot.
  if (report_.outcome == SnapshotOutcome::kRunning &&
      absl::StrContains(reply, "no quiesce operation in progress")) {
    report_.outcome = SnapshotOutcome::kLost;
  }
}

std::string SnapshotHost::OnEvent(absl::string_view message, absl::Time now) {
  Event event;
  Add(SnapshotMessage::Kind::kEvent, message, now);
  if (!Parse(message, event)) return kRefused;
  CheckOrder(event, now);
  const bool is_refused = std::find(refused_.begin(), refused_.end(), event.name) != refused_.end();
  if (is_refused) {
    was_refused_ = true;
    Add(SnapshotMessage::Kind::kNote, absl::StrCat("refused: ", kRefused), now);
  }
  if (report_.outcome == SnapshotOutcome::kRunning) {
    report_.events.push_back(event.name);
    last_event_ = now;
    // The end is the end, whether the host likes it or not.
    if (!is_refused || event.name == "req.done") Count(event, now);
  }
  return is_refused ? kRefused : kAccepted;
}

void SnapshotHost::OnNote(absl::string_view what, absl::Time now) {
  if (report_.outcome == SnapshotOutcome::kRunning) Add(SnapshotMessage::Kind::kNote, what, now);
}

std::vector<SnapshotMessage> SnapshotHost::Since(uint64_t after) const {
  std::vector<SnapshotMessage> result;
  for (const SnapshotMessage& message : messages_) {
    if (message.number > after) result.push_back(message);
  }
  return result;
}

SnapshotReport SnapshotHost::Report(absl::Time now) const {
  SnapshotReport report = report_;
  if (report.outcome == SnapshotOutcome::kRunning && now > last_event_) {
    report.largest_gap = std::max(report.largest_gap, now - last_event_);
  }
  return report;
}

void SnapshotHost::Add(SnapshotMessage::Kind kind, absl::string_view text, absl::Time now) {
  messages_.push_back({++last_number_, now, kind, std::string(text)});
  if (messages_.size() > kMaxMessages) messages_.pop_front();
}

void SnapshotHost::Violate(std::string what) {
  ++violations_;
  report_.violations.push_back(std::move(what));
}

bool SnapshotHost::Parse(absl::string_view message, Event& event) {
  absl::string_view rest = message;
  absl::ConsumePrefix(&rest, kEventPrefix);
  if (!absl::ConsumeSuffix(&rest, absl::string_view("\0", 1))) {
    Violate(absl::StrCat("no NUL at the end of ", absl::CHexEscape(message)));
  }
  const size_t name_end = rest.find(' ');
  const size_t code_end =
      name_end == absl::string_view::npos ? name_end : rest.find(' ', name_end + 1);
  if (code_end == absl::string_view::npos ||
      !absl::SimpleAtoi(rest.substr(name_end + 1, code_end - name_end - 1), &event.code)) {
    Violate(absl::StrCat("not \"EVENT CODE TEXT\": ", absl::CHexEscape(message)));
    return false;
  }
  event.name = std::string(rest.substr(0, name_end));
  event.text = std::string(rest.substr(code_end + 1));
  if (std::find(std::begin(kEvents), std::end(kEvents), event.name) == std::end(kEvents)) {
    Violate(absl::StrCat("unknown event ", absl::CHexEscape(event.name)));
    return false;
  }
  return true;
}

void SnapshotHost::CheckOrder(const Event& event, absl::Time now) {
  if (report_.outcome != SnapshotOutcome::kRunning) {
    return Violate(absl::StrCat(event.name, report_.outcome == SnapshotOutcome::kNone
                                                ? " without a start"
                                                : " after the end"));
  }
  if (report_.events.empty()) {
    if (event.name != "reset") Violate(absl::StrCat(event.name, " before reset"));
    return;
  }
  if (event.name == "reset") Violate("a second reset");
  const absl::Duration gap = now - last_event_;
  report_.largest_gap = std::max(report_.largest_gap, gap);
  if (gap > kMaxGap) {
    Violate(absl::StrFormat("%.3f s between %s and %s", absl::ToDoubleSeconds(gap),
                            report_.events.back(), event.name));
  }
}

void SnapshotHost::Count(const Event& event, absl::Time now) {
  if (event.name == "prov.snapshotCommit") {
    if (report_.commit != absl::InfiniteDuration()) Violate("a second prov.snapshotCommit");
    report_.commit = now - report_.start;
  }
  if (event.name == "req.error" || event.name == "req.aborted") {
    report_.errors.emplace_back(event.code, event.text);
  }
  if (event.name == "req.done") End(now);
}

void SnapshotHost::End(absl::Time now) {
  report_.done = now - report_.start;
  const auto& events = report_.events;
  if (std::find(events.begin(), events.end(), "req.aborted") != events.end()) {
    report_.outcome = SnapshotOutcome::kAborted;
    return;
  }
  const bool is_taken = report_.commit != absl::InfiniteDuration() && snapshot_done_;
  report_.outcome =
      report_.errors.empty() && is_taken ? SnapshotOutcome::kGood : SnapshotOutcome::kFailed;
  if (report_.errors.empty() && !is_taken && !was_refused_) {
    Violate("req.done without a snapshot, and without a reason");
  }
}

}  // namespace toolboxd::vmxsim
