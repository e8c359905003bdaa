// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/commands.h"

#include <errno.h>

#include <functional>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "vmxsim/bench.h"
#include "vmxsim/guest_summary.h"
#include "vmxsim/guest_thread.h"
#include "vmxsim/nic_info.h"
#include "vmxsim/options.h"
#include "vmxsim/printable.h"
#include "vmxsim/snapshot_text.h"
#include "vmxsim/stats.h"

namespace toolboxd::vmxsim {
namespace {

using Words = std::vector<std::string>;
using Result = absl::StatusOr<std::string>;

absl::StatusOr<absl::Duration> ToDuration(const std::string& text) {
  absl::Duration duration;
  if (!ParseSeconds(text, &duration)) {
    return absl::InvalidArgumentError(absl::StrCat("not a time: ", text));
  }
  return duration;
}

absl::StatusOr<uint64_t> ToNumber(const std::string& text) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number)) {
    return absl::InvalidArgumentError(absl::StrCat("not a number: ", text));
  }
  return number;
}

Result Wait(const Commands& commands, const Words& words) {
  const auto timeout = ToDuration(words[1]);
  if (!timeout.ok()) return timeout.status();
  const bool registered =
      commands.vmx->WaitFor(*timeout, [](Vmx::View& view) { return view.tclo.registered(); });
  if (!registered) {
    return absl::DeadlineExceededError(
        "the guest tools did not register in time; vmxsim log prints what they sent");
  }
  return "";
}

Result Tclo(const Commands& commands, const Words& words) {
  const auto timeout = ToDuration(words[1]);
  if (!timeout.ok()) return timeout.status();
  const auto done = commands.vmx->Send(words[2], *timeout);
  if (!done.ok()) return done.status();
  return done->reply;
}

Result Power(const Commands& commands, const Words& words) {
  static const std::map<std::string, std::pair<std::string, int>> kStates = {
      {"off", {"OS_Halt", 1}},   {"halt", {"OS_Halt", 1}},     {"reboot", {"OS_Reboot", 2}},
      {"on", {"OS_PowerOn", 3}}, {"resume", {"OS_Resume", 4}}, {"suspend", {"OS_Suspend", 5}}};
  const auto timeout = ToDuration(words[1]);
  if (!timeout.ok()) return timeout.status();
  const auto state = kStates.find(words[2]);
  if (state == kStates.end()) {
    return absl::InvalidArgumentError(
        "the power operation must be on, off, reboot, suspend or resume");
  }
  size_t seen = 0;
  commands.vmx->With([&](Vmx::View& view) { seen = view.rpci.state_changes().size(); });
  const absl::Time begin = absl::Now();
  const auto done = commands.vmx->Send(state->second.first, *timeout);
  if (!done.ok()) return done.status();
  const absl::string_view reply = absl::StripSuffix(done->reply, absl::string_view("\0", 1));
  std::string text = absl::StrCat("reply: ", absl::StripTrailingAsciiWhitespace(reply), "\n");
  if (done->reply.substr(0, 2) != "OK") return absl::FailedPreconditionError(text);
  StateChange change;
  const bool reported =
      commands.vmx->WaitFor(*timeout - (absl::Now() - begin), [&](Vmx::View& view) {
        for (size_t i = seen; i < view.rpci.state_changes().size(); ++i) {
          change = view.rpci.state_changes()[i];
          if (change.state == state->second.second) return true;
        }
        return false;
      });
  if (!reported) {
    return absl::DeadlineExceededError(
        text + "the guest did not send tools.os.statechange.status in time");
  }
  return absl::StrCat(text, "status: ", change.status, " ", change.state, " (", words[2],
                      change.status == 1 ? " succeeded" : " failed", ")\n");
}

Result Get(const Commands& commands, const Words& words) {
  Result result = absl::NotFoundError(absl::StrCat("guestinfo.", words[1], " is not set"));
  commands.vmx->With([&](Vmx::View& view) {
    const auto found = view.rpci.variables().find(words[1]);
    if (found != view.rpci.variables().end()) result = found->second;
  });
  return result;
}

Result Set(const Commands& commands, const Words& words) {
  commands.vmx->With([&](Vmx::View& view) { view.rpci.variables()[words[1]] = words[2]; });
  return "";
}

Result Raw(const Commands& commands, const Words& words) {
  Result result = absl::NotFoundError("the guest has not sent this value");
  int type = 0;
  if (words[1] != "disk" && !absl::SimpleAtoi(words[1], &type)) {
    return absl::InvalidArgumentError("the type must be a number from 1 to 11, or disk");
  }
  commands.vmx->With([&](Vmx::View& view) {
    const auto found = view.rpci.guest_info().find(type);
    if (found != view.rpci.guest_info().end()) result = found->second;
    if (words[1] == "disk" && !view.rpci.disk_json().empty()) result = view.rpci.disk_json();
  });
  return result;
}

