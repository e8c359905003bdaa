// SPDX-License-Identifier: Apache-2.0

// toolboxd-shim: starts programs for vixd and stays with each until its end.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/process_handle.h"
#include "vixd/shim/command.h"
#include "vixd/shim/janitor.h"
#include "vixd/shim/job.h"
#include "vixd/shim/record.h"
#include "vixd/shim/shim.h"

namespace toolboxd::vixd {
namespace {

constexpr char kHelp[] =
    R"(Usage: toolboxd-shim serve DIR
       toolboxd-shim kill
       toolboxd-shim sweep DIR SECONDS

vixd starts this program. "serve" takes jobs from the socket at descriptor 3 and forks for each
one; the child starts the job's program, keeps its record in DIR, and stays with the program
after vixd has ended. "kill" waits five seconds for the process whose handle is descriptor 3, then
kills it. "sweep" removes the records of programs that ended SECONDS ago, until none is left.
)";

// A shim becomes the janitor when its program has ended, unless there is one already. Executes
// itself again, because the janitor stays for minutes and needs none of this memory.
int BecomeJanitor(const char* records) {
  const int dir = open(records, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0 || HasJanitor(dir)) return 0;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const std::string seconds = std::to_string(kRetentionSeconds);
  execl("/proc/self/exe", "toolboxd-shim", kSweepCommand, records, seconds.c_str(),
        static_cast<char*>(nullptr));
  return 1;
}

// The child of a serving shim: runs one program. Returns the exit status.
int RunProgram(const char* records, const ShimJob& job) {
  signal(SIGCHLD, SIG_DFL);
  setsid();
  switch (RunShim(records, job)) {
    case ShimEnd::kNothingStarted:
      return 1;
    case ShimEnd::kStopRequested:
      return 0;
    case ShimEnd::kProgramEnded:
      break;
  }
  return BecomeJanitor(records);
}

int Serve(const char* records) {
  fcntl(kShimDescriptor, F_SETFD, FD_CLOEXEC);
  // Children end without a zombie: this process does not wait for them.
  signal(SIGCHLD, SIG_IGN);
  while (const std::optional<ShimJob> job = ReceiveJob(kShimDescriptor)) {
    const pid_t child = fork();
    if (child == 0) return RunProgram(records, *job);
    if (child < 0) {
      const StartReport report{0, errno};
      (void)!write(kShimDescriptor, &report, sizeof report);
    }
  }
  return 0;
}

int Kill() {
  if (!AwaitProcessEnd(kShimDescriptor, kKillSeconds * 1000)) {
    SignalProcessOf(kShimDescriptor, SIGKILL);
  }
  return 0;
}

int Sweep(char** argv) {
  const int dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return 1;
  (void)!chdir("/");
  RunJanitor(dir, atoi(argv[3]));
  return 0;
}

int Main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == kServeCommand && argc == 3) return Serve(argv[2]);
  if (command == kKillCommand && argc == 2) return Kill();
  if (command == kSweepCommand && argc == 4) return Sweep(argv);
  const bool help = command == "--help";
  fputs(kHelp, help ? stdout : stderr);
  return help ? 0 : 2;
}

}  // namespace
}  // namespace toolboxd::vixd

int main(int argc, char** argv) { return toolboxd::vixd::Main(argc, argv); }
