// SPDX-License-Identifier: Apache-2.0

#include "transportd/functions/function_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "transportd/functions/function_files.h"

namespace toolboxd {
namespace {

// Ids are used again after this many.
constexpr int64_t kPidRange = 1000000;

}  // namespace

FunctionTable::~FunctionTable() {
  for (const auto& [pid, entry] : runs_) entry.run->Terminate();
  for (const auto& [pid, entry] : runs_) entry.run->WaitForEnd(absl::InfiniteFuture());
}

size_t FunctionTable::Running(const std::string* user) const {
  return std::count_if(runs_.begin(), runs_.end(), [user](const auto& entry) {
    return (user == nullptr || entry.second.user == *user) && !entry.second.run->ended();
  });
}

int64_t FunctionTable::FreePid() {
  if (next_pid_ >= kFirstPid + kPidRange) next_pid_ = kFirstPid;
  while (Has(next_pid_)) ++next_pid_;
  return next_pid_++;
}

absl::StatusOr<int64_t> FunctionTable::Start(const std::shared_ptr<grpc::Channel>& channel,
                                             v1::StartFunction start,
                                             std::shared_ptr<const UserSession> pin) {
  Maintain();
  if (Running(nullptr) >= kMaxRunning || Running(&start.user()) >= kMaxRunningOfUser) {
    return MakeError(v1::BUSY,
                     "too many functions are running; wait until one has ended, or terminate one");
  }
  if (loop_ == nullptr) {
    absl::StatusOr<std::unique_ptr<FunctionLoop>> loop = FunctionLoop::Start();
    if (!loop.ok()) return loop.status();
    loop_ = *std::move(loop);
  }
  const int64_t pid = FreePid();
  Entry entry;
  entry.name = start.name();
  entry.arguments = start.arguments().substr(0, kMaxArguments);
  entry.user = start.user();
  entry.start_time = absl::Now();
  entry.run = FunctionRun::Start(*loop_, budget_, channel, std::move(start), std::move(pin));
  runs_.emplace(pid, std::move(entry));
  return pid;
}

std::vector<v1::Process> FunctionTable::List() const {
  std::vector<v1::Process> processes;
  for (const auto& [pid, entry] : runs_) {
    v1::Process& process = processes.emplace_back();
    process.set_pid(pid);
    process.set_name(entry.name);
    process.set_command_line(
        absl::StrCat(entry.name, entry.arguments.empty() ? "" : " ", entry.arguments));
    process.set_owner(entry.user);
    process.set_start_time(absl::ToUnixSeconds(entry.start_time));
    if (!entry.run->ended()) continue;
    process.set_exit_code(entry.run->exit_code());
    process.set_end_time(absl::ToUnixSeconds(entry.run->end_time()));
  }
  return processes;
}

absl::Status FunctionTable::Terminate(const std::string& user, int64_t pid) {
  const auto found = runs_.find(pid);
  if (found == runs_.end()) return MakeError(v1::NO_SUCH_PROCESS, "no such function");
  if (found->second.user != user) {
    return MakeError(v1::PERMISSION_DENIED, "another user's function");
  }
  found->second.run->Terminate();
  return absl::OkStatus();
}

std::shared_ptr<files::FileStore> FunctionTable::Files(const std::string& user, int64_t pid,
                                                       absl::Duration timeout) {
  const auto found = runs_.find(pid);
  if (found == runs_.end() || found->second.user != user) return nullptr;
  return MakeFunctionFiles(found->second.run, timeout);
}

void FunctionTable::Maintain() {
  for (const auto& [pid, entry] : runs_) entry.run->EndIfAbandoned(patience_);
  ForgetEnded();
  // Without functions there is no thread for them.
  if (Running(nullptr) == 0) loop_.reset();
}

void FunctionTable::ForgetEnded() {
  std::vector<std::map<int64_t, Entry>::iterator> ended;
  for (auto entry = runs_.begin(); entry != runs_.end(); ++entry) {
    if (entry->second.run->ended()) ended.push_back(entry);
  }
  std::sort(ended.begin(), ended.end(), [](const auto& left, const auto& right) {
    return left->second.run->SinceEnd() < right->second.run->SinceEnd();
  });
  size_t kept = 0;
  std::map<std::string, size_t> kept_of_user;
  // The latest first.
  for (const auto& entry : ended) {
    const bool old = entry->second.run->SinceEnd() >= kRetention;
    if (old || kept == kMaxEnded || kept_of_user[entry->second.user] == kMaxEndedOfUser) {
      runs_.erase(entry);
    } else {
      ++kept;
      ++kept_of_user[entry->second.user];
    }
  }
}

}  // namespace toolboxd
