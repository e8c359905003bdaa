// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"

namespace toolboxd::vmxsim {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(20);
constexpr absl::Duration kEndTimeout = absl::Seconds(20);

[[noreturn]] void ExecuteProgram(const std::vector<std::string>& words) {
  // LeakSanitizer stops a process with ptrace, which guests already are subject to.
  const char* sanitizer = getenv("ASAN_OPTIONS");
  setenv("ASAN_OPTIONS",
         absl::StrCat(sanitizer == nullptr ? "" : sanitizer, ":detect_leaks=0").c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  const absl::Status status = ErrnoError(errno, absl::StrCat("cannot run ", words[0]));
  dprintf(STDERR_FILENO, "%s\n", std::string(status.message()).c_str());
  _exit(127);
}

int ExitCode(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Waits for a child; false when it has not ended in time.
bool WaitFor(pid_t pid, absl::Duration timeout, int* code) {
  const absl::Time deadline = absl::Now() + timeout;
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid) *code = ExitCode(status);
    if (ended != 0) return true;
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(5));
  }
}

}  // namespace

std::pair<int, std::string> RunProgram(const std::vector<std::string>& words) {
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) return {-1, std::string(ErrnoError(errno, "pipe").message())};
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(output[1], STDOUT_FILENO);
    dup2(output[1], STDERR_FILENO);
    ExecuteProgram(words);
  }
  close(output[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t size; (size = read(output[0], buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(size));
  }
  close(output[0]);
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return {-1, text};
  return {ExitCode(status), text};
}

absl::StatusOr<Harness> Harness::Start(const HarnessOptions& options) {
  // Short: a socket's path has 107 characters, and Bazel's TEST_TMPDIR may have more.
  char folder[] = "/tmp/vmxsim-test-XXXXXX";
  if (mkdtemp(folder) == nullptr) return ErrnoError(errno, "mkdtemp");
  const std::string control = absl::StrCat(folder, "/control");
  std::vector<std::string> words = {options.vmxsim, "run", "--control=" + control};
  words.insert(words.end(), options.flags.begin(), options.flags.end());
  words.push_back("--");
  words.insert(words.end(), options.command.begin(), options.command.end());
  const pid_t pid = fork();
  if (pid < 0) return ErrnoError(errno, "fork");
  if (pid == 0) {
    if (!options.output.empty()) {
      const int file = open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(file, STDOUT_FILENO);
      dup2(file, STDERR_FILENO);
    }
    ExecuteProgram(words);
  }
  const absl::Time deadline = absl::Now() + kStartTimeout;
  for (;;) {
    absl::StatusOr<Client> client = Client::Connect(control);
    if (client.ok()) return Harness(options.vmxsim, folder, pid, *std::move(client));
    int code = 0;
    if (WaitFor(pid, absl::ZeroDuration(), &code)) {
      rmdir(folder);
      return absl::FailedPreconditionError(absl::StrCat("vmxsim ended with exit code ", code));
    }
    if (absl::Now() > deadline) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
      return client.status();
    }
    absl::SleepFor(absl::Milliseconds(2));
  }
}

Harness::Harness(Harness&& other) noexcept
    : vmxsim_(std::move(other.vmxsim_)),
      folder_(std::move(other.folder_)),
      control_path_(std::move(other.control_path_)),
      pid_(std::exchange(other.pid_, -1)),
      client_(std::move(other.client_)) {}

Harness& Harness::operator=(Harness&& other) noexcept {
  std::swap(vmxsim_, other.vmxsim_);
  std::swap(folder_, other.folder_);
  std::swap(control_path_, other.control_path_);
  std::swap(pid_, other.pid_);
  std::swap(client_, other.client_);
  return *this;
}

Harness::~Harness() { End(); }

std::pair<int, std::string> Harness::Execute(const std::vector<std::string>& command) {
  std::vector<std::string> words = {vmxsim_, "exec", "--control=" + control_path_, "--"};
  words.insert(words.end(), command.begin(), command.end());
  return RunProgram(words);
}

bool Harness::LogHas(absl::string_view text) {
  const auto lines = client_.Log(0, absl::ZeroDuration());
  for (const std::string& line : lines.value_or(std::vector<std::string>())) {
    if (absl::StrContains(line, text)) return true;
  }
  return false;
}

int Harness::Wait(absl::Duration timeout) {
  int code = -1;
  if (pid_ < 0 || !WaitFor(pid_, timeout, &code)) return -1;
  pid_ = -1;
  // One that was killed leaves it.
  unlink(control_path_.c_str());
  rmdir(folder_.c_str());
  return code;
}

int Harness::End() {
  if (pid_ < 0) return -1;
  kill(pid_, SIGTERM);
  const int code = Wait(kEndTimeout);
  if (pid_ < 0) return code;
  kill(pid_, SIGKILL);
  return Wait(kEndTimeout);
}

}  // namespace toolboxd::vmxsim
