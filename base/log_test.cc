// SPDX-License-Identifier: Apache-2.0

#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/held_lines.h"
#include "base/log_limiter.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

// What is written to standard error meanwhile.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(dup(STDERR_FILENO)) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    read_end_.reset(ends[0]);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
  }
  ~CapturedStderr() { Restore(); }

  // At most what a pipe holds.
  std::string Take() {
    Restore();
    return Available();
  }
  // The same, and goes on.
  std::string Available() {
    pollfd readable = {read_end_.get(), POLLIN, 0};
    if (poll(&readable, 1, 0) != 1) return "";
    std::string text(64 << 10, '\0');
    const ssize_t size = read(read_end_.get(), text.data(), text.size());
    text.resize(size > 0 ? size : 0);
    return text;
  }

 private:
  void Restore() {
    if (saved_.ok()) dup2(saved_.get(), STDERR_FILENO);
    saved_.reset();
  }

  UniqueFd saved_;
  UniqueFd read_end_;
};

TEST(FormatLogLine, PlainLinesNameProgramAndLevel) {
  const LogFormat plain{"powerd", false};
  EXPECT_EQ(FormatLogLine(plain, LogLevel::kInfo, "ready"), "powerd: ready\n");
  EXPECT_EQ(FormatLogLine(plain, LogLevel::kWarning, "odd"), "powerd: warning: odd\n");
}

TEST(FormatLogLine, JournalLinesBeginWithTheSyslogPriority) {
  const LogFormat journal{"powerd", true};
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kDebug, "x"), "<7>x\n");
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kInfo, "x"), "<6>x\n");
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kNotice, "x"), "<5>x\n");
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kWarning, "x"), "<4>x\n");
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kError, "x"), "<3>x\n");
}

TEST(FormatLogLine, HostileTextStaysOneHarmlessLine) {
  const LogFormat journal{"p", true};
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kInfo, "a\n<0>root: b\r\t\x1b[2J\x7f"),
            "<6>a\\n<0>root: b\\x0d\\t\\x1b[2J\\x7f\n");
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kInfo, absl::string_view("a\0b", 3)), "<6>a\\x00b\n");
}

TEST(FormatLogLine, Utf8IsKeptAndEverythingElseEscaped) {
  const LogFormat journal{"p", true};
  const std::string good = "\u00e4 \u20ac \U0001f600";
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kInfo, good), "<6>" + good + "\n");
  // A stray byte, a cut sequence, an overlong slash, a surrogate, a C1 control character.
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kInfo, "\xff"), "<6>\\xff\n");
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kInfo, "\xe2\x82"), "<6>\\xe2\\x82\n");
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kInfo, "\xc0\xaf"), "<6>\\xc0\\xaf\n");
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kInfo, "\xed\xa0\x80"), "<6>\\xed\\xa0\\x80\n");
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kInfo, "\xc2\x9b"), "<6>\\xc2\\x9b\n");
  // journalctl would show "blob data" instead.
  EXPECT_EQ(FormatLogLine(journal, LogLevel::kInfo, "\ufdd0"), "<6>\\xef\\xb7\\x90\n");
}

TEST(FormatLogLine, LongTextIsCut) {
  const std::string line =
      FormatLogLine(LogFormat{"p", true}, LogLevel::kInfo, std::string(1 << 20, 'x'));
  EXPECT_EQ(line.size(), 3u + 4096 + 3 + 1);
  EXPECT_EQ(line.substr(line.size() - 5), "x...\n");
}

TEST(IsJournal, ComparesDeviceAndInodeOfTheDescriptor) {
  UniqueFd fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
  struct stat info;
  ASSERT_EQ(fstat(fd.get(), &info), 0);
  EXPECT_TRUE(IsJournal(absl::StrCat(info.st_dev, ":", info.st_ino).c_str(), fd.get()));
  EXPECT_FALSE(IsJournal(absl::StrCat(info.st_dev, ":", info.st_ino + 1).c_str(), fd.get()));
  for (const char* wrong : {"", ":", "1", "x:y", "1:2:3", "-1:-1"}) {
    EXPECT_FALSE(IsJournal(wrong, fd.get())) << wrong;
  }
  EXPECT_FALSE(IsJournal(nullptr, fd.get()));
}

