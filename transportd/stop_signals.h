// SPDX-License-Identifier: Apache-2.0

// StopSignals: SIGTERM, SIGINT and SIGHUP as function calls.

#ifndef TOOLBOXD_TRANSPORTD_STOP_SIGNALS_H_
#define TOOLBOXD_TRANSPORTD_STOP_SIGNALS_H_

#include <signal.h>

#include <atomic>
#include <functional>
#include <thread>

namespace toolboxd {

// Takes the signals on a thread that sleeps in sigwait(3). A signalfd would need no thread, but it
// wakes its reader for every signal of the process, and under a simulated backdoor every access to
// the backdoor is a signal. SIGHUP never ends the process.
class StopSignals {
 public:
  // Blocks the signals in this thread and in all threads that it starts later.
  StopSignals();
  // Ends the thread without calling either function. The signals stay blocked.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // From now on the first SIGTERM or SIGINT, or one that came earlier, calls `stop` once, on a
  // thread of this object; until then every SIGHUP calls `reload` there, unless it is null. To be
  // called once.
  void OnStop(std::function<void()> stop, std::function<void()> reload = nullptr);

 private:
  void Loop(const std::function<void()>& stop, const std::function<void()>& reload);

  sigset_t set_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_STOP_SIGNALS_H_
