// SPDX-License-Identifier: Apache-2.0

// StopSignals: SIGTERM, SIGINT and SIGHUP as function calls.

#ifndef TOOLBOXD_TRANSPORTD_STOP_SIGNALS_H_
#define TOOLBOXD_TRANSPORTD_STOP_SIGNALS_H_

#include <signal.h>

#include <atomic>
#include <functional>
#include <thread>

namespace toolboxd {

// Takes the signals with a thread that sleeps in sigwait. A signalfd would do without the
// thread, but wakes its reader for every signal of the process; and where the backdoor is
// simulated, every access to it begins as one. SIGHUP is taken too, and does nothing.
class StopSignals {
 public:
  // Blocks the signals in this thread and all that it starts.
  StopSignals();
  // Ends the thread, without a call. The signals stay blocked.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // From now on the first SIGTERM or SIGINT, or one that came earlier, calls `stop`, once, on
  // a thread of its own, and until then every SIGHUP calls `reload` there, unless it is
  // empty. To be called once.
  void OnStop(std::function<void()> stop, std::function<void()> reload = nullptr);

 private:
  void Loop(const std::function<void()>& stop, const std::function<void()>& reload);

  sigset_t set_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_STOP_SIGNALS_H_
