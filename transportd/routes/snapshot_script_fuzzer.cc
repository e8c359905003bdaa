// SPDX-License-Identifier: Apache-2.0

// vmbackup's dialogue: the host's commands and snapshotd's updates in any order, with time that
// passes, a host that refuses, and a channel that is lost.
// Covers: transportd/routes/snapshot.cc transportd/snapshot/start_options.cc
// transportd/snapshot/event_sender.cc transportd/snapshot/events.cc

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/utf8.h"
#include "tests/fuzz/script_target.h"
#include "transportd/routes/testing/snapshot_guest.h"

namespace toolboxd {
namespace {

using fuzz::Number;
using fuzz::Step;
using fuzz::Text;

enum StepType { kStart, kOptions, kCommand, kUpdate, kBegins, kTime, kHost, kLost, kStop };

const fuzz::Grammar& DialogueGrammar() {
  static const auto& grammar = *new fuzz::Grammar{
      {"start", {Text({"1", "0", "", "1 disk-0", std::string("1\0", 2), " x"})}},
      // XDR (docs/protocol/snapshot.md 8.4): version, whether there are fields, the five booleans,
      // the argument, the time limit, the disks; then what does not belong there.
      {"start_with_options",
       {Number({1, 2, 0, 3}), Number({1, 0}), Number({0, 1}), Number({0, 1}), Number({1, 0}),
        Number({0, 1}), Number({1, 0}),
        Text({"", "nightly", std::string("a\0b", 3), std::string(256, 'a'), std::string(257, 'a')}),
        Number({0, 900, 0xFFFFFFFF}), Text({"", "disk"}), Text({"", std::string(16, '\0'), "x"})}},
      {"command",
       {Text({"vmbackup.snapshotDone", "vmbackup.abort", "vmbackup.snapshotCompleted",
              std::string("vmbackup.snapshotDone\0", 22), "vmbackup.start", "vmbackup."})}},
      // What snapshotd says (toolboxd.v1.QuiesceUpdate).
      {"update",
       {Number({2, 3, 4, 5, 6, 1, 0}), Number({1, 2, 3, 4, 5, 6, 7, 0}),
        Text({"", "the disk is full", "\xc3\xa9\n", "/var/run/manifest.xml"})}},
      // Whether snapshotd can begin.
      {"begins", {Number({0, 1, 2})}},
      {"time", {Number({2400, 1, 5000, 60000})}},
      // Whether the host takes events: yes, refuses, no channel.
      {"host", {Number({0, 1, 2})}},
      {"lost", {}},
      {"stop", {}},
  };
  return grammar;
}

void Append(std::string& out, uint64_t word) {
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(word >> shift);
}

void Append(std::string& out, const std::string& text) {
  Append(out, text.size());
  out += text;
  out.append((4 - text.size() % 4) % 4, '\0');
}

std::string EncodeOptions(const Step& step) {
  std::string out;
  for (size_t field = 0; field < 7; ++field) Append(out, step.number(field));
  Append(out, step.text(7));
  Append(out, step.number(8));
  Append(out, step.text(9));
  return out + step.text(10);
}

class Dialogue {
 public:
  Dialogue() {
    guest_.quiescer.on_wait = [this](absl::Duration) { Update(DoneUpdate()); };
  }

  void Run(const Step& step) {
    switch (step.type) {
      case kStart:
        return Send(step, absl::StrCat("vmbackup.start ", step.text(0)));
      case kOptions:
        return Send(step, absl::StrCat("vmbackup.startWithOpts ", EncodeOptions(step)));
      case kCommand:
        return Send(step, step.text(0));
      case kUpdate:
        return Update(UpdateOf(step));
      case kBegins:
        guest_.quiescer.begin_status = step.number(0) % 3 == 0 ? absl::OkStatus()
                                       : step.number(0) % 3 == 1
                                           ? absl::UnavailableError("none")
                                           : absl::FailedPreconditionError("");
        return;
      case kTime:
        guest_.timers.Advance(absl::Milliseconds(step.number(0) % 100000));
        return CheckEvents();
      case kHost:
        guest_.host.refuses_all = step.number(0) % 3 == 1;
        guest_.host.down = step.number(0) % 3 == 2;
        unkind_ |= step.number(0) % 3 != 0;
        return;
      case kLost:
        guest_.routes.OnHostLost();
        return CheckEvents();
      default:
        guest_.routes.Stop(absl::Seconds(1));
        CheckEvents();
    }
  }

