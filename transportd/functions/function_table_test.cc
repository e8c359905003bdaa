// SPDX-License-Identifier: Apache-2.0

#include "transportd/functions/function_table.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/shared_deadline.h"
#include "base/status.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/channel.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel_posix.h"
#include "gtest/gtest.h"
#include "transportd/testing/fake_function.h"
#include "transportd/testing/service_host.h"
#include "transportd/testing/unit_directive.h"

namespace toolboxd {
namespace {

class FunctionTableTest : public ::testing::Test {
 protected:
  int64_t Start(const std::string& name, const std::string& arguments = "") {
    v1::StartFunction start;
    start.set_name(name);
    start.set_arguments(arguments);
    start.set_user("alice");
    absl::StatusOr<int64_t> pid = table_.Start(host_.Channel(), start, nullptr);
    EXPECT_TRUE(pid.ok()) << pid.status();
    return pid.value_or(0);
  }

  std::string Path(int64_t pid, const std::string& stream) {
    return "/proc/" + std::to_string(pid) + "/" + stream;
  }

  absl::Status WriteAll(int64_t pid, const std::string& data) {
    auto files = table_.Files("alice", pid, absl::Seconds(1));
    v1::OpenForWriting open;
    open.set_path(Path(pid, "stdin"));
    auto stream = files->OpenWrite(open);
    if (!stream.ok()) return stream.status();
    v1::WriteChunk chunk;
    chunk.set_data(data);
    absl::Status status = (*stream)->Write(chunk);
    return status.ok() ? (*stream)->Commit(std::nullopt, {}) : status;
  }

  absl::StatusOr<std::string> ReadAll(int64_t pid, const std::string& name) {
    auto files = table_.Files("alice", pid, absl::Seconds(1));
    v1::FileInfo opened;
    auto stream = files->OpenRead(Path(pid, name), 0, 1000, &opened);
    if (!stream.ok()) return stream.status();
    std::string all;
    for (;;) {
      absl::StatusOr<std::string> part = (*stream)->Next();
      if (!part.ok()) return part;
      if (part->empty()) break;
      all += *part;
    }
    EXPECT_EQ(opened.size(), all.size());
    return all;
  }

  v1::Process Listed(int64_t pid) {
    for (const v1::Process& process : table_.List()) {
      if (process.pid() == pid) return process;
    }
    return v1::Process();
  }

  toolboxd::testing::FakeFunction function_;
  toolboxd::testing::ServiceHost host_{{&function_}};
  FunctionTable table_{SpoolLimits{
      .stream = 1 << 20, .user = 4 << 20, .total = 8 << 20, .directory = getenv("TEST_TMPDIR")}};
};

TEST_F(FunctionTableTest, RunHasStreamsAndAnExitCode) {
  const int64_t pid = Start("echo.Upper", "a b");
  EXPECT_EQ(pid, FunctionTable::kFirstPid);
  EXPECT_EQ(Listed(pid).name(), "echo.Upper");
  EXPECT_EQ(Listed(pid).owner(), "alice");
  EXPECT_FALSE(Listed(pid).has_end_time());
  ASSERT_TRUE(WriteAll(pid, "hello").ok());
  absl::StatusOr<std::string> output = ReadAll(pid, "stdout");
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(*output, "echo.Upper(a b) for alice: hello");
  // Any number of times.
  EXPECT_EQ(*ReadAll(pid, "stdout"), *output);
  EXPECT_EQ(*ReadAll(pid, "stderr"), "");
  EXPECT_EQ(Listed(pid).exit_code(), 5);
  EXPECT_GT(Listed(pid).end_time(), 0);
}

TEST_F(FunctionTableTest, IdsAreAboveEveryProcessId) {
  // The kernel's PID_MAX_LIMIT, to which systemd raises kernel.pid_max.
  EXPECT_GT(Start("fail"), 4 << 20);
  EXPECT_GT(Start("fail"), 4 << 20);
}

TEST_F(FunctionTableTest, OutputOfARunningFunctionIsAccessDenied) {
  const int64_t pid = Start("echo.Upper");
  EXPECT_EQ(ReasonOf(ReadAll(pid, "stdout").status()), v1::ACCESS_DENIED);
  EXPECT_EQ(ReasonOf(ReadAll(pid, "stdin").status()), v1::INVALID_ARGUMENT);
}

TEST_F(FunctionTableTest, FailedFunctionHasExitCodeOneAndAText) {
  const int64_t pid = Start("fail");
  EXPECT_EQ(*ReadAll(pid, "stderr"), "as asked\n");
  EXPECT_EQ(Listed(pid).exit_code(), 1);
  EXPECT_TRUE(WriteAll(pid, "x").ok());
}

TEST_F(FunctionTableTest, TooMuchOutputEndsTheFunction) {
  const int64_t pid = Start("flood");
  absl::StatusOr<std::string> text = ReadAll(pid, "stderr");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text,
            "a stream of the function is longer than 1048576 bytes (--function_output_limit)\n");
  EXPECT_EQ(Listed(pid).exit_code(), 1);
  EXPECT_LE(ReadAll(pid, "stdout")->size(), 1u << 20);
}

// So that GuestOperations sees a request that waits for a function as it sees any other slow one.
TEST_F(FunctionTableTest, WaitsForAFunctionThatReadsNothingShareOneTimeLimit) {
  constexpr absl::Duration kLimit = absl::Seconds(1);
  const int64_t pid = Start("deaf");
  const SharedDeadline deadline;
  v1::OpenForWriting open;
  open.set_path(Path(pid, "stdin"));
  auto stream = table_.Files("alice", pid, kLimit)->OpenWrite(open);
  ASSERT_TRUE(stream.ok()) << stream.status();
  v1::WriteChunk chunk;
  chunk.set_data(std::string(1 << 20, 'x'));
  const absl::Time begin = absl::Now();
  // gRPC takes some first.
  absl::Status status;
  for (int i = 0; i < 64 && status.ok(); ++i) status = (*stream)->Write(chunk);
  EXPECT_EQ(ReasonOf(status), v1::BUSY) << status;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ReasonOf((*stream)->Write(chunk)), v1::BUSY);
  EXPECT_LT(absl::Now() - begin, 4 * kLimit);
  EXPECT_EQ(SharedDeadline::Longest(), kLimit);
  EXPECT_GE(SharedDeadline::Waited(), kLimit);
}

