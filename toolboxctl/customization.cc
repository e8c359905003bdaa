// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/customization.h"

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "daemon/channel.h"
#include "daemon/failed_call.h"
#include "daemon/grpc_status.h"
#include "toolboxctl/output.h"
#include "toolboxd/v1/customization.grpc.pb.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(15);

absl::string_view WayText(v1::CustomizationStatus::Way way) {
  switch (way) {
    case v1::CustomizationStatus::DISABLED:
      return "off";
    case v1::CustomizationStatus::CLOUD_INIT:
      return "by cloud-init";
    case v1::CustomizationStatus::SCRIPTS:
      return "by the scripts of /etc/toolboxd/customize.d";
    case v1::CustomizationStatus::NONE:
      return "not possible";
    default:
      return "not known";
  }
}

absl::StatusOr<v1::CustomizationStatus> Ask(const std::string& socket) {
  const auto stub = v1::Customization::NewStub(ConnectUnix(socket));
  grpc::ClientContext context;
  SetTimeout(kTimeout, &context);
  v1::CustomizationStatus status;
  const grpc::Status result = stub->GetCustomizationStatus(&context, {}, &status);
  if (result.ok()) return status;
  CalledService service = ToolboxdService("deployd", socket, "toolboxd-deployd.socket");
  if (absl::StartsWith(socket, "/run/toolboxd/")) {
    service.access = "run this as root";
    service.look = "see 'journalctl -u toolboxd-deployd'";
  }
  return ExplainFailedCall(FromGrpc(result), service);
}

}  // namespace

std::string CustomizationText(const v1::CustomizationStatus& status, absl::TimeZone zone) {
  std::string text = absl::StrFormat("%-14s%s\n", "customization", WayText(status.way()));
  if (!status.reason().empty())
    absl::StrAppendFormat(&text, "%-14s%s\n", "reason", status.reason());
  absl::StrAppendFormat(
      &text, "%-14s%s\n", "cloud-init",
      status.cloud_init_version().empty() ? "not installed" : status.cloud_init_version());
  if (status.events().empty()) return absl::StrCat(text, "last package  none\n");
  absl::StrAppend(&text, "last package\n");
  for (const v1::DeployEvent& event : status.events()) {
    const absl::Time time = absl::FromUnixMicros(event.time_us());
    absl::StrAppend(&text, "  ", absl::FormatTime("%Y-%m-%d %H:%M:%E3S", time, zone), "  ",
                    event.text(), "\n");
  }
  return text;
}

int CustomizationMain(const CustomizationOptions& options) {
  if (options.command != "status") {
    return Usage(absl::StrCat("customization takes 'status', not '", options.command, "'"));
  }
  const absl::StatusOr<v1::CustomizationStatus> status = Ask(options.socket);
  if (!status.ok()) return Fail(status.status().message());
  return Print(CustomizationText(*status, absl::LocalTimeZone()));
}

}  // namespace toolboxd
