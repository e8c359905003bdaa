// SPDX-License-Identifier: Apache-2.0

// Where the time of a packet goes.

#ifndef TOOLBOXD_TESTS_BENCH_PACKETS_H_
#define TOOLBOXD_TESTS_BENCH_PACKETS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/bench/guest.h"

namespace toolboxd::bench {

// Means over the TCLO requests of a piece of work; milliseconds each.
struct Packets {
  // How long the whole work took.
  absl::Duration work;
  double wall = 0;
  // The parts of `wall`: from the host's offer until the guest has polled and has the request,
  // from there to the reply, and from the reply to the host's next offer.
  double fetch = 0, reply = 0, host = 0;
  // CPU of the process that owns the channel, the guest's part of a trap included.
  double channel = 0;
  // CPU of toolboxd's file service.
  double service = 0;
  // CPU of this program, the host's client.
  double client = 0;
  // CPU of vmxsim: its part of the traps and the host behind it.
  double vmxsim = 0;
  // vmxsim's part of the traps alone, from stop to resumption.
  double traps = 0;
  // Five for an exchange, and two for each poll that found nothing.
  double trap_count = 0;
};

// What `work`, which returns the time that it took, costs in the guest.
Packets Observe(Guest& guest, const std::function<absl::Duration()>& work);

// The one with the median time. `packets` is not empty.
Packets Median(std::vector<Packets> packets);

// The same work in three guests; see trap_floor.h for the last.
struct Comparison {
  Packets toolboxd, vmtoolsd, traps;
};

// `way`, download or upload, is part of the rows' keys. `vsock`: there are no traps.
void PrintPackets(const std::string& way, const std::string& heading, const Comparison& comparison,
                  bool vsock);

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_PACKETS_H_
