// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

namespace toolboxd::vixd {
namespace {

// The program's ends of its pipes.
struct ChildIo {
  int input = -1;
  int output = -1;
  int errors = -1;
};

// The arguments of execve(2), made before vfork(2): the child must not allocate.
class Command {
 public:
  Command(const std::vector<std::string>& arguments, const std::vector<std::string>& environment)
      : arguments_(Pointers(arguments)), environment_(Pointers(environment)) {}

  // Returns only after a failure, with errno.
  void Execute() const { execve(arguments_[0], arguments_.data(), environment_.data()); }

 private:
  static std::vector<char*> Pointers(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
  }

  const std::vector<char*> arguments_;
  const std::vector<char*> environment_;
};

// A pipe between this process and the program; this process's end does not block. False and errno.
bool OpenInputPipe(int& ours, int& program) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  program = ends[0];
  ours = ends[1];
  return fcntl(ours, F_SETFL, O_NONBLOCK) == 0;
}
bool OpenOutputPipe(int& ours, int& program) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  ours = ends[0];
  program = ends[1];
  return fcntl(ours, F_SETFL, O_NONBLOCK) == 0;
}

void CloseAll(const ChildIo& io) {
  for (const int fd : {io.input, io.output, io.errors}) {
    if (fd >= 0) close(fd);
  }
}

}  // namespace

pid_t StartProgram(const ShimJob& job, ProgramIo* io) {
  ChildIo child;
  if (io != nullptr &&
      !(OpenInputPipe(io->input, child.input) && OpenOutputPipe(io->output, child.output) &&
        OpenOutputPipe(io->errors, child.errors))) {
    return -1;
  }
  sigset_t no_signals;
  sigemptyset(&no_signals);
  const std::vector<std::string> shell = {job.shell, "-c", job.script};
  const Command by_shell(shell, job.environment);
  std::vector<std::string> direct_environment = job.environment;
  direct_environment.insert(direct_environment.end(), job.direct_environment.begin(),
                            job.direct_environment.end());
  const Command direct(job.direct, direct_environment);
  // Between vfork and exec the child runs in this memory, so it can leave its errno here.
  volatile int error = 0;
  const pid_t pid = vfork();
  if (pid == 0) {
    setsid();
    const bool ready = io == nullptr || (dup2(child.input, 0) == 0 && dup2(child.output, 1) == 1 &&
                                         dup2(child.errors, 2) == 2);
    if (ready) {
      sigprocmask(SIG_SETMASK, &no_signals, nullptr);
      if (!job.direct.empty()) direct.Execute();
      // The shell may be able to run it (a script without "#!"), or reports the error itself.
      by_shell.Execute();
    }
    error = errno;
    _exit(127);
  }
  if (pid < 0) error = errno;
  CloseAll(child);
  if (error == 0) return pid;
  if (pid > 0) waitpid(pid, nullptr, 0);
  errno = error;
  return -1;
}

}  // namespace toolboxd::vixd