  // The rest of what belongs to a snapshot, after which it is over for the host.
  void End() {
    Update(DoneUpdate());
    if (!unkind_ && inside_) std::abort();
  }

 private:
  static v1::QuiesceUpdate DoneUpdate() {
    v1::QuiesceUpdate update;
    update.mutable_done();
    return update;
  }

  static v1::QuiesceUpdate UpdateOf(const Step& step) {
    v1::QuiesceUpdate update;
    // gRPC gives no text that is not UTF-8.
    const std::string text = IsUtf8(step.text(2)) ? step.text(2) : "?";
    switch (step.number(0) % 7) {
      case 1:
        update.mutable_ready();
        break;
      case 2:
        update.mutable_frozen()->add_file_systems()->set_mount_point(text);
        update.mutable_frozen()->set_frozen_at_us(step.number(1));
        break;
      case 3:
        update.mutable_thawed()->add_file_systems()->set_mount_point(text);
        update.mutable_thawed()->set_frozen_us(step.number(1));
        break;
      case 4:
        update.mutable_manifest()->set_path(text);
        break;
      case 5:
        update.mutable_failure()->set_kind(
            static_cast<v1::QuiesceFailure::Kind>(step.number(1) % 9));
        update.mutable_failure()->set_message(text);
        break;
      case 6:
        return DoneUpdate();
      default:
        break;
    }
    return update;
  }

  // As the interface of snapshot::Quiescer promises it: `failure` once at most, `done` once and
  // last.
  void Update(const v1::QuiesceUpdate& update) {
    if (!running_ || (update.has_failure() && failed_)) return;
    failed_ |= update.has_failure();
    running_ = !update.has_done();
    guest_.quiescer.Deliver(update);
    CheckEvents();
  }

  void Send(const Step& step, std::string request) {
    fuzz::Apply(step, request);
    const std::string reply = guest_.Send(request);
    if (!absl::StartsWith(reply, "OK ") && !absl::StartsWith(reply, "ERROR ")) std::abort();
    CheckSteps();
    CheckEvents();
  }

  void CheckSteps() {
    for (const std::string& step : guest_.Steps()) {
      if (step == "begin") {
        if (running_) std::abort();
        running_ = true;
        failed_ = false;
      }
    }
  }

  // To a host that takes everything a snapshot is `reset`, then at most one commit, then
  // `req.done`, and nothing outside of it.
  void CheckEvents() {
    CheckSteps();
    for (absl::string_view event : guest_.Events()) {
      if (!absl::ConsumePrefix(&event, "vmbackup.eventSet ")) std::abort();
      if (!absl::ConsumeSuffix(&event, absl::string_view("\0", 1))) std::abort();
      const std::vector<std::string> parts = absl::StrSplit(event, absl::MaxSplits(' ', 2));
      if (parts.size() != 3 || !IsUtf8(parts[2])) std::abort();
      if (unkind_) continue;
      const std::string& name = parts[0];
      if (inside_ == (name == "reset")) std::abort();
      if (name == "reset") commits_ = 0;
      if (name == "prov.snapshotCommit" && ++commits_ > 1) std::abort();
      inside_ = name != "req.done";
    }
  }

  SnapshotGuest guest_;
  // Whether the host has refused something, or was not there.
  bool unkind_ = false;
  // snapshotd has begun; it has reported a failure.
  bool running_ = false;
  bool failed_ = false;
  // The host is in a snapshot.
  bool inside_ = false;
  int commits_ = 0;
};

}  // namespace
}  // namespace toolboxd

const toolboxd::fuzz::Grammar& toolboxd::fuzz::TargetGrammar() { return DialogueGrammar(); }

void toolboxd::fuzz::RunScript(const Script& script) {
  Dialogue dialogue;
  for (const Step& step : script) dialogue.Run(step);
  dialogue.End();
}
