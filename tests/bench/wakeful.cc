#include "tests/bench/wakeful.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>

namespace toolboxd::bench {

WakefulProcessors::WakefulProcessors() : fd_(open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC)) {
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
