// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/snapshot_verb.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/small_file.h"
#include "base/status.h"
#include "vmxsim/client.h"
#include "vmxsim/options.h"
#include "vmxsim/snapshot_host.h"

namespace toolboxd::vmxsim {
namespace {

// Above what any version of the parameters has, so that longer ones are tried too.
constexpr size_t kMaxOpts = 1 << 16;

// What the server says of a snapshot that goes on.
constexpr char kRunning[] = "no end";

class Dialogue {
 public:
  Dialogue(Client* client, const SnapshotOptions& options)
      : client_(*client), options_(options), deadline_(absl::Now() + options.timeout) {}

  // Not ok if vmxsim is lost, or could not send the start.
  absl::Status Run(const std::string& start) {
    absl::Status status =
        client_.Call({"snapshot-refuse", absl::StrJoin(options_.refused, ",")}).status();
    if (status.ok()) status = Skip();
    if (!status.ok()) return status;
    heard_ = absl::Now();
    status = Send(start);
    if (status.ok() && options_.abort_after != absl::InfiniteDuration()) {
      abort_at_ = absl::Now() + options_.abort_after;
    }
    const absl::Status followed = Follow(status.ok());
    const absl::Status restored = client_.Call({"snapshot-refuse", ""}).status();
    if (!status.ok()) return status;
    return followed.ok() ? restored : followed;
  }

 private:
  // The messages of snapshots before are not ours.
  absl::Status Skip() {
    const absl::StatusOr<std::string> text = client_.Call({"snapshot-messages", "0", "0"});
    if (!text.ok()) return text.status();
    for (absl::string_view line : Lines(*text)) Number(line);
    return absl::OkStatus();
  }

  static std::vector<absl::string_view> Lines(absl::string_view text) {
    return absl::StrSplit(text, '\n', absl::SkipEmpty());
  }

  // Takes the number from a line; false if it has none.
  bool Number(absl::string_view& line) {
    const size_t space = line.find(' ');
    if (!absl::SimpleAtoi(line.substr(0, space), &last_)) return false;
    line.remove_prefix(space + 1);
    return true;
  }

  absl::Status Send(absl::string_view request) {
    return client_.Tclo(request, std::min(options_.patience, deadline_ - absl::Now())).status();
  }

  // What cannot be sent is printed: the guest may be back later.
  void TrySend(absl::string_view request) {
    const absl::Status status = Send(request);
    if (status.ok() || options_.json) return;
    printf("         %s was not answered: %s\n", std::string(request).c_str(),
           std::string(status.message()).c_str());
  }

  // Until the end of the snapshot, of the time, or of the patience; once if not `all`.
  absl::Status Follow(bool all) {
    do {
      const absl::Time wake =
          std::min({deadline_, done_at_, abort_at_, heard_ + options_.patience});
      const absl::Duration wait = std::max(wake - absl::Now(), absl::ZeroDuration());
      const absl::StatusOr<std::string> text = client_.Call(
          {"snapshot-messages", absl::StrCat(last_),
           absl::StrFormat("%.9f", absl::ToDoubleSeconds(all ? wait : absl::ZeroDuration()))});
      if (!text.ok()) return text.status();
      if (!Take(*text) || absl::Now() >= deadline_) return absl::OkStatus();
      if (!SendWhatIsDue()) return absl::OkStatus();
    } while (all);
    return absl::OkStatus();
  }

  // False once the snapshot is over.
  bool Take(absl::string_view text) {
    const std::vector<absl::string_view> lines = Lines(text);
    for (size_t i = 1; i < lines.size(); ++i) {
      absl::string_view line = lines[i];
      if (!Number(line)) continue;
      heard_ = absl::Now();
      if (!options_.json) printf("%s\n", std::string(line).c_str());
      OnEvent(EventOfLine(line));
      // It may not know of the snapshot any more.
      if (absl::StrContains(line, kToolsStarted)) abort_at_ = absl::Now();
    }
    fflush(stdout);
    return !lines.empty() && lines[0] == kRunning;
  }

  void OnEvent(absl::string_view event) {
    if (event.empty()) return;
    if (event == "prov.snapshotCommit" && !options_.silent) {
      done_at_ = absl::Now() + options_.hold;
    }
    if (event == options_.abort_at) abort_at_ = absl::Now();
  }

  // False once the guest has been silent for too long.
  bool SendWhatIsDue() {
    const absl::Time now = absl::Now();
    const bool is_silent = now >= heard_ + options_.patience;
    if (is_silent && std::exchange(gave_up_, true)) return false;
    if (is_silent || now >= abort_at_) {
      abort_at_ = done_at_ = absl::InfiniteFuture();
      heard_ = now;
      TrySend("vmbackup.abort");
    } else if (now >= done_at_) {
      done_at_ = absl::InfiniteFuture();
      TrySend("vmbackup.snapshotDone");
    }
    return true;
  }