TEST(Log, LevelsBelowTheChosenOneAreDropped) {
  InitLog("test", LogLevel::kWarning);
  CapturedStderr captured;
  LogDebug("one");
  LogInfo("two");
  LogNotice("three");
  LogWarning("four ", 4);
  LogError("five");
  EXPECT_EQ(captured.Take(), "test: warning: four 4\ntest: error: five\n");
}

TEST(Log, LinesOfThreadsDoNotMix) {
  InitLog("test", LogLevel::kInfo);
  CapturedStderr captured;
  const std::string text(200, 'y');
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&text] {
      for (int k = 0; k < 50; ++k) LogInfo(text);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string output = captured.Take();
  int lines = 0;
  for (absl::string_view line : absl::StrSplit(output, '\n', absl::SkipEmpty())) {
    EXPECT_EQ(line, "test: " + text);
    ++lines;
  }
  EXPECT_EQ(lines, 200);
}

TEST(Log, LimitedMessagesComeOncePerKind) {
  InitLog("test", LogLevel::kInfo);
  CapturedStderr captured;
  for (int i = 0; i < 100; ++i) {
    LogLimited("kind a", "a ", i);
    LogLimited("kind b", "b ", i);
  }
  EXPECT_EQ(captured.Take(), "test: warning: a 0\ntest: warning: b 0\n");
}

TEST(HeldLog, LinesComeInOrderAfterTheHold) {
  InitLog("test", LogLevel::kInfo);
  CapturedStderr captured;
  LogInfo("before");
  HoldLog();
  LogInfo("one");
  LogWarning("two");
  EXPECT_EQ(captured.Available(), "test: before\n");
  ReleaseLog();
  LogInfo("after");
  EXPECT_EQ(captured.Take(), "test: one\ntest: warning: two\ntest: after\n");
}

TEST(HeldLog, DroppedLinesAreCountedInOne) {
  InitLog("test", LogLevel::kInfo);
  CapturedStderr captured;
  HoldLog();
  for (size_t i = 0; i < HeldLines::kMaxLines + 3; ++i) LogInfo("x");
  ReleaseLog();
  std::string expected;
  for (size_t i = 0; i < HeldLines::kMaxLines; ++i) expected += "test: x\n";
  EXPECT_EQ(captured.Take(),
            expected + "test: warning: 3 lines of the log were dropped while it was held\n");
}

// A journal on a disk that does not thaw takes no line.
TEST(HeldLog, ReleaseDoesNotWaitForAReader) {
  InitLog("test", LogLevel::kInfo);
  CapturedStderr captured;
  HoldLog();
  const std::string text(4000, 'y');
  for (int i = 0; i < 30; ++i) LogInfo(text);
  ReleaseLog();
  LogInfo("later");
  size_t lines = 0;
  std::string output;
  do {
    const std::string part = captured.Available();
    output += part;
    lines += std::count(part.begin(), part.end(), '\n');
    ReleaseLog();
  } while (lines < 31);
  EXPECT_EQ(output.substr(output.size() - 12), "test: later\n");
  EXPECT_EQ(captured.Take(), "");
}

// Standard error whose reader stands still: a pipe, or a socket as of the journal.
class FullStderr {
 public:
  explicit FullStderr(bool is_socket) : saved_(dup(STDERR_FILENO)) {
    int ends[2];
    EXPECT_EQ(is_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends), 0);
    reader_.reset(ends[0]);
    dup2(ends[1], STDERR_FILENO);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], "x", 1) == 1) {
    }
    fcntl(ends[1], F_SETFL, 0);
    close(ends[1]);
    fcntl(reader_.get(), F_SETFL, O_NONBLOCK);
  }
  ~FullStderr() { dup2(saved_.get(), STDERR_FILENO); }

  // Without what filled it.
  std::string Read() {
    std::string text(1 << 20, '\0');
    std::string all;
    for (ssize_t size; (size = read(reader_.get(), text.data(), text.size())) > 0;) {
      all.append(text, 0, size);
    }
    return all.substr(std::min(all.find_first_not_of('x'), all.size()));
  }

 private:
  UniqueFd saved_;
  UniqueFd reader_;
};

class StandingLog : public testing::TestWithParam<bool> {};

TEST_P(StandingLog, LinesWaitInMemoryForALaterOne) {
  InitLog("test", LogLevel::kInfo);
  FullStderr full(GetParam());
  LogInfo("one");
  LogWarning("two");
  EXPECT_EQ(full.Read(), "");
  LogInfo("three");
  EXPECT_EQ(full.Read(), "test: one\ntest: warning: two\ntest: three\n");
}

