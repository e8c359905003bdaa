#include "tests/bench/packets.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

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

using Value = std::function<double(const Packets&)>;

void PrintLine(const std::string& name, const Comparison& comparison, const Value& value,
               const std::string& aim = "") {
  std::printf("  %-32s", name.c_str());
  for (const Packets* packets : {&comparison.toolboxd, &comparison.vmtoolsd, &comparison.traps}) {
    std::printf(" %11.3f", value(*packets));
  }
  std::printf("  %s\n", aim.c_str());
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

void PrintPackets(const std::string& heading, const Comparison& comparison) {
  std::printf("\n%-34s %11s %11s %11s  aim\n", heading.c_str(), "toolboxd", "vmtoolsd",
              "traps alone");
  const auto line = [&comparison](const std::string& name, auto member) {
    PrintLine(name, comparison, [member](const Packets& packets) { return packets.*member; });
  };
  line("all, ms", &Packets::wall);
  PrintLine(
      "toolboxd's / this", comparison,
      [&](const Packets& packets) { return comparison.toolboxd.wall / packets.wall; },
      "traps alone <= 1.5");
  line("until the guest has it, ms", &Packets::fetch);
  line("from there to the reply, ms", &Packets::reply);
  line("from there to the next offer, ms", &Packets::host);
  line("CPU of the channel's owner, ms", &Packets::channel);
  line("CPU of hgfsd, ms", &Packets::service);
  line("CPU of the host's client, ms", &Packets::client);
  line("CPU of vmxsim, ms", &Packets::vmxsim);
  line("vmxsim in traps, ms", &Packets::traps);
  line("traps", &Packets::trap_count);
  std::fflush(stdout);
}

}  // namespace toolboxd::bench
