// SPDX-License-Identifier: Apache-2.0

// File content: how fast, and where the time of a packet goes.

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/content.h"
#include "tests/bench/measurements.h"
#include "tests/bench/packets.h"
#include "tests/bench/rows.h"
#include "tests/bench/trap_floor.h"
#include "vmxsim/guest/hgfs_transfer.h"

namespace toolboxd::bench {
namespace {

// vmtoolsd would need a minute for what toolboxd is given.
constexpr uint64_t kSize = 64 << 20, kSmallSize = 4 << 20;
constexpr int kRuns = 5;
// Packets are compared in short turns: what a virtual processor's wake-up costs changes within
// seconds by more than what is looked for.
constexpr int kTurns = 60;

void DropCaches() {
  sync();
  std::ofstream("/proc/sys/vm/drop_caches") << "3";
}

using Work = std::function<absl::Duration()>;

using Transfer = absl::Duration (*)(Guest& guest, const std::string& path, uint64_t size);

// A packet whose answer does not matter: it ends the guest's pause.
void Wake(Guest& guest) {
  constexpr uint32_t kDestroySessionV4 = 42;
  vmxsim::HgfsCall(vmxsim::InGuestOperations(guest.operations()), kDestroySessionV4, 0,
                   std::string(8, '\0'))
      .IgnoreError();
}

// One turn. The second packet ends the short pause that the counters take; it counts, but its time
// does not.
Packets Turn(Guest& guest, Transfer transfer, const std::string& path, uint64_t size) {
  Wake(guest);
  return Observe(guest, [&] {
    Wake(guest);
    return transfer(guest, path, size);
  });
}

// By turns, so that what else the machine does falls on all.
Comparison Compare(Pair& pair, Transfer transfer, const std::string& path,
                   const std::string& small) {
  std::vector<Packets> toolboxd, traps;
  for (int i = 0; i < kTurns; ++i) {
    toolboxd.push_back(Turn(pair.toolboxd, transfer, path, kTrapFloorFileSize));
    traps.push_back(Turn(*pair.trap_floor, transfer, path, kTrapFloorFileSize));
  }
  // vmtoolsd's pauses are its own.
  const auto theirs = [&] { return transfer(pair.vmtoolsd, small, kSmallSize); };
  return {Median(toolboxd), Observe(pair.vmtoolsd, theirs), Median(traps)};
}

Packets Repeated(Guest& guest, int runs, const Work& work) {
  std::vector<Packets> packets;
  packets.reserve(static_cast<size_t>(runs));
  for (int i = 0; i < runs; ++i) packets.push_back(Observe(guest, work));
  return Median(packets);
}

// After the page cache was dropped, each time.
Packets Cold(Guest& guest, int runs, const Work& work) {
  return Repeated(guest, runs, [&work] {
    DropCaches();
    return work();
  });
}

// CPU seconds of the guest's tools for a GiB.
double CpuOfGib(const Packets& packets, uint64_t size) {
  const double count = absl::ToDoubleMilliseconds(packets.work) / packets.wall;
  const double seconds = (packets.channel + packets.service) * count / 1000;
  return seconds * (1 << 30) / static_cast<double>(size);
}

struct Rates {
  Packets toolboxd, vmtoolsd;
};

void PrintRates(const std::string& key, const std::string& name, const std::string& what,
                const Rates& rates, const std::string& aim) {
  PrintRow({key, name, "MB/s", Better::kHigher, what, aim},
           {kSize / 1e6 / absl::ToDoubleSeconds(rates.toolboxd.work),
            kSmallSize / 1e6 / absl::ToDoubleSeconds(rates.vmtoolsd.work)});
  PrintRow({key + ".cpu", name + ", CPU of a GiB", "s", Better::kLower,
            "CPU of the tools' processes in this transfer, for a GiB; the guest's part of traps "
            "included."},
           {CpuOfGib(rates.toolboxd, kSize), CpuOfGib(rates.vmtoolsd, kSmallSize)});
}

}  // namespace

void MeasureRates(Pair& pair) {
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
  const std::string aim = pair.vsock ? "2 x the backdoor's" : "ratio >= 40";
  PrintRates("transfers.download.warm", "download, warm",
             "A file that is in the page cache is downloaded in HGFS packets; the median of five "
             "runs (vmtoolsd: one run).",
             {Repeated(pair.toolboxd, kRuns, our_down), Repeated(pair.vmtoolsd, 1, their_down)},
             aim);
  PrintRates("transfers.download.cold", "download, cold",
             "The same after the page cache was dropped, so that the disk is read.",
             {Cold(pair.toolboxd, kRuns, our_down), Cold(pair.vmtoolsd, 1, their_down)}, aim);
  PrintRates("transfers.upload", "upload",
             "A file on the disk is made or replaced; the median of five runs (vmtoolsd: one run).",
             {Repeated(pair.toolboxd, kRuns, our_up), Repeated(pair.vmtoolsd, 1, their_up)}, aim);
}

// In memory: the disk is not what is measured.
void MeasurePackets(Pair& pair) {
  const std::string turn = pair.memory_folder + "/turn", small = pair.memory_folder + "/small";
  std::ofstream(turn, std::ios::binary) << std::string(kTrapFloorFileSize, 'd');
  std::ofstream(small, std::ios::binary) << std::string(kSmallSize, 'd');
  PrintPackets("download", "a packet of the warm download",
               Compare(pair, TimedDownload, turn, small), pair.vsock);
  PrintPackets("upload", "a packet of the upload",
               Compare(pair, TimedUpload, turn + "-up", small + "-up"), pair.vsock);
  for (const std::string& file : {turn, turn + "-up", small, small + "-up"}) {
    std::remove(file.c_str());
  }
}

void MeasureTransfers(Pair& pair) {
  MeasureRates(pair);
  MeasurePackets(pair);
}

}  // namespace toolboxd::bench