TEST_P(StandingLog, LinesBeyondTheLimitAreCounted) {
  InitLog("test", LogLevel::kInfo);
  FullStderr full(GetParam());
  for (size_t i = 0; i < HeldLines::kMaxLines + 3; ++i) LogInfo("y");
  full.Read();
  std::string later;
  for (int i = 0; i < 5; ++i) {
    ReleaseLog();
    later += full.Read();
  }
  EXPECT_EQ(static_cast<size_t>(std::count(later.begin(), later.end(), 'y')), HeldLines::kMaxLines);
  EXPECT_NE(later.find("3 lines of the log were dropped"), later.npos);
}

TEST_P(StandingLog, LinesThatWaitAreWrittenAtExit) {
  FullStderr full(GetParam());
  const pid_t child = fork();
  if (child == 0) {
    InitLog("test", LogLevel::kInfo);
    LogInfo("last words");
    full.Read();
    exit(0);
  }
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(full.Read(), "test: last words\n");
}

INSTANTIATE_TEST_SUITE_P(PipeAndSocket, StandingLog, testing::Bool());

TEST(LogLevel, EachNameParsesToItsLevel) {
  for (LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kNotice, LogLevel::kWarning,
                         LogLevel::kError}) {
    EXPECT_EQ(ParseLogLevel(LogLevelName(level)), level);
  }
  EXPECT_EQ(ParseLogLevel("loud"), std::nullopt);
  EXPECT_EQ(ParseLogLevel(""), std::nullopt);
}

TEST(LogLimiter, ReportsHowManyWereSuppressed) {
  LogLimiter limiter;
  const absl::Time start = absl::FromUnixSeconds(1000);
  EXPECT_TRUE(limiter.Ask("k", start).pass);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limiter.Ask("k", start + absl::Seconds(59)).pass);
  const LogLimiter::Verdict later = limiter.Ask("k", start + absl::Minutes(1));
  EXPECT_TRUE(later.pass);
  EXPECT_EQ(later.suppressed, 5u);
  EXPECT_EQ(limiter.Ask("k", start + absl::Minutes(2)).suppressed, 0u);
}

TEST(LogLimiter, SuppressedMessagesCanBeCountedWithoutAnother) {
  LogLimiter limiter;
  const absl::Time start = absl::FromUnixSeconds(1000);
  for (int i = 0; i < 4; ++i) limiter.Ask("k", start);
  limiter.Ask("single", start);
  EXPECT_TRUE(limiter.TakeSuppressed(start + absl::Seconds(59)).empty());
  const std::vector<LogLimiter::Suppressed> taken =
      limiter.TakeSuppressed(start + absl::Minutes(1));
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].kind, "k");
  EXPECT_EQ(taken[0].count, 3u);
  // That was a line too.
  EXPECT_FALSE(limiter.Ask("k", start + absl::Seconds(61)).pass);
}

TEST(LogLimiter, KindsBeyondTheLimitShareOneEntry) {
  LogLimiter limiter;
  int passed = 0;
  for (int i = 0; i < 10000; ++i) {
    if (limiter.Ask(absl::StrCat("kind ", i), absl::UnixEpoch()).pass) ++passed;
  }
  EXPECT_LE(passed, static_cast<int>(LogLimiter::kMaxKinds) + 1);
}

// P15: a flood of all kinds, once, has no later message share an entry with others.
TEST(LogLimiter, KindsWhoseMinuteIsOverMakePlaceForOthers) {
  LogLimiter limiter;
  absl::Time now = absl::FromUnixSeconds(1000);
  for (size_t i = 0; i < LogLimiter::kMaxKinds; ++i) limiter.Ask(absl::StrCat("kind ", i), now);
  EXPECT_FALSE(limiter.Ask("kind 7", now).pass);
  now += LogLimiter::kPeriod;
  EXPECT_TRUE(limiter.Ask("one", now).pass);
  EXPECT_TRUE(limiter.Ask("another", now).pass);
  // What was suppressed is not forgotten before it was said.
  const LogLimiter::Verdict verdict = limiter.Ask("kind 7", now);
  EXPECT_TRUE(verdict.pass);
  EXPECT_EQ(verdict.suppressed, 1u);
}

}  // namespace
}  // namespace toolboxd
