// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/collector.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/os_release.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "guestinfod/disks.h"
#include "guestinfod/link_settings.h"
#include "guestinfod/memory.h"
#include "guestinfod/network.h"
#include "guestinfod/operating_system.h"
#include "guestinfod/resolver.h"
#include "guestinfod/text.h"

namespace toolboxd::guestinfod {
namespace {

constexpr size_t kMaxFile = 64 * 1024;
constexpr absl::Duration kMaxSettle = absl::Seconds(1);

// A file of /proc that poll(2) reports as exceptional when its content has changed.
absl::StatusOr<UniqueFd> OpenPollable(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoError(errno, absl::StrCat("cannot open ", path));
  return fd;
}

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = "";
  // The size includes the NUL: with one less, a name of 64 characters is an error.
  return gethostname(name, sizeof(name)) == 0 ? name : "";
}

// For poll(2): rounded up, so that the time has come when it returns.
int MillisecondsUntil(absl::Time time) {
  const int64_t left =
      absl::ToInt64Milliseconds(absl::Ceil(time - SteadyNow(), absl::Milliseconds(1)));
  return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Collector>> Collector::Start(CollectorOptions options) {
  absl::StatusOr<Netlink> netlink = Netlink::Open();
  if (!netlink.ok()) return netlink.status();
  absl::StatusOr<FileWatch> files = FileWatch::Open({
      options.root + "/etc/resolv.conf",
      options.root + "/run/systemd/resolve/resolv.conf",
      options.root + "/etc/hosts",
      options.root + "/etc/os-release",
  });
  if (!files.ok()) return files.status();
  std::unique_ptr<Collector> collector(
      new Collector(std::move(options), *std::move(netlink), *std::move(files)));
  if (absl::Status status = collector->Open(); !status.ok()) return status;
  collector->Collect(kAll);
  collector->thread_ = std::thread(&Collector::Run, collector.get());
  pthread_setname_np(collector->thread_.native_handle(), "collector");
  return collector;
}

Collector::Collector(CollectorOptions options, Netlink netlink, FileWatch files)
    : options_(std::move(options)),
      netlink_(std::move(netlink)),
      files_(std::move(files)),
      statfs_(options_.statfs_socket) {}

Collector::~Collector() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

bool Collector::IsStuck(absl::Duration limit) const {
  const int64_t since = busy_since_ns_;
  return since != 0 && SteadyNow() - absl::FromUnixNanos(since) > limit;
}

absl::Status Collector::Open() {
  absl::StatusOr<UniqueFd> host_name = OpenPollable("/proc/sys/kernel/hostname");
  if (!host_name.ok()) return host_name.status();
  host_name_ = *std::move(host_name);
  absl::StatusOr<UniqueFd> mounts = OpenPollable("/proc/self/mountinfo");
  if (!mounts.ok()) return mounts.status();
  mounts_ = *std::move(mounts);

  timer_.reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  stop_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!timer_.ok() || !stop_.ok()) return ErrnoError(errno, "cannot create a timer");
  itimerspec interval{};
  if (options_.interval != absl::InfiniteDuration()) {
    interval.it_interval = absl::ToTimespec(options_.interval);
    interval.it_value = interval.it_interval;
  }
  timerfd_settime(timer_.get(), 0, &interval, nullptr);
  return absl::OkStatus();
}

void Collector::Run() {
  unsigned parts = 0;
  std::optional<absl::Time> due;
  std::optional<absl::Time> last;
  std::optional<absl::Time> quiet;
  absl::Duration settle = options_.settle;
  while (Wait(due ? due : quiet, parts)) {
    const absl::Time now = SteadyNow();
    if (parts == 0) {
      if (!quiet || now < *quiet) continue;
      options_.on_quiet();
      quiet.reset();
      continue;
    }
    // The figures of the interval are not gathered with anything.
    if (parts != (kFigures | kDisks)) {
      if (!due) due = now + settle;
      if (now < *due) continue;
      const bool busy = last && now - *last < kMaxSettle;
      settle = busy ? std::min(2 * settle, kMaxSettle) : options_.settle;
      last = now;
    }
    busy_since_ns_ = absl::ToUnixNanos(now);
    Collect(std::exchange(parts, 0));
    busy_since_ns_ = 0;
    due.reset();
    if (options_.on_quiet) quiet = now + options_.quiet_after;
  }
}

bool Collector::Wait(std::optional<absl::Time> until, unsigned& parts) {
  pollfd fds[] = {
      {netlink_.fd(), POLLIN, 0},  {files_.fd(), POLLIN, 0},  {host_name_.get(), POLLPRI, 0},
      {mounts_.get(), POLLPRI, 0}, {timer_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0},
  };
  if (poll(fds, std::size(fds), until ? MillisecondsUntil(*until) : -1) < 0) return errno == EINTR;
  if (fds[5].revents != 0) return false;
  if (fds[0].revents != 0 && netlink_.Drain()) parts |= kNetwork;
  if (fds[1].revents != 0 && files_.Drain()) parts |= kNames;
  if (fds[2].revents != 0) parts |= kNames;
  if (fds[3].revents != 0) parts |= kDisks;
  uint64_t ticks = 0;
  if (fds[4].revents != 0 && read(timer_.get(), &ticks, sizeof(ticks)) == sizeof(ticks)) {
    parts |= kFigures | kDisks;
  }
  return true;
}

void Collector::Collect(unsigned parts) {
  if (parts & kNetwork) ReadNetwork();
  if (parts & kNames) ReadNames();
  if (parts & (kNetwork | kNames)) ReadLinkSettings();
  if (parts & kDisks) *snapshot_.mutable_disks() = ReadDisks(options_.root, statfs_);
  if (parts & kFigures) {
    *snapshot_.mutable_memory() = ReadMemory(options_.root);
    snapshot_.set_uptime_centiseconds(ReadUptime(options_.root));
  }
  std::string bytes = snapshot_.SerializeAsString();
  if (bytes == published_) return;
  published_ = std::move(bytes);
  options_.publish(snapshot_);
}

void Collector::ReadNetwork() {
  const absl::StatusOr<NetworkState> state =
      netlink_.Dump([this](const Link& link) { return IsReportable(link, options_.network); });
  if (!state.ok()) {
    LogLimited("rtnetlink", "cannot read the network: ", state.status().message());
    return;
  }
  const auto is_device = [this](const std::string& name) {
    return IsDeviceInSysfs(options_.root, name);
  };
  FillNetwork(*state, options_.network, is_device, snapshot_);
}

void Collector::ReadLinkSettings() {
  const bool is_needed = options_.read_resolved && IsResolvedNeeded(options_.root, snapshot_);
  AddLinkSettings(options_.root, is_needed ? options_.read_resolved() : LinkDns(), snapshot_);
}

void Collector::ReadNames() {
  const std::string hosts = ReadLines(options_.root + "/etc/hosts", kMaxFile);
  snapshot_.set_host_name(FullHostName(hosts, HostName()));
  *snapshot_.mutable_dns() = ReadDnsConfiguration(options_.root, snapshot_.host_name());

  *snapshot_.mutable_operating_system() =
      DescribeOperatingSystem(ReadOsRelease(options_.root), RunningKernel());
}

}  // namespace toolboxd::guestinfod
