// toolboxd-shim: stays with a program that vixd started, so that vixd need not.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "vixd/shim/command.h"
#include "vixd/shim/janitor.h"
#include "vixd/shim/record.h"
#include "vixd/shim/shim.h"

namespace toolboxd::vix {
namespace {

constexpr char kHelp[] =
    R"(Usage: toolboxd-shim run DIR OUTPUT_LIMIT NAME COMMAND_LINE SHELL SCRIPT
       toolboxd-shim kill
       toolboxd-shim sweep DIR SECONDS

vixd starts this program, one for each program that it starts. "run" starts SHELL -c SCRIPT,
keeps its record below DIR, and writes two integers to descriptor 3: the process id, or 0
and an error number. With an OUTPUT_LIMIT (bytes) other than "-" it keeps the program's
input and output there too. "kill" ends the process behind the pidfd at descriptor 3 in five
seconds. "sweep" removes records that ended SECONDS ago until none is left.

By hand:  toolboxd-shim run /tmp/records - true '"/bin/true"' /bin/sh /bin/true 3>&1 | od -i
)";

// ps and ListProcesses must show a program once, not a second time as the shim's arguments.
void HideArguments(int argc, char** argv) {
  if (argc < 2) return;
  char* const end = argv[argc - 1] + strlen(argv[argc - 1]);
  memset(argv[1], 0, static_cast<size_t>(end - argv[1]));
}

int Run(int argc, char** argv) {
  ShimJob job;
  job.dir = argv[2];
  job.with_io = strcmp(argv[3], "-") != 0;
  job.output_limit = atoll(argv[3]);
  job.name = argv[4];
  job.command_line = argv[5];
  job.shell = argv[6];
  job.script = argv[7];
  HideArguments(argc, argv);
  switch (RunShim(job)) {
    case ShimEnd::kNothingStarted:
      return 1;
    case ShimEnd::kToldToStop:
      return 0;
    case ShimEnd::kProgramEnded:
      break;
  }

  // As a new program: the janitor stays for minutes and needs none of this memory.
  const int dir = open(job.dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0 || HasJanitor(dir)) return 0;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const std::string seconds = std::to_string(kKeepSeconds);
  execl("/proc/self/exe", "toolboxd-shim", kSweepCommand, job.dir.c_str(), seconds.c_str(),
        static_cast<char*>(nullptr));
  return 1;
}

int Kill() {
  pollfd process{kShimDescriptor, POLLIN, 0};
  if (poll(&process, 1, kKillSeconds * 1000) == 0) {
    syscall(SYS_pidfd_send_signal, kShimDescriptor, SIGKILL, nullptr, 0);
  }
  return 0;
}

int Sweep(char** argv) {
  const int dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return 1;
  (void)!chdir("/");
  CleanUp(dir, atoi(argv[3]));
  return 0;
}

int Main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == kRunCommand && argc == 8) return Run(argc, argv);
  if (command == kKillCommand && argc == 2) return Kill();
  if (command == kSweepCommand && argc == 4) return Sweep(argv);
  const bool help = command == "--help";
  fputs(kHelp, help ? stdout : stderr);
  return help ? 0 : 2;
}

}  // namespace
}  // namespace toolboxd::vix

int main(int argc, char** argv) { return toolboxd::vix::Main(argc, argv); }
