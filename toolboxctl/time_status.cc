// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/time_status.h"

#include <dirent.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/small_file.h"
#include "toolboxctl/output.h"

namespace toolboxd {
namespace {

// As the kernel has them: 15 characters of a name.
constexpr absl::string_view kServices[] = {"chronyd",         "ntpd",    "ntpd-rs", "openntpd",
                                           "systemd-timesyn", "phc2sys", "ptp4l"};

void Line(std::string& text, absl::string_view name, absl::string_view value) {
  absl::StrAppendFormat(&text, "%-16s%s\n", name, value);
}

// "1.500000 s"; negative numbers without their sign.
std::string Seconds(int64_t micros) {
  const int64_t size = std::abs(micros);
  return absl::StrFormat("%d.%06d s", size / 1000000, size % 1000000);
}

std::string ComparisonText(const v1::TimeStatus& status) {
  if (!status.has_now()) return absl::StrCat("not known: ", status.fault());
  const v1::TimeComparison& now = status.now();
  std::string text =
      absl::StrCat(Seconds(now.offset_us()), now.offset_us() < 0 ? " late" : " early", ", within ",
                   Seconds(now.window_us()));
  if (now.interrupt_lag_us() > 0) {
    absl::StrAppend(&text, "; the hypervisor makes up ", Seconds(now.interrupt_lag_us()));
  }
  return text;
}

absl::string_view ModeText(v1::TimeStatus::Mode mode) {
  switch (mode) {
    case v1::TimeStatus::HOST:
      return "what the host asks for (--time_sync=host)";
    case v1::TimeStatus::ONCE:
      return "steps only (--time_sync=once)";
    case v1::TimeStatus::OFF:
      return "nothing (--time_sync=off)";
    default:
      return "not known";
  }
}

std::string HostText(const v1::TimeStatus& status) {
  const v1::HostTimeOptions& options = status.options();
  if (!options.synchronize()) return "no periodic synchronization";
  std::string text =
      absl::StrCat("periodic synchronization, every ", options.period_seconds(), " s");
  if (options.slew()) absl::StrAppend(&text, ", ", options.percent(), " % of an error each");
  if (!options.slew()) absl::StrAppend(&text, ", by steps");
  if (status.left_alone()) absl::StrAppend(&text, "; left to the other service");
  if (!status.periodic()) absl::StrAppend(&text, "; not done");
  return text;
}

absl::string_view ReasonText(v1::StepReason reason) {
  switch (reason) {
    case v1::HOST_REQUEST:
      return "the host asked";
    case v1::TOOLS_STARTUP:
      return "once after a boot";
    case v1::PERIODIC_ENABLED:
      return "periodic synchronization was switched on";
    case v1::PERIODIC:
      return "periodic synchronization";
    default:
      return "not known";
  }
}

std::string StepText(const v1::TimeStatus& status, absl::TimeZone zone) {
  if (status.steps() == 0) return "none";
  const v1::TimeStep& step = status.last_step();
  return absl::StrCat(
      absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(step.time_us()), zone),
      step.delta_us() < 0 ? ", back by " : ", forward by ", Seconds(step.delta_us()), ": ",
      ReasonText(step.reason()), "; ", status.steps(), " in all");
}

std::string DisciplineText(const v1::TimeStatus& status, const std::vector<std::string>& services) {
  if (!status.has_clock()) return absl::StrCat("not known: ", status.clock_fault());
  const std::string names =
      services.empty() ? "" : absl::StrCat(" (", absl::StrJoin(services, ", "), " runs)");
  switch (status.clock().discipline()) {
    case v1::ClockStatus::NOT_DISCIPLINED:
      return absl::StrCat("no service, as far as the kernel knows", names);
    case v1::ClockStatus::BY_TOOLBOXD:
      return absl::StrFormat("toolboxd: tick %d us, %.3f ppm", status.clock().tick_us(),
                             status.clock().frequency() / 65536.0);
    case v1::ClockStatus::BY_ANOTHER_SERVICE:
      return absl::StrCat("another service", names);
    default:
      return "not known";
  }
}

}  // namespace

std::vector<std::string> RunningTimeServices(const std::string& proc) {
  std::set<std::string> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(proc.c_str()), closedir);
  while (const dirent* entry = folder == nullptr ? nullptr : readdir(folder.get())) {
    if (!absl::ascii_isdigit(entry->d_name[0])) continue;
    const std::string name(absl::StripAsciiWhitespace(
        ReadSmallFileOrEmpty(absl::StrCat(proc, "/", entry->d_name, "/comm"), 64)));
    if (std::find(std::begin(kServices), std::end(kServices), name) == std::end(kServices))
      continue;
    found.insert(name == "systemd-timesyn" ? "systemd-timesyncd" : name);
  }
  return {found.begin(), found.end()};
}

std::string TimeText(const v1::TimeStatus& status, const std::vector<std::string>& services,
                     absl::TimeZone zone) {
  std::string text;
  Line(text, "clock", ComparisonText(status));
  Line(text, "disciplined by", DisciplineText(status, services));
  Line(text, "permitted", ModeText(status.mode()));
  Line(text, "the host asks", HostText(status));
  Line(text, "last step", StepText(status, zone));
  if (!status.last_failure().empty()) Line(text, "last failure", status.last_failure());
  return text;
}

int TimeMain(const std::string& command,
             const std::function<absl::StatusOr<v1::TimeStatus>()>& ask) {
  if (command != "status") {
    return Usage(absl::StrCat("time takes 'status', not '", command, "'"));
  }
  const absl::StatusOr<v1::TimeStatus> status = ask();
  if (!status.ok()) return Fail(status.status().message());
  return Print(TimeText(*status, RunningTimeServices("/proc"), absl::LocalTimeZone()));
}

}  // namespace toolboxd
