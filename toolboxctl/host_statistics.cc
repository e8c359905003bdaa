// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/host_statistics.h"

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/show.h"
#include "toolboxctl/table.h"
#include "toolboxctl/transport_client.h"

namespace toolboxd {

std::string HostStatisticsText(const v1::HostStatistics& statistics, const Terminal& terminal) {
  if (statistics.statistics().empty()) return "the host has no values\n";
  Table table("lrl");
  for (const v1::HostStatistic& statistic : statistics.statistics()) {
    if (!statistic.text().empty()) {
      table.AddRow({statistic.name(), "", statistic.text()});
    } else if (statistic.unlimited()) {
      table.AddRow({statistic.name(), "none", ""});
    } else {
      table.AddRow({statistic.name(), absl::StrCat(statistic.value()), statistic.unit()});
    }
  }
  return table.Text(terminal);
}

int StatMain() {
  TransportClient client(absl::GetFlag(FLAGS_control));
  return Show<v1::HostStatistics>(ShowOptionsFromFlags(),
                                  {.fetch =
                                       [&client] {
                                         return client.Call(&v1::Transport::Stub::GetHostStatistics,
                                                            v1::GetHostStatisticsRequest());
                                       },
                                   .text = HostStatisticsText});
}

}  // namespace toolboxd
