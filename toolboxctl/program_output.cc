// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/program_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "base/unique_fd.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxLine = 64 << 10;
// The bound keeps the conversion to milliseconds in range.
constexpr absl::Duration kLongPoll = absl::Hours(1);

enum class Errors { kOurs, kWithOutput };

// A program that runs, and the end of a pipe that it writes to. Its end is waited for.
class Running {
 public:
  Running() = default;
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { Wait(); }

  absl::Status Start(const std::vector<std::string>& argv, Errors errors) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoError(errno, "pipe");
    output_.reset(ends[0]);
    const UniqueFd input(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, input.get(), STDOUT_FILENO);
    if (errors == Errors::kWithOutput) {
      posix_spawn_file_actions_adddup2(&actions, input.get(), STDERR_FILENO);
    }
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // A group of its own, to be ended with what it has started.
    if (errors == Errors::kWithOutput) {
      posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
      posix_spawnattr_setpgroup(&attributes, 0);
    }
    const int error = posix_spawnp(&pid_, words[0], &actions, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0) return absl::OkStatus();
    pid_ = -1;
    return error == ENOENT ? absl::NotFoundError(absl::StrCat("there is no program ", argv[0]))
                           : ErrnoError(error, argv[0]);
  }

  // The next bytes; none at the end.
  size_t Read(char* bytes, size_t size) {
    ssize_t got;
    do {
      got = read(output_.get(), bytes, size);
    } while (got < 0 && errno == EINTR);
    return got > 0 ? got : 0;
  }

  // Whether there is something to read, or its end, before a time of SteadyNow().
  bool Await(absl::Time deadline) const {
    for (;;) {
      const absl::Duration left =
          std::clamp(deadline - SteadyNow(), absl::ZeroDuration(), kLongPoll);
      pollfd item = {output_.get(), POLLIN, 0};
      if (poll(&item, 1, static_cast<int>(absl::ToInt64Milliseconds(left))) > 0) return true;
      if (SteadyNow() >= deadline) return false;
    }
  }

  // Ends it and what it has started.
  void Kill() const {
    if (pid_ > 0) kill(-pid_, SIGKILL);
  }

  // Its exit status. What it still writes is discarded.
  int Wait() {
    if (pid_ < 0) return status_;
    output_.reset();
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return status_;
  }

 private:
  UniqueFd output_;
  pid_t pid_ = -1;
  int status_ = -1;
};

}  // namespace

absl::Status ReadLines(const std::vector<std::string>& argv,
                       const std::function<void(absl::string_view line)>& line) {
  Running program;
  if (absl::Status started = program.Start(argv, Errors::kOurs); !started.ok()) return started;
  std::string text;
  char bytes[16 << 10];
  while (const size_t got = program.Read(bytes, sizeof bytes)) {
    absl::string_view rest(bytes, got);
    for (size_t end; (end = rest.find('\n')) != absl::string_view::npos;) {
      text.append(rest.data(), std::min(end, kMaxLine - std::min(kMaxLine, text.size())));
      line(text);
      text.clear();
      rest.remove_prefix(end + 1);
    }
    text.append(rest.data(), std::min(rest.size(), kMaxLine - std::min(kMaxLine, text.size())));
  }
  if (!text.empty()) line(text);
  const int status = program.Wait();
  if (status == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(argv[0], " ended with status ", status));
}

absl::StatusOr<std::string> OutputOf(const std::vector<std::string>& argv, size_t max_bytes,
                                     absl::Duration timeout) {
  const absl::Time deadline = SteadyNow() + timeout;
  Running program;
  if (absl::Status started = program.Start(argv, Errors::kWithOutput); !started.ok()) {
    return started;
  }
  std::string text;
  char bytes[16 << 10];
  while (text.size() < max_bytes && program.Await(deadline)) {
    const size_t got = program.Read(bytes, std::min(sizeof bytes, max_bytes - text.size()));
    if (got == 0) break;
    text.append(bytes, got);
  }
  // It may neither have ended nor read signals of its pipe.
  program.Kill();
  return text;
}

}  // namespace toolboxd
