// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/self_test.h"

#include <algorithm>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/table.h"

namespace toolboxd {
namespace {

SelfTestResult Result(std::string name, bool holds, std::string fault) {
  return {std::move(name), holds ? "" : std::move(fault)};
}

SelfTestResult CheckConfiguration(const std::string& name, const v1::ConfigurationStatus& status) {
  return Result(absl::StrCat(name, " can be read"),
                status.state() != v1::ConfigurationStatus::BROKEN,
                absl::StrCat(absl::StrJoin(status.faults(), "; "),
                             "; correct it, then 'systemctl reload toolboxd-transportd'"));
}

// A variable that no program has: the host answers, whatever it says.
SelfTestResult CheckRequest(TransportClient& client) {
  const absl::Status status = client.SendRpci("info-get guestinfo.toolboxd.selftest").status();
  return Result("the host answers a request", status.ok(), std::string(status.message()));
}

}  // namespace

std::vector<SelfTestResult> CheckStatus(const v1::TransportStatus& status) {
  std::vector<SelfTestResult> results = {
      Result("there is a channel to the host", !status.channel().empty(),
             "no host answers; see 'journalctl -u toolboxd-transportd'"),
      Result("the guest is registered with the host", status.registered(),
             "the host has not asked for it, or refuses it; see 'journalctl -u "
             "toolboxd-transportd'"),
      Result("the host has an address of the guest", !status.reported_address().empty(),
             "see 'toolboxctl nics'"),
      CheckConfiguration("the policy", status.policy()),
      CheckConfiguration("routes.d", status.routes()),
  };
  for (const v1::ServiceStatus& service : status.services()) {
    if (service.name() == "guestinfod") {
      results.push_back(
          Result("guestinfod sends guest information", service.connected(),
                 absl::StrCat(service.last_error(), "; see 'journalctl -u toolboxd-guestinfod'")));
    }
  }
  return results;
}

std::vector<SelfTestResult> CheckReported(const v1::ReportedInfo& info) {
  std::vector<SelfTestResult> results = {
      Result("there is guest information", info.has_snapshot(), "guestinfod has sent nothing yet")};
  for (const v1::ReportedItem& item : info.items()) {
    if (item.state() != v1::ReportedItem::REFUSED) continue;
    results.push_back(Result(absl::StrCat("the host takes ", item.name()), false,
                             "it refuses it; see 'toolboxctl info'"));
  }
  return results;
}

std::string SelfTestText(const std::vector<SelfTestResult>& results, const Terminal& terminal) {
  Table table;
  for (const SelfTestResult& result : results) {
    if (result.fault.empty()) {
      table.AddRow({Cell("ok", Colour::kGood), result.name});
    } else {
      table.AddRow({Cell("FAIL", Colour::kBad), absl::StrCat(result.name, ": ", result.fault)});
    }
  }
  return table.Text(terminal);
}

int SelfTestMain() {
  TransportClient client(absl::GetFlag(FLAGS_control));
  const absl::StatusOr<v1::TransportStatus> status = client.GetStatus();
  std::vector<SelfTestResult> results = {
      Result("transportd answers", status.ok(), std::string(status.status().message()))};
  if (status.ok()) {
    for (SelfTestResult& result : CheckStatus(*status)) results.push_back(std::move(result));
    results.push_back(CheckRequest(client));
    const absl::StatusOr<v1::ReportedInfo> info =
        client.Call(&v1::Transport::Stub::GetReportedInfo, v1::GetReportedInfoRequest());
    results.push_back(
        Result("the channel's thread answers", info.ok(), std::string(info.status().message())));
    if (info.ok()) {
      for (SelfTestResult& result : CheckReported(*info)) results.push_back(std::move(result));
    }
  }
  const int printed = Print(SelfTestText(results, OutputTerminal()));
  const bool good = std::all_of(results.begin(), results.end(),
                                [](const SelfTestResult& result) { return result.fault.empty(); });
  return printed != 0 || good ? printed : kExitFailed;
}

}  // namespace toolboxd
