// SPDX-License-Identifier: Apache-2.0

#include "transportd/stop_signals.h"

#include <utility>

namespace toolboxd {

StopSignals::StopSignals() {
  sigemptyset(&set_);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

StopSignals::~StopSignals() {
  if (!thread_.joinable()) return;
  ending_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

void StopSignals::OnStop(std::function<void()> stop, std::function<void()> reload) {
  thread_ = std::thread(
      [this, stop = std::move(stop), reload = std::move(reload)] { Loop(stop, reload); });
}

void StopSignals::Loop(const std::function<void()>& stop, const std::function<void()>& reload) {
  int signal = 0;
  while (sigwait(&set_, &signal) != 0 || signal == SIGHUP) {
    if (signal == SIGHUP && reload != nullptr) reload();
  }
  if (!ending_) stop();
}

}  // namespace toolboxd