TEST_F(FunctionTableTest, OnlyTheUserWhoStartedAFunctionReachesIt) {
  const int64_t pid = Start("sleep");
  EXPECT_EQ(table_.Files("bob", pid, absl::Seconds(1)), nullptr);
  EXPECT_EQ(ReasonOf(table_.Terminate("bob", pid)), v1::PERMISSION_DENIED);
  EXPECT_EQ(ReasonOf(table_.Terminate("alice", 1)), v1::NO_SUCH_PROCESS);
  EXPECT_TRUE(table_.Terminate("alice", pid).ok());
  EXPECT_TRUE(ReadAll(pid, "stderr").ok());
  EXPECT_EQ(Listed(pid).exit_code(), 1);
  EXPECT_TRUE(table_.Terminate("alice", pid).ok());
}

TEST_F(FunctionTableTest, DeadServiceEndsItsFunctions) {
  const int64_t pid = Start("sleep");
  host_.Kill();
  EXPECT_TRUE(ReadAll(pid, "stderr").ok());
  EXPECT_EQ(Listed(pid).exit_code(), 1);
}

// A service that accepts calls and sends nothing, without a thread in this process.
class SilentService {
 public:
  SilentService() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_), 0);
    channel_ = grpc::CreateInsecureChannelFromFd("silent", ends_[0]);
  }
  ~SilentService() { close(ends_[1]); }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  int ends_[2];
  std::shared_ptr<grpc::Channel> channel_;
};

int ThreadsOfThisProcess() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

int64_t UnitSetting(const std::string& name) {
  return toolboxd::testing::UnitDirective("toolboxd-transportd.service", name);
}

// Starts as many runs as a user may have.
size_t StartAll(FunctionTable& table, const SilentService& service, const std::string& user) {
  v1::StartFunction start;
  start.set_user(user);
  for (size_t started = 0;; ++started) {
    const absl::Status status = table.Start(service.channel(), start, nullptr).status();
    if (status.ok()) continue;
    EXPECT_EQ(ReasonOf(status), v1::BUSY) << status;
    return started;
  }
}

// Runs that have not ended.
size_t Running(FunctionTable& table) {
  table.Maintain();
  const std::vector<v1::Process> listed = table.List();
  return std::count_if(listed.begin(), listed.end(),
                       [](const v1::Process& process) { return !process.has_end_time(); });
}

TEST_F(FunctionTableTest, UsersAtTheirLimitsLeaveRunsForOthers) {
  const SilentService service;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(StartAll(table_, service, absl::StrCat("user", i)), FunctionTable::kMaxRunningOfUser);
  }
  const int64_t pid = Start("echo.Upper");
  ASSERT_TRUE(WriteAll(pid, "hello").ok());
  EXPECT_TRUE(ReadAll(pid, "stdout").ok());
  // The oldest run of one of them has ended for it, and says so.
  int ended = 0;
  for (const v1::Process& process : table_.List()) {
    if (process.owner() == "alice" || !process.has_end_time()) continue;
    ++ended;
    auto files = table_.Files(process.owner(), process.pid(), absl::Seconds(1));
    auto text = files->OpenRead(Path(process.pid(), "stderr"), 0, 1000, nullptr);
    ASSERT_TRUE(text.ok());
    EXPECT_EQ((*text)->Next().value_or("").substr(0, 17), "ended by toolboxd");
  }
  EXPECT_EQ(ended, 1);
}

