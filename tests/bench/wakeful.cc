#include "tests/bench/wakeful.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace toolboxd::bench {

namespace {

// Without a driver for idle processors the kernel takes the wish, and halts them all the same.
bool HasIdleDriver() {
  std::ifstream file("/sys/devices/system/cpu/cpuidle/current_driver");
  std::string driver;
  return std::getline(file, driver) && driver != "none";
}

}  // namespace

WakefulProcessors::WakefulProcessors()
    : fd_(HasIdleDriver() ? open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC) : -1) {
  const int32_t microseconds = 0;
  if (fd_ >= 0 && write(fd_, &microseconds, sizeof(microseconds)) != sizeof(microseconds)) {
    close(fd_);
    fd_ = -1;
  }
}

WakefulProcessors::~WakefulProcessors() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace toolboxd::bench
