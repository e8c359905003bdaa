// SPDX-License-Identifier: Apache-2.0

#include "transportd/functions/function_table.h"

#include <algorithm>
#include <iterator>
#include <optional>
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
  Release();
  for (const auto& [pid, entry] : runs_) entry.run->Terminate();
  for (const auto& [pid, entry] : runs_) entry.run->WaitForEnd(absl::InfiniteFuture());
}

bool FunctionTable::MakePlace(const std::string& user) {
  // What a user runs does not end for another run of theirs.
  const auto of_others = [&](const int64_t& pid) { return runs_.at(pid).user != user; };
  while (const std::optional<int64_t> victim = running_.Victim(user, 1, of_others)) {
    runs_.at(*victim).run->EndWith("ended by toolboxd: another user's function needed its place");
    running_.Remove(*victim);
  }
  return running_.Fits(user);
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
  if (!MakePlace(start.user())) {
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
  running_.Add(pid, start.user());
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
  CountEnded();
  for (auto run = runs_.begin(); run != runs_.end();) {
    run = run->second.run->SinceEnd() >= kRetention ? Forget(run) : std::next(run);
  }
  // Without functions there is no thread for them.
  const bool idle = std::all_of(runs_.begin(), runs_.end(),
                                [](const auto& entry) { return entry.second.run->ended(); });
  if (idle) loop_.reset();
}

void FunctionTable::Hold() {
  if (loop_ != nullptr) loop_->Hold();
}

void FunctionTable::Release() {
  if (loop_ != nullptr) loop_->Release();
}

void FunctionTable::CountEnded() {
  std::vector<Runs::iterator> ended;
  for (auto run = runs_.begin(); run != runs_.end(); ++run) {
    if (run->second.run->ended() && !ended_.Has(run->first)) ended.push_back(run);
  }
  std::sort(ended.begin(), ended.end(), [](const auto& left, const auto& right) {
    return left->second.run->SinceEnd() > right->second.run->SinceEnd();
  });
  for (const auto& run : ended) {
    const std::string& user = run->second.user;
    while (const std::optional<int64_t> victim = ended_.Victim(user)) Forget(runs_.find(*victim));
    running_.Remove(run->first);
    ended_.Add(run->first, user);
  }
}

FunctionTable::Runs::iterator FunctionTable::Forget(Runs::iterator run) {
  running_.Remove(run->first);
  ended_.Remove(run->first);
  return runs_.erase(run);
}

}  // namespace toolboxd