TEST_F(FunctionTableTest, NumberOfRunsIsBounded) {
  const SilentService service;
  for (int i = 0; i < 10; ++i) {
    EXPECT_GT(StartAll(table_, service, absl::StrCat("user", i)), 0u);
  }
  for (int i = 0; i < 500 && Running(table_) > FunctionTable::kMaxRunning; ++i) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(Running(table_), FunctionTable::kMaxRunning);
}

TEST_F(FunctionTableTest, OneUsersRunsLeaveCapacityForOthers) {
  const SilentService service;
  EXPECT_EQ(StartAll(table_, service, "bob"), FunctionTable::kMaxRunningOfUser);
  EXPECT_GT(Start("sleep"), 0);
}

TEST_F(FunctionTableTest, FunctionThatSaysNothingInEndlessMessagesIsEnded) {
  for (const char* name : {"mute", "spell"}) {
    const int64_t pid = Start(name);
    for (int i = 0; i < 500 && !Listed(pid).has_end_time(); ++i) {
      absl::SleepFor(absl::Milliseconds(10));
    }
    EXPECT_EQ(Listed(pid).exit_code(), 1) << name;
    EXPECT_THAT(ReadAll(pid, "stderr").value_or(""), ::testing::HasSubstr("too many messages"));
    EXPECT_LE(ReadAll(pid, "stdout")->size(), 2000u);
  }
}

TEST_F(FunctionTableTest, AbandonedRunIsEnded) {
  FunctionTable table({}, absl::Milliseconds(200));
  const SilentService service;
  v1::StartFunction start;
  start.set_user("alice");
  const absl::StatusOr<int64_t> pid = table.Start(service.channel(), start, nullptr);
  const absl::StatusOr<int64_t> closed = table.Start(service.channel(), start, nullptr);
  ASSERT_TRUE(pid.ok() && closed.ok());
  v1::OpenForWriting open;
  open.set_path(Path(*pid, "stdin"));
  auto input = table.Files("alice", *pid, absl::Seconds(1))->OpenWrite(open);
  auto no_input = table.Files("alice", *closed, absl::Seconds(1))->OpenWrite(open);
  ASSERT_TRUE(input.ok() && no_input.ok() && (*no_input)->Commit(std::nullopt, {}).ok());
  v1::WriteChunk chunk;
  chunk.set_data("x");
  for (int i = 0; i < 6; ++i) {
    absl::SleepFor(absl::Milliseconds(50));
    EXPECT_TRUE((*input)->Write(chunk).ok());
    table.Maintain();
  }
  EXPECT_FALSE(table.List()[0].has_end_time());
  absl::SleepFor(absl::Milliseconds(250));
  table.Maintain();
  auto errors = table.Files("alice", *pid, absl::Seconds(1))
                    ->OpenRead(Path(*pid, "stderr"), 0, 1000, nullptr);
  ASSERT_TRUE(errors.ok()) << errors.status();
  EXPECT_EQ((*errors)->Next().value_or("").substr(0, 17), "ended by toolboxd");
  EXPECT_EQ(table.List()[0].exit_code(), 1);
  // A function that only takes long is not ended.
  EXPECT_FALSE(table.List()[1].has_end_time());
}

TEST_F(FunctionTableTest, AllRunsTogetherFitTheUnitsTasks) {
  const SilentService service;
  // gRPC's own threads.
  Start("sleep");
  const int before = ThreadsOfThisProcess();
  for (int i = 0; i < 10; ++i) StartAll(table_, service, absl::StrCat("user", i));
  // gRPC may add a thread at any time.
  EXPECT_LT(ThreadsOfThisProcess(), before + 8);
  // Ten are there at all times, and each power event takes one (measured).
  EXPECT_LE(FunctionTable::kThreads + 20, UnitSetting("TasksMax"));
}

TEST_F(FunctionTableTest, StreamsOfAllRunsFitTheUnitsMemory) {
  // If the folder is on a tmpfs; the rest of the service is 2 MB, and page cache.
  EXPECT_LE(SpoolLimits().total, static_cast<uint64_t>(UnitSetting("MemoryMax")) / 2);
  EXPECT_LE(SpoolLimits().user, SpoolLimits().total / 2);
  std::vector<int64_t> pids;
  for (int i = 0; i < 10; ++i) pids.push_back(Start("flood"));
  for (const int64_t pid : pids) {
    ReadAll(pid, "stderr").IgnoreError();
    EXPECT_EQ(Listed(pid).exit_code(), 1);
  }
  uint64_t held = 0;
  for (const int64_t pid : pids) held += ReadAll(pid, "stdout").value_or("").size();
  EXPECT_LE(held, 4u << 20);
  EXPECT_GE(held, 2u << 20);
}

