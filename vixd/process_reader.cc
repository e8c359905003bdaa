// SPDX-License-Identifier: Apache-2.0

#include "vixd/process_reader.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/log.h"
#include "base/steady_time.h"

namespace toolboxd::vixd {

namespace {

// How often the thread has waited for something, rather than for its turn on a processor.
long Waits() {
  rusage usage = {};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

struct Wait {
  absl::Duration time;
  // When that was.
  absl::Time at = absl::InfinitePast();
};

// A hundredth of the time that passes is forgiven.
absl::Duration Owed(const Wait& wait) {
  if (wait.at == absl::InfinitePast()) return absl::ZeroDuration();
  return std::max(absl::ZeroDuration(), wait.time - (SteadyNow() - wait.at) / 100);
}

size_t BytesOf(const ProcessInfo& process) {
  return sizeof process + process.name.size() + process.command_line.size();
}

}  // namespace

// Owners of processes at which a thread was left behind, once for each.
struct ProcessReader::Stuck {
  absl::Mutex mutex;
  std::multiset<uid_t> owners ABSL_GUARDED_BY(mutex);

  // What is not forgiven yet of the waits for each owner's processes, however short each wait was.
  std::map<uid_t, Wait> waits ABSL_GUARDED_BY(mutex);
  // The same of all of them but those who have no reason to hold this process up.
  Wait waits_of_others ABSL_GUARDED_BY(mutex);

  static bool IsOther(uid_t owner) { return owner != 0 && owner != geteuid(); }

  bool MayAsk(uid_t owner) {
    absl::MutexLock lock(&mutex);
    if (owners.count(owner) != 0 || owners.size() >= kMaxStuck) return false;
    const auto wait = waits.find(owner);
    if (wait != waits.end() && Owed(wait->second) >= kPatience) return false;
    return !IsOther(owner) || Owed(waits_of_others) < kMaxStuck * kPatience;
  }
  void Waited(uid_t owner, absl::Duration time) {
    absl::MutexLock lock(&mutex);
    Wait& wait = waits[owner];
    wait = {Owed(wait) + time, SteadyNow()};
    // A caller who leaves the thread behind does not wait for all of it.
    if (IsOther(owner)) {
      waits_of_others = {Owed(waits_of_others) + std::min(time, kPatience), SteadyNow()};
    }
    for (auto entry = waits.begin(); entry != waits.end();) {
      const bool forgiven = Owed(entry->second) == absl::ZeroDuration();
      entry = forgiven ? waits.erase(entry) : std::next(entry);
    }
  }
  void Add(uid_t owner) {
    absl::MutexLock lock(&mutex);
    owners.insert(owner);
  }
  void Remove(uid_t owner) {
    absl::MutexLock lock(&mutex);
    owners.erase(owners.find(owner));
  }
};

// Shared by the caller and the thread that reads for it.
struct ProcessReader::Batch {
  Batch(std::vector<pid_t> ids, size_t limit) : pids(std::move(ids)), max_bytes(limit) {}

  const std::vector<pid_t> pids;
  const size_t max_bytes;

  absl::Mutex mutex;
  std::vector<ProcessInfo> processes ABSL_GUARDED_BY(mutex);
  // How many of `pids` are done, and the bytes of `processes`.
  size_t done ABSL_GUARDED_BY(mutex) = 0;
  size_t bytes ABSL_GUARDED_BY(mutex) = 0;
  // The one that is asked for its arguments.
  std::optional<ProcessInfo> asked ABSL_GUARDED_BY(mutex);
  // The caller has left the thread behind, which happens only while it asks.
  bool abandoned ABSL_GUARDED_BY(mutex) = false;

  // Whether the thread has ended by itself.
  bool IsOver() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return done == pids.size() || bytes >= max_bytes;
  }

  // Until it is over, or the thread is left behind: one process has been asked for kPatience. A
  // busy machine alone does not count.
  void Wait() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    size_t before = 0;
    while (!mutex.AwaitWithTimeout(absl::Condition(this, &Batch::IsOver), kPatience)) {
      abandoned = done == before && asked.has_value();
      if (abandoned) return;
      before = done;
    }
  }

  void Ask(const ProcessInfo& process) {
    absl::MutexLock lock(&mutex);
    asked = process;
  }
  enum class Next { kGoOn, kOver, kLeftBehind };

  // What the thread does after this process.
  Next Finish(std::optional<ProcessInfo> process) {
    absl::MutexLock lock(&mutex);
    if (abandoned) return Next::kLeftBehind;
    if (process.has_value()) {
      bytes += BytesOf(*process);
      processes.push_back(*std::move(process));
    }
    asked.reset();
    ++done;
    return IsOver() ? Next::kOver : Next::kGoOn;
  }
};

ProcessReader::ProcessReader(Arguments arguments)
    : arguments_(std::move(arguments)), stuck_(std::make_shared<Stuck>()) {}

ProcessReader::Part ProcessReader::Read(const std::vector<pid_t>& pids) const {
  Part part;
  size_t bytes = 0;
  while (part.done < pids.size() && bytes < kMaxPartBytes) {
    const auto batch = std::make_shared<Batch>(
        std::vector<pid_t>(pids.begin() + part.done, pids.end()), kMaxPartBytes - bytes);
    std::thread([batch, stuck = stuck_, arguments = arguments_] {
      Work(batch, stuck, arguments);
    }).detach();
    // Until the end: a thread that is left behind must not say that it returns before it is noted.
    absl::MutexLock lock(&batch->mutex);
    batch->Wait();
    for (ProcessInfo& process : batch->processes) part.processes.push_back(std::move(process));
    part.done += batch->done;
    bytes += batch->bytes;
    if (!batch->abandoned) break;
    ProcessInfo& process = *batch->asked;
    stuck_->Add(process.owner);
    LogLimited("process", "process ", process.pid, " of the user ", process.owner,
               " does not let its arguments be read");
    UseKernelName(process);
    bytes += BytesOf(process);
    part.processes.push_back(process);
    ++part.done;
  }
  return part;
}

void ProcessReader::Work(const std::shared_ptr<Batch>& batch, const std::shared_ptr<Stuck>& stuck,
                         const Arguments& arguments) {
  for (const pid_t pid : batch->pids) {
    std::optional<ProcessInfo> process = ReadProcessFacts(pid);
    if (!process.has_value()) {
      // It has ended.
    } else if (process->is_kernel_thread || !stuck->MayAsk(process->owner)) {
      UseKernelName(*process);
    } else {
      batch->Ask(*process);
      const long waits = Waits();
      const absl::Time begin = SteadyNow();
      arguments(*process);
      if (Waits() != waits) stuck->Waited(process->owner, SteadyNow() - begin);
    }
    const uid_t owner = process.has_value() ? process->owner : 0;
    const Batch::Next next = batch->Finish(std::move(process));
    if (next == Batch::Next::kLeftBehind) stuck->Remove(owner);
    if (next != Batch::Next::kGoOn) return;
  }
}

}  // namespace toolboxd::vixd
