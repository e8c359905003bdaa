// SPDX-License-Identifier: Apache-2.0

// A clock for clockd that is nothing but memory: the machine's own is never touched.

#include <errno.h>
#include <sys/timex.h>
#include <time.h>

static struct timex kept = {.tick = 10000, .status = STA_UNSYNC, .maxerror = 16000000};

int clock_adjtime(clockid_t clock, struct timex* change) {
  if (clock != CLOCK_REALTIME) {
    errno = EINVAL;
    return -1;
  }
  if (change->modes & ADJ_TICK) kept.tick = change->tick;
  if (change->modes & ADJ_FREQUENCY) kept.freq = change->freq;
  if (change->modes & ADJ_STATUS) kept.status = change->status;
  if (change->modes & ADJ_MAXERROR) kept.maxerror = change->maxerror;
  *change = kept;
  return TIME_ERROR;
}