TEST_F(FunctionTableTest, NumberOfEndedRunsIsBounded) {
  std::vector<int64_t> pids;
  for (size_t i = 0; i < FunctionTable::kMaxEndedOfUser + 10; ++i) {
    pids.push_back(Start("fail"));
    EXPECT_EQ(*ReadAll(pids.back(), "stderr"), "as asked\n");
  }
  table_.Maintain();
  EXPECT_EQ(table_.List().size(), FunctionTable::kMaxEndedOfUser);
  EXPECT_FALSE(table_.Has(pids.front()));
  EXPECT_TRUE(table_.Has(pids.back()));
}

TEST_F(FunctionTableTest, LongArgumentsAreListedInPart) {
  const int64_t pid = Start("fail", std::string(50000, 'x'));
  EXPECT_EQ(Listed(pid).command_line().size(), 5 + FunctionTable::kMaxArguments);
}

TEST_F(FunctionTableTest, InputIsKeptForAFunctionThatReadsLate) {
  const int64_t pid = Start("late");
  const absl::Time begin = absl::Now();
  auto files = table_.Files("alice", pid, absl::Milliseconds(10));
  v1::OpenForWriting open;
  open.set_path(Path(pid, "stdin"));
  auto stream = files->OpenWrite(open);
  ASSERT_TRUE(stream.ok()) << stream.status();
  v1::WriteChunk chunk;
  chunk.set_data(std::string(64 << 10, 'x'));
  absl::Status taken;
  int chunks = -1;
  EXPECT_TRUE((*stream)->Writable());
  for (; taken.ok(); ++chunks) taken = (*stream)->Write(chunk);
  EXPECT_FALSE((*stream)->Writable());
  // As much as a stream may hold waits, and some is on its way.
  EXPECT_EQ(ReasonOf(taken), v1::BUSY);
  EXPECT_GE(chunks, 16);
  EXPECT_TRUE((*stream)->Commit(std::nullopt, {}).ok());
  EXPECT_LT(absl::Now() - begin, absl::Milliseconds(800));
  // Each request waits for the end, but not for long.
  bool ended = false;
  for (int i = 0; i < 20 && !ended; ++i) ended = ReadAll(pid, "stdout").ok();
  EXPECT_TRUE(ended);
  EXPECT_EQ(Listed(pid).exit_code(), chunks << 16);
}

TEST_F(FunctionTableTest, MissingThreadIsBusy) {
  // gRPC has all its threads after the first run.
  Start("fail");
  absl::SleepFor(absl::Milliseconds(200));
  table_.Maintain();
  pthread_attr_t usual;
  pthread_attr_t impossible;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  ASSERT_EQ(pthread_attr_init(&impossible), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&impossible, size_t{1} << 47), 0);
  ASSERT_EQ(pthread_setattr_default_np(&impossible), 0);
  v1::StartFunction start;
  EXPECT_EQ(ReasonOf(table_.Start(host_.Channel(), start, nullptr).status()), v1::BUSY);
  ASSERT_EQ(pthread_setattr_default_np(&usual), 0);
  const int64_t pid = Start("echo.Upper");
  EXPECT_TRUE(WriteAll(pid, "again").ok());
  EXPECT_TRUE(ReadAll(pid, "stdout").ok());
}

TEST_F(FunctionTableTest, NothingMovesWhileStreamsAreHeld) {
  const int64_t pid = Start("echo.Upper");
  table_.Hold();
  EXPECT_TRUE(WriteAll(pid, "text").ok());
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_FALSE(Listed(pid).end_time() != 0);
  table_.Release();
  absl::StatusOr<std::string> output = ReadAll(pid, "stdout");
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(*output, "echo.Upper() for alice: text");
}

TEST_F(FunctionTableTest, HeldTableCanBeDestroyed) {
  FunctionTable table{SpoolLimits()};
  v1::StartFunction start;
  start.set_name("echo.Upper");
  start.set_user("alice");
  EXPECT_TRUE(table.Start(host_.Channel(), start, nullptr).ok());
  table.Hold();
}

TEST_F(FunctionTableTest, StartDoesNotWaitForAServiceThatHangs) {
  const ShortTempDir dir;
  const std::string path = dir.path() + "/hangs";
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  const absl::Time begin = absl::Now();
  v1::StartFunction start;
  start.set_user("alice");
  absl::StatusOr<int64_t> pid = table_.Start(ConnectUnix(path), start, nullptr);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(1));
  ASSERT_TRUE(pid.ok()) << pid.status();
  EXPECT_TRUE(table_.Terminate("alice", *pid).ok());
  EXPECT_TRUE(ReadAll(*pid, "stderr").ok());
  close(listener);
}

}  // namespace
}  // namespace toolboxd
