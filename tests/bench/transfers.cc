// File content: how fast, and where the time of a packet goes.

#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/content.h"
#include "tests/bench/measurements.h"
#include "tests/bench/packets.h"
#include "tests/bench/trap_floor.h"
#include "tests/vmx/guest/hgfs_transfer.h"

namespace toolboxd::bench {
namespace {

// vmtoolsd would need a minute for what toolboxd is given.
constexpr uint64_t kSize = 64 << 20, kSmallSize = 4 << 20;
constexpr int kRuns = 5;

// The messages of a packet of content: headers, names and the credential on one side, and
// headers on the other, are about this long.
constexpr size_t kLargeMessage = vmx::kTransferChunk + 100, kSmallMessage = 200;

// Some exchanges of such messages with a guest that does nothing but trap.
absl::Duration Exchange(Guest& floor, size_t request_size, size_t reply_size, Polling polling) {
  const std::string request = TrapFloorRequest(request_size, reply_size, polling);
  const auto exchange = [&] {
    const absl::StatusOr<std::string> reply = floor.host().Tclo(request, absl::Seconds(10));
    Require(reply.status(), "trap floor");
    if (reply->size() != reply_size) Require(absl::UnknownError(*reply), "trap floor");
  };
  // The first one ends a pause.
  exchange();
  constexpr int kCount = 1000;
  const absl::Time start = absl::Now();
  for (int i = 0; i < kCount; ++i) exchange();
  return absl::Now() - start;
}

void DropCaches() {
  sync();
  std::ofstream("/proc/sys/vm/drop_caches") << "3";
}

using Work = std::function<absl::Duration()>;

// By turns, so that what else the machine does falls on all.
Comparison Compare(Pair& pair, const Work& ours, const Work& theirs, size_t request_size,
                   size_t reply_size) {
  std::vector<Packets> toolboxd, traps, paced_traps;
  Guest& floor = *pair.trap_floor;
  for (int i = 0; i < kRuns; ++i) {
    toolboxd.push_back(Observe(pair.toolboxd, ours));
    traps.push_back(Observe(
        floor, [&] { return Exchange(floor, request_size, reply_size, Polling::kAtOnce); }));
    paced_traps.push_back(
        Observe(floor, [&] { return Exchange(floor, request_size, reply_size, Polling::kPaced); }));
  }
  return {Median(toolboxd), Observe(pair.vmtoolsd, theirs), Median(traps), Median(paced_traps)};
}

// After the page cache was dropped, each time.
Packets Cold(Guest& guest, int runs, const Work& work) {
  std::vector<Packets> packets;
  for (int i = 0; i < runs; ++i) {
    DropCaches();
    packets.push_back(Observe(guest, work));
  }
  return Median(packets);
}

void PrintRates(const std::string& name, const Packets& ours, const Packets& theirs) {
  PrintRow(name, kSize / 1e6 / absl::ToDoubleSeconds(ours.work),
           kSmallSize / 1e6 / absl::ToDoubleSeconds(theirs.work), "MB/s", "ratio >= 40");
}

}  // namespace

void MeasureTransfers(Pair& pair) {
  const std::string big = pair.folder + "/big", small = pair.folder + "/small";
  std::ofstream(big, std::ios::binary) << std::string(kSize, 'd');
  std::ofstream(small, std::ios::binary) << std::string(kSmallSize, 'd');
  const Work our_down = [&] { return TimedDownload(pair.toolboxd, big, kSize); };
  const Work their_down = [&] { return TimedDownload(pair.vmtoolsd, small, kSmallSize); };
  const Work our_up = [&] { return TimedUpload(pair.toolboxd, big + "-up", kSize); };
  const Work their_up = [&] { return TimedUpload(pair.vmtoolsd, small + "-up", kSmallSize); };
  // The login and the start of hgfsd are not what is measured.
  our_down();

  PrintHeading("transfers: 64 MiB (vmtoolsd: 4 MiB)");
  const Comparison down = Compare(pair, our_down, their_down, kSmallMessage, kLargeMessage);
  PrintRates("download, warm", down.toolboxd, down.vmtoolsd);
  PrintRates("download, cold", Cold(pair.toolboxd, kRuns, our_down),
             Cold(pair.vmtoolsd, 1, their_down));
  const Comparison up = Compare(pair, our_up, their_up, kLargeMessage, kSmallMessage);
  PrintRates("upload", up.toolboxd, up.vmtoolsd);
  PrintPackets("a packet of the warm download", down);
  PrintPackets("a packet of the upload", up);
}

}  // namespace toolboxd::bench
