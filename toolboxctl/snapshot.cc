// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/snapshot.h"

#include <signal.h>
#include <sys/signalfd.h>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "toolboxctl/output.h"
#include "toolboxctl/snapshot_client.h"
#include "toolboxctl/snapshot_text.h"
#include "toolboxctl/standstill.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kMaxHold = absl::Seconds(10);

UniqueFd StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return UniqueFd(signalfd(-1, &set, SFD_CLOEXEC));
}

int ShowPlan(const SnapshotOptions& options) {
  const absl::StatusOr<v1::QuiescePlan> plan = SnapshotClient(options.socket).GetPlan();
  return plan.ok() ? Print(PlanText(*plan, OutputTerminal())) : Fail(plan.status().message());
}

int Try(const SnapshotOptions& options) {
  // Before gRPC's threads start, which inherit the mask.
  const UniqueFd signals = StopSignals();
  TrialOptions trial;
  trial.run_scripts = options.run_scripts;
  trial.hold = options.hold;
  trial.stop = signals.get();
  absl::StatusOr<TrialResult> result = absl::UnknownError("");
  {
    const Standstill standstill(options.control);
    result = SnapshotClient(options.socket).Try(trial);
  }
  if (!result.ok()) return Fail(result.status().message());
  const int printed =
      result->thawed ? Print(ThawedText(result->file_systems, OutputTerminal())) : 0;
  for (const v1::QuiesceFailure& failure : result->failures) Fail(FailureText(failure));
  return result->failures.empty() ? printed : kExitFailed;
}

}  // namespace

int SnapshotMain(const SnapshotOptions& options) {
  if (options.hold < absl::ZeroDuration() || options.hold > kMaxHold) {
    return Usage(absl::StrCat("--hold: ", absl::FormatDuration(options.hold),
                              " is not between 0s and ", absl::FormatDuration(kMaxHold)));
  }
  if (options.command == "plan") return ShowPlan(options);
  if (options.command == "test") return Try(options);
  return Usage(absl::StrCat("snapshot takes 'plan' or 'test', not '", options.command, "'"));
}

}  // namespace toolboxd