  Client& client_;
  const SnapshotOptions& options_;
  const absl::Time deadline_;
  absl::Time done_at_ = absl::InfiniteFuture();
  absl::Time abort_at_ = absl::InfiniteFuture();
  // When the newest message came.
  absl::Time heard_ = absl::InfiniteFuture();
  bool gave_up_ = false;
  uint64_t last_ = 0;
};

// Prints the outcome. The exit code, or an error to be printed.
absl::StatusOr<int> PrintReport(Client& client, bool json) {
  const absl::StatusOr<std::string> shown =
      client.Call({"snapshot-report", json ? "json" : "text"});
  if (!shown.ok()) return shown.status();
  fputs(shown->c_str(), stdout);
  const absl::StatusOr<std::string> text = client.Call({"snapshot-report", "text"});
  if (!text.ok()) return text.status();
  const bool is_good =
      absl::StartsWith(*text, "outcome: good\n") && !absl::StrContains(*text, "\nviolation: ");
  return is_good ? 0 : 1;
}

absl::StatusOr<int> RunSnapshot(const SnapshotOptions& options, const std::string& start) {
  absl::StatusOr<Client> client = Client::Connect(options.control);
  if (!client.ok()) return client.status();
  const absl::Status status = Dialogue(&*client, options).Run(start);
  if (!status.ok()) return status;
  return PrintReport(*client, options.json);
}

}  // namespace

absl::Status ParseSnapshotOptions(const std::vector<std::string>& words, SnapshotOptions& options) {
  Options parser("snapshot [options]",
                 "Plays a host that takes a quiesced snapshot: sends the start, prints what both\n"
                 "sides say with the seconds since, and sends vmbackup.snapshotDone once the\n"
                 "guest stands still. Ends with 0 if the snapshot is good and the guest broke no\n"
                 "rule of the protocol, with 1 otherwise.");
  parser.String("control", &options.control, "control socket of the running vmxsim");
  parser.String("request", &options.request,
                "the start, text with C escapes (default \"vmbackup.start 1\")");
  parser.String("opts", &options.opts,
                "start with vmbackup.startWithOpts and these bytes: hexadecimal digits or @FILE");
  parser.Duration("hold", &options.hold,
                  "time from the commit to vmbackup.snapshotDone (default 0s)");
  parser.Flag("silent", &options.silent, "never send vmbackup.snapshotDone");
  parser.String("abort_at", &options.abort_at,
                "send vmbackup.abort at this event, such as req.keepAlive");
  parser.Duration("abort_after", &options.abort_after,
                  "send vmbackup.abort this time after the reply to the start");
  parser.Strings("refuse", &options.refused,
                 "answer this event with an error (may be given several times)");
  parser.Duration("patience", &options.patience,
                  "silence of the guest after which the host aborts (default 10s)");
  parser.Duration("timeout", &options.timeout, "time limit of the whole (default 1m)");
  parser.Flag("json", &options.json, "print nothing but the outcome, as JSON");
  std::vector<std::string> arguments;
  const absl::Status status = parser.Parse(words, &arguments);
  if (!status.ok()) return status;
  if (!arguments.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("unexpected argument: ", arguments[0]));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> StartRequest(const SnapshotOptions& options) {
  std::string bytes;
  if (options.opts.empty()) {
    std::string error;
    if (absl::CUnescape(options.request, &bytes, &error)) return bytes;
    return absl::InvalidArgumentError(absl::StrCat("--request: ", error));
  }
  constexpr char kCommand[] = "vmbackup.startWithOpts ";
  if (absl::StartsWith(options.opts, "@")) {
    const std::string path = options.opts.substr(1);
    const int error = ReadSmallFile(path, kMaxOpts, bytes);
    if (error != 0) return ErrnoError(error, absl::StrCat("cannot read ", path));
    return absl::StrCat(kCommand, bytes);
  }
  const bool are_digits = std::all_of(options.opts.begin(), options.opts.end(), [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
  });
  if (!are_digits || options.opts.size() % 2 != 0) {
    return absl::InvalidArgumentError("--opts must be pairs of hexadecimal digits, or @FILE");
  }
  return absl::StrCat(kCommand, absl::HexStringToBytes(options.opts));
}

absl::string_view EventOfLine(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  const bool is_event = words.size() > 3 && words[1] == "TX" && words[2] == "vmbackup.eventSet";
  return is_event ? words[3] : absl::string_view();
}

int SnapshotMain(const std::vector<std::string>& words) {
  SnapshotOptions options;
  const absl::Status status = ParseSnapshotOptions(words, options);
  if (absl::IsCancelled(status)) return 0;
  const absl::StatusOr<std::string> start =
      status.ok() ? StartRequest(options) : absl::StatusOr<std::string>(status);
  if (!start.ok()) {
    fprintf(stderr, "vmxsim snapshot: %s\nTry: vmxsim snapshot --help\n",
            std::string(start.status().message()).c_str());
    return 2;
  }
  const absl::StatusOr<int> code = RunSnapshot(options, *start);
  if (code.ok()) return *code;
  fprintf(stderr, "vmxsim snapshot: %s\n", std::string(code.status().message()).c_str());
  return 1;
}

}  // namespace toolboxd::vmxsim