Result Info(const Commands& commands, const Words&) {
  std::string text;
  commands.vmx->With([&](Vmx::View& view) { text = GuestSummary(view); });
  return text;
}

Result Nics(const Commands& commands, const Words&) {
  Result raw;
  commands.vmx->With([&](Vmx::View& view) { raw = RawNicInfo(view.rpci); });
  if (!raw.ok()) return raw;
  const auto info = DecodeNicInfo(*raw);
  if (!info.ok()) return info.status();
  return NicInfoText(*info);
}

Result Bench(const Commands& commands, const Words& words) {
  const auto count = ToNumber(words[2]);
  if (!count.ok()) return count.status();
  if (*count < 1 || *count > 1000000)
    return absl::InvalidArgumentError("the number of requests must be from 1 to 1000000");
  return RunBench(*commands.vmx, words[1], words[3], static_cast<int>(*count));
}

Result Log(const Commands& commands, const Words& words) {
  const auto after = ToNumber(words[1]);
  const auto timeout = ToDuration(words[2]);
  if (!after.ok()) return after.status();
  if (!timeout.ok()) return timeout.status();
  commands.vmx->WaitFor(*timeout, [&](Vmx::View& view) { return view.log.last_number() > *after; });
  std::string text;
  commands.vmx->With([&](Vmx::View& view) {
    for (const Event& event : view.log.Since(*after)) {
      absl::StrAppend(&text, event.number, " ", event.Format(view.log.start()), "\n");
    }
  });
  return text;
}

Result SnapshotRefuse(const Commands& commands, const Words& words) {
  commands.vmx->With([&](Vmx::View& view) {
    view.rpci.snapshot().Refuse(absl::StrSplit(words[1], ',', absl::SkipEmpty()));
  });
  return "";
}

Result SnapshotMessages(const Commands& commands, const Words& words) {
  const auto after = ToNumber(words[1]);
  const auto timeout = ToDuration(words[2]);
  if (!after.ok()) return after.status();
  if (!timeout.ok()) return timeout.status();
  commands.vmx->WaitFor(*timeout, [&](Vmx::View& view) {
    return view.rpci.snapshot().last_number() > *after ||
           view.rpci.snapshot().outcome() != SnapshotOutcome::kRunning;
  });
  std::string text;
  commands.vmx->With([&](Vmx::View& view) {
    const SnapshotHost& snapshot = view.rpci.snapshot();
    text = absl::StrCat(SnapshotOutcomeWord(snapshot.outcome()), "\n");
    const absl::Time start = snapshot.Report(absl::Now()).start;
    for (const SnapshotMessage& message : snapshot.Since(*after)) {
      absl::StrAppend(&text, message.number, " ", SnapshotLine(message, start), "\n");
    }
  });
  return text;
}

Result SnapshotReportCommand(const Commands& commands, const Words& words) {
  SnapshotReport report;
  commands.vmx->With([&](Vmx::View& view) { report = view.rpci.snapshot().Report(absl::Now()); });
  return words[1] == "json" ? SnapshotReportJson(report) : SnapshotReportText(report);
}

Result CustomizeStates(const Commands& commands, const Words& words) {
  const auto after = ToNumber(words[1]);
  const auto timeout = ToDuration(words[2]);
  if (!after.ok()) return after.status();
  if (!timeout.ok()) return timeout.status();
  commands.vmx->WaitFor(
      *timeout, [&](Vmx::View& view) { return view.rpci.customization().last_number() > *after; });
  std::string text;
  commands.vmx->With([&](Vmx::View& view) {
    for (const CustomizeState& state : view.rpci.customization().Since(*after)) {
      absl::StrAppend(&text, state.number, " ", Printable(state.text), "\n");
    }
  });
  return text;
}

Result Clock(const Commands& commands, const Words&) {
  std::string text;
  commands.vmx->With(
      [&](Vmx::View& view) { text = view.machine.clock().Text(absl::ToUnixMicros(absl::Now())); });
  return text;
}

Result ClockSet(const Commands& commands, const Words& words) {
  absl::Status status;
  commands.vmx->With([&](Vmx::View& view) {
    status = view.machine.clock().Set(absl::ToUnixMicros(absl::Now()), words[1], words[2]);
  });
  if (!status.ok()) return status;
  return "";
}

Result StatsCommand(const Commands& commands, const Words& words) {
  const Stats stats = CollectStats(*commands.vmx, *commands.tracer, commands.vsock);
  return words[1] == "json" ? StatsJson(stats) : StatsText(stats);
}

