// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/packets.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/bench/rows.h"

namespace toolboxd::bench {
namespace {

struct Totals {
  absl::Duration channel, service, client, vmxsim;
  double replies = 0, traps = 0, trap_ms = 0, fetch_ms = 0, reply_ms = 0;
};

Totals TotalsOf(Guest& guest) {
  Totals totals;
  // The floor's process is this very program.
  totals.channel = Cpu(guest.Pids({"transportd", "vmtoolsd", "bench"}));
  totals.service = Cpu(guest.Pids({"hgfsd"}));
  totals.client = Cpu({getpid()});
  totals.vmxsim = Cpu({guest.Vmxsim()});
  totals.replies = guest.Stat("replies");
  totals.traps = guest.Stat("traps");
  totals.fetch_ms = guest.Stat("offer_to_fetch_total_ms");
  totals.reply_ms = guest.Stat("fetch_to_reply_total_ms");
  totals.trap_ms = totals.traps * guest.Stat("trap_mean_us") / 1000;
  return totals;
}

}  // namespace

Packets Observe(Guest& guest, const std::function<absl::Duration()>& work) {
  const Totals before = TotalsOf(guest);
  Packets packets;
  packets.work = work();
  const Totals after = TotalsOf(guest);
  const double count = std::max(1.0, after.replies - before.replies);
  packets.wall = absl::ToDoubleMilliseconds(packets.work) / count;
  packets.channel = absl::ToDoubleMilliseconds(after.channel - before.channel) / count;
  packets.service = absl::ToDoubleMilliseconds(after.service - before.service) / count;
  packets.client = absl::ToDoubleMilliseconds(after.client - before.client) / count;
  packets.vmxsim = absl::ToDoubleMilliseconds(after.vmxsim - before.vmxsim) / count;
  packets.traps = (after.trap_ms - before.trap_ms) / count;
  packets.fetch = (after.fetch_ms - before.fetch_ms) / count;
  packets.reply = (after.reply_ms - before.reply_ms) / count;
  packets.host = packets.wall - packets.fetch - packets.reply;
  packets.trap_count = (after.traps - before.traps) / count;
  return packets;
}

Packets Median(std::vector<Packets> packets) {
  std::sort(packets.begin(), packets.end(),
            [](const Packets& a, const Packets& b) { return a.wall < b.wall; });
  return packets[packets.size() / 2];
}

void PrintPackets(const std::string& way, const std::string& heading, const Comparison& comparison,
                  bool vsock) {
  PrintHeading(heading, /*traps_alone=*/true);
  const auto print = [&](const std::string& key, const std::string& name, const std::string& unit,
                         const std::string& what, auto value, const std::string& aim = "") {
    PrintRow(
        {absl::StrCat("transfers.packet.", way, ".", key), name, unit, Better::kLower, what, aim},
        {value(comparison.toolboxd), value(comparison.vmtoolsd), value(comparison.traps)});
  };
  const auto print_us = [&print](const std::string& key, const std::string& name,
                                 double Packets::*member, const std::string& what) {
    print(key, name, "us", what,
          [member](const Packets& packets) { return packets.*member * 1000; });
  };
  print_us("all", "all", &Packets::wall,
           "The time of a whole transfer over its number of packets. vmtoolsd transfers 4 MiB "
           "once; the other two take 60 turns each, of which the median counts.");
  print(
      "multiple", vsock ? "as a multiple of packets alone" : "as a multiple of traps alone", "x",
      vsock ? "The row above, over the same of the guest that only sends and receives: 1 is the "
              "floor."
            : "The row above, over the same of the guest that only traps: 1 is the floor.",
      [&](const Packets& packets) { return packets.wall / comparison.traps.wall; },
      vsock ? "" : "<= 1.5");
  print_us("fetch", "until the guest has it", &Packets::fetch,
           "From the host's offer of a packet until the guest has polled and has read it.");
  print_us("reply", "from there to the reply", &Packets::reply,
           "From there until the host has the guest's reply.");
  print_us("host", "from there to the next offer", &Packets::host,
           "The rest: the host's client between the reply and its next packet.");
  print_us("cpu.channel", "CPU of the channel's owner", &Packets::channel,
           "CPU of transportd or vmtoolsd, the guest's part of the traps included.");
  print_us("cpu.hgfsd", "CPU of hgfsd", &Packets::service,
           "CPU of toolboxd's file service, which the other two do not have.");
  print_us("cpu.client", "CPU of the host's client", &Packets::client, "CPU of the bench program.");
  print_us("cpu.vmxsim", "CPU of vmxsim", &Packets::vmxsim,
           "CPU of the simulated hypervisor: its part of the traps, and the host.");
  if (vsock) return;
  print_us("trap_time", "vmxsim in traps", &Packets::traps,
           "vmxsim's part of the traps alone, from stop to resumption.");
  print("traps", "traps", "", "Five for an exchange, and two for each poll that finds nothing.",
        [](const Packets& packets) { return packets.trap_count; });
}

}  // namespace toolboxd::bench
