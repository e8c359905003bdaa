// SPDX-License-Identifier: Apache-2.0

// The host's side of quiesced snapshots: keeps what host and guest say, finds the rules that the
// guest breaks, and knows how it ended (docs/protocol/snapshot.md 8.1, 8.2, 8.10).

#ifndef TOOLBOXD_VMXSIM_SNAPSHOT_HOST_H_
#define TOOLBOXD_VMXSIM_SNAPSHOT_HOST_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd::vmxsim {

// The note when the guest opens its main channel.
inline constexpr char kToolsStarted[] = "the guest's tools have opened their channel again";

// One line of a dialogue.
struct SnapshotMessage {
  enum class Kind {
    // From the host: `text` is the request, raw.
    kRequest,
    // From the guest: the reply to the last request, raw.
    kReply,
    // From the guest: the whole RPCI message, raw.
    kEvent,
    // `text` says what happened besides.
    kNote,
  };
  // Counts from 1 without gaps, over all snapshots.
  uint64_t number = 0;
  absl::Time time;
  Kind kind = Kind::kNote;
  std::string text;
};

enum class SnapshotOutcome {
  // No snapshot was requested.
  kNone,
  // Neither an end nor the certainty that there will be none.
  kRunning,
  // The reply to the start was an error.
  kRefused,
  // There is an end, and neither an error nor an abort before it.
  kGood,
  kFailed,
  kAborted,
  // The guest no longer knows of the snapshot, and has not sent an end.
  kLost,
};

// The newest snapshot.
struct SnapshotReport {
  SnapshotOutcome outcome = SnapshotOutcome::kNone;
  // What `req.error` and `req.aborted` reported, in order: code and text.
  std::vector<std::pair<int, std::string>> errors;
  // The names of all events, in order.
  std::vector<std::string> events;
  // The rules that the guest broke, a sentence each.
  std::vector<std::string> violations;
  // When the guest had the start.
  absl::Time start = absl::InfiniteFuture();
  // From there to the commit and to the end; infinite before they came.
  absl::Duration commit = absl::InfiniteDuration();
  absl::Duration done = absl::InfiniteDuration();
  // Between two events, and from the last to now as long as it runs.
  absl::Duration largest_gap = absl::ZeroDuration();
};

// Not thread-safe. Times do not decrease.
class SnapshotHost {
 public:
  // Between two events, from `reset` to `req.done`.
  static constexpr absl::Duration kMaxGap = absl::Seconds(5);
  static constexpr size_t kMaxMessages = 2000;

  // Events, such as "req.keepAlive", that are answered with "0 Unknown event" from now on.
  void Refuse(std::vector<std::string> events) { refused_ = std::move(events); }

  // The guest has fetched a request; anything but vmbackup.* is ignored. A start begins a new
  // snapshot, unless one runs.
  void OnRequest(absl::string_view request, absl::Time now);
  // Its reply, if the request was vmbackup.*.
  void OnReply(absl::string_view request, absl::string_view reply, absl::Time now);
  // `message`: the whole RPCI message "vmbackup.eventSet …". Returns the reply.
  std::string OnEvent(absl::string_view message, absl::Time now);
  // Kept as a note if a snapshot runs.
  void OnNote(absl::string_view what, absl::Time now);

  // The messages with a number above `after`, oldest first.
  std::vector<SnapshotMessage> Since(uint64_t after) const;
  uint64_t last_number() const { return last_number_; }
  SnapshotReport Report(absl::Time now) const;
  SnapshotOutcome outcome() const { return report_.outcome; }
  // Over all snapshots, those of events outside of any included.
  uint64_t violations() const { return violations_; }

 private:
  struct Event {
    std::string name;
    int code = 0;
    std::string text;
  };

  void Add(SnapshotMessage::Kind kind, absl::string_view text, absl::Time now);
  void Violate(std::string what);
  // False if it is malformed.
  bool Parse(absl::string_view message, Event& event);
  void CheckOrder(const Event& event, absl::Time now);
  void Count(const Event& event, absl::Time now);
  void End(absl::Time now);

  std::vector<std::string> refused_;
  std::deque<SnapshotMessage> messages_;
  uint64_t last_number_ = 0;
  uint64_t violations_ = 0;

  SnapshotReport report_;
  absl::Time last_event_ = absl::InfiniteFuture();
  bool start_answered_ = false;
  bool snapshot_done_ = false;
  // Whether the guest was refused an event of this snapshot, which excuses an end without a reason.
  bool was_refused_ = false;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_SNAPSHOT_HOST_H_