Result Recorded(const Commands& commands, const Words&) {
  std::string text;
  commands.vmx->With([&](Vmx::View& view) {
    for (const RecordedCall& call : view.recorded) absl::StrAppend(&text, call.text, "\n");
  });
  return text;
}

Result Fault(const Commands& commands, const Words& words) {
  const auto duration = ToDuration(words[2]);
  if (!duration.ok()) return duration.status();
  if (words[1] == "vanish") {
    commands.vmx->Vanish(*duration);
    return "";
  }
  if (words[1] == "close") {
    commands.vmx->CloseMainChannel();
    return "";
  }
  if (words[1] != "checkpoint" && words[1] != "wrong-type") {
    return absl::InvalidArgumentError("the fault must be close, checkpoint, wrong-type or vanish");
  }
  commands.vmx->With([&](Vmx::View& view) {
    view.log.Add(-1, "fault", words[1]);
    if (words[1] == "checkpoint") view.machine.faults().CheckpointOnce();
    if (words[1] == "wrong-type") view.machine.faults().WrongTypeOnce();
  });
  return "";
}

Result InitPid(const Commands& commands, const Words&) { return absl::StrCat(commands.init); }

Result Processes(const Commands& commands, const Words&) {
  std::string text;
  for (const ProcessInfo& process : commands.tracer->Processes()) {
    absl::StrAppend(&text, process.pid, "\n");
  }
  return text;
}

Result Adopt(const Commands& commands, const Words& words) {
  int pid = 0, filter = -1;
  if (!absl::SimpleAtoi(words[1], &pid) || !absl::SimpleAtoi(words[2], &filter)) {
    return absl::InvalidArgumentError("not a number");
  }
  if (filter >= 0) {
    UniqueFd listener = DuplicateDescriptor(pid, filter);
    if (!listener.ok()) return ErrnoError(errno, "the descriptor of the command's filter");
    commands.calls->Add(std::move(listener));
  }
  const absl::Status status = commands.tracer->Adopt(pid);
  if (!status.ok()) return status;
  return "";
}

absl::Status NoVsock() {
  return absl::FailedPreconditionError(
      "the guest has no vsock; start it with vmxsim run --vsock, or --vsock=off");
}

Result Vsock(const Commands& commands, const Words&) {
  if (commands.vsock == nullptr) return NoVsock();
  return commands.vsock->Text();
}

Result VsockOffer(const Commands& commands, const Words& words) {
  if (commands.vsock == nullptr) return NoVsock();
  if (words[1] == "reset") {
    commands.vsock->Reset();
    return "";
  }
  const absl::Status status = commands.vsock->Offer(words[1]);
  if (!status.ok()) return status;
  return "";
}

Result VsockSet(const Commands& commands, const Words& words) {
  if (commands.vsock == nullptr) return NoVsock();
  const absl::Status status = commands.vsock->Set(words[1], words[2]);
  if (!status.ok()) return status;
  return "";
}

struct Command {
  size_t arguments;
  std::function<Result(const Commands&, const Words&)> run;
};

const std::map<std::string, Command>& Table() {
  static const auto& table = *new std::map<std::string, Command>{
      {"wait", {1, Wait}},
      {"tclo", {2, Tclo}},
      {"power", {2, Power}},
      {"get", {1, Get}},
      {"set", {2, Set}},
      {"raw", {1, Raw}},
      {"log", {2, Log}},
      {"stats", {1, StatsCommand}},
      {"recorded", {0, Recorded}},
      {"fault", {2, Fault}},
      {"init-pid", {0, InitPid}},
      {"processes", {0, Processes}},
      {"adopt", {2, Adopt}},
      {"info", {0, Info}},
      {"nics", {0, Nics}},
      {"bench", {3, Bench}},
      {"clock", {0, Clock}},
      {"clock-set", {2, ClockSet}},
      {"vsock", {0, Vsock}},
      {"vsock-offer", {1, VsockOffer}},
      {"vsock-set", {2, VsockSet}},
      {"customize-states", {2, CustomizeStates}},
      {"snapshot-refuse", {1, SnapshotRefuse}},
      {"snapshot-messages", {2, SnapshotMessages}},
      {"snapshot-report", {1, SnapshotReportCommand}},
  };
  return table;
}

}  // namespace

Result RunCommand(const Commands& commands, const Words& words) {
  const auto found = Table().find(words[0]);
  if (found == Table().end()) {
    return absl::UnimplementedError(absl::StrCat("unknown call: ", words[0]));
  }
  if (words.size() != found->second.arguments + 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(words[0], " takes ", found->second.arguments, " arguments"));
  }
  return found->second.run(commands, words);
}

}  // namespace toolboxd::vmxsim
