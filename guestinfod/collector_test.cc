// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/collector.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "guestinfod/testing/namespaces.h"

namespace toolboxd::guestinfod {
namespace {

namespace fs = std::filesystem;

using ::std::string_literals::operator""s;

constexpr absl::Duration kQuietAfter = absl::Milliseconds(300);
// For a busy machine: a test waits that long only to fail.
constexpr absl::Duration kPatience = absl::Seconds(20);

// Writes down what is published.
class Recorder {
 public:
  void Add(const v1::GuestInfoSnapshot& snapshot) {
    absl::MutexLock lock(&mutex_);
    snapshots_.push_back(snapshot);
  }

  absl::Mutex* mutex() ABSL_LOCK_RETURNED(mutex_) { return &mutex_; }

  size_t count() {
    absl::MutexLock lock(&mutex_);
    return snapshots_.size();
  }

  v1::GuestInfoSnapshot last() {
    absl::MutexLock lock(&mutex_);
    return snapshots_.back();
  }

  // Whether there is one more than `count` within the time.
  bool WaitForMoreThan(size_t count, absl::Duration timeout) {
    absl::MutexLock lock(&mutex_);
    const auto more = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return snapshots_.size() > count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&more), timeout);
  }

 private:
  absl::Mutex mutex_;
  std::vector<v1::GuestInfoSnapshot> snapshots_ ABSL_GUARDED_BY(mutex_);
};

// How often the collector's thread went to sleep.
int64_t Sleeps() {
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::string line;
    std::ifstream comm(task.path() / "comm");
    if (!std::getline(comm, line) || line != "collector") continue;
    std::ifstream status(task.path() / "status");
    while (std::getline(status, line)) {
      int64_t count = 0;
      if (line.rfind("voluntary_ctxt_switches:", 0) == 0 &&
          absl::SimpleAtoi(line.substr(24), &count)) {
        return count;
      }
    }
  }
  return -1;
}

class CollectorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(EnterNamespaces()) << "this test needs root";
    ASSERT_TRUE(AddInterface());
    Write("etc/resolv.conf", "nameserver 10.0.0.2\n");
    Write("etc/os-release", "ID=debian\nVERSION_ID=12\n");
    Write("proc/uptime", "100.00 1.00\n");
    Write("proc/self/mountinfo", "");
  }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  // Waits until what the set-up caused has passed.
  void Start(absl::Duration interval = absl::InfiniteDuration()) {
    CollectorOptions options;
    options.root = root_;
    options.network = DefaultNetworkOptions();
    options.interval = interval;
    options.publish = [this](const v1::GuestInfoSnapshot& snapshot) { recorder_.Add(snapshot); };
    options.settle = settle_;
    options.read_resolved = [this] {
      absl::MutexLock lock(&mutex_);
      LinkDns links;
      for (uint32_t index = 1; index < 10 && !resolved_server_.empty(); ++index) {
        links[index].add_servers(resolved_server_);
      }
      return links;
    };
    options.on_quiet = on_quiet_;
    options.quiet_after = kQuietAfter;
    collector_ = Collector::Start(std::move(options)).value();
    while (recorder_.WaitForMoreThan(recorder_.count(), absl::Milliseconds(300))) {
    }
    seen_ = recorder_.count();
  }

  // Exactly one new snapshot.
  void ExpectOneMore() {
    EXPECT_TRUE(recorder_.WaitForMoreThan(seen_, kPatience));
    EXPECT_FALSE(recorder_.WaitForMoreThan(seen_ + 1, absl::Milliseconds(400)));
    seen_ = recorder_.count();
  }

  const fs::path root_ = fs::path(::testing::TempDir()) /
                         ::testing::UnitTest::GetInstance()->current_test_info()->name();
  Recorder recorder_;
  absl::Mutex mutex_;
  std::string resolved_server_ ABSL_GUARDED_BY(mutex_);
  absl::Duration settle_ = CollectorOptions().settle;
  std::function<void()> on_quiet_;
  std::unique_ptr<Collector> collector_;
  size_t seen_ = 0;
};

TEST_F(CollectorTest, FirstSnapshotIsComplete) {
  ASSERT_TRUE(Ip("addr add 192.0.2.5/24 dev nic0"));
  ASSERT_EQ(sethostname("vm1", 3), 0);
  Write("proc/meminfo", "MemTotal: 1024 kB\n");
  Start();
  EXPECT_EQ(seen_, 1u);
  const v1::GuestInfoSnapshot snapshot = recorder_.last();
  EXPECT_EQ(snapshot.host_name(), "vm1");
  EXPECT_EQ(snapshot.operating_system().distribution_version(), "12");
  EXPECT_EQ(snapshot.primary_address(), "192.0.2.5");
  EXPECT_EQ(snapshot.dns().servers_size(), 1);
  EXPECT_EQ(snapshot.memory().total_bytes(), 1024u * 1024);
  EXPECT_EQ(snapshot.uptime_centiseconds(), 10000u);
}

TEST_F(CollectorTest, AddedAddressMakesOneSnapshotSoon) {
  Start();
  const absl::Time before = absl::Now();
  ASSERT_TRUE(Ip("addr add 192.0.2.5/24 dev nic0"));
  ASSERT_TRUE(recorder_.WaitForMoreThan(seen_, kPatience));
  RecordProperty("milliseconds", static_cast<int>(absl::ToInt64Milliseconds(absl::Now() - before)));
  ExpectOneMore();
  EXPECT_EQ(recorder_.last().primary_address(), "192.0.2.5");
  ASSERT_TRUE(Ip("addr del 192.0.2.5/24 dev nic0"));
  ExpectOneMore();
  EXPECT_EQ(recorder_.last().primary_address(), "");
}

TEST_F(CollectorTest, BurstMakesOneSnapshot) {
  // Longer than ip takes for the batch on a busy machine.
  settle_ = absl::Milliseconds(300);
  Start();
  Write("batch", "");
  {
    std::ofstream batch(root_ / "batch");
    for (int i = 1; i < 100; ++i) batch << "addr add 192.0.2." << i << "/24 dev nic0\n";
  }
  ASSERT_TRUE(Ip(absl::StrCat("-batch ", (root_ / "batch").string())));
  ExpectOneMore();
  const v1::GuestInfoSnapshot snapshot = recorder_.last();
  ASSERT_EQ(snapshot.interfaces_size(), 1);
  EXPECT_EQ(snapshot.interfaces(0).addresses_size(), 99);
}

TEST_F(CollectorTest, ChangeThatIsUndoneMakesNoSnapshot) {
  Start();
  ASSERT_TRUE(
      Ip("addr add 192.0.2.5/24 dev nic0 && PATH=/usr/sbin:/sbin:/usr/bin:/bin ip addr "
         "del 192.0.2.5/24 dev nic0"));
  EXPECT_FALSE(recorder_.WaitForMoreThan(seen_, absl::Milliseconds(400)));
}

TEST_F(CollectorTest, ResolverFileMakesOneSnapshot) {
  Start();
  Write("etc/resolv.conf.new", "nameserver 10.0.0.3\n");
  fs::rename(root_ / "etc/resolv.conf.new", root_ / "etc/resolv.conf");
  ExpectOneMore();
  EXPECT_EQ(recorder_.last().dns().servers(0), "10.0.0.3");
}

TEST_F(CollectorTest, NameServersOfAnInterfaceMakeOneSnapshot) {
  ASSERT_TRUE(Ip("addr add 192.0.2.5/24 dev nic0"));
  Write("run/systemd/resolve/resolv.conf", "nameserver 10.0.0.2\n");
  Start();
  ASSERT_EQ(recorder_.last().interfaces_size(), 1);
  EXPECT_FALSE(recorder_.last().interfaces(0).has_dns());
  // systemd-resolved writes its resolv.conf last, whatever changed.
  {
    absl::MutexLock lock(&mutex_);
    resolved_server_ = "10.0.0.4";
  }
  Write("run/systemd/resolve/resolv.conf.new", "nameserver 10.0.0.4\n");
  fs::rename(root_ / "run/systemd/resolve/resolv.conf.new",
             root_ / "run/systemd/resolve/resolv.conf");
  ExpectOneMore();
  EXPECT_EQ(recorder_.last().interfaces(0).dns().servers(0), "10.0.0.4");
}

TEST_F(CollectorTest, NewHostNameMakesOneSnapshot) {
  Start();
  ASSERT_EQ(sethostname("renamed", 7), 0);
  ExpectOneMore();
  EXPECT_EQ(recorder_.last().host_name(), "renamed");
}

TEST_F(CollectorTest, MountMakesOneSnapshot) {
  Start();
  struct stat status;
  ASSERT_EQ(stat(root_.c_str(), &status), 0);
  Write("proc/self/mountinfo", absl::StrCat("1 0 ", major(status.st_dev), ":", minor(status.st_dev),
                                            " / /etc rw - ext4 /dev/x rw\n"));
  EXPECT_FALSE(recorder_.WaitForMoreThan(seen_, absl::Milliseconds(200)));
  fs::create_directories(root_ / "mnt");
  ASSERT_EQ(mount("none", (root_ / "mnt").c_str(), "tmpfs", 0, nullptr), 0);
  ExpectOneMore();
  EXPECT_EQ(recorder_.last().disks_size(), 1);
  EXPECT_EQ(umount((root_ / "mnt").c_str()), 0);
}

TEST_F(CollectorTest, MemoryAndUptimeAreReadAtTheirInterval) {
  Start(absl::Milliseconds(500));
  Write("proc/uptime", "200.00 1.00\n");
  ASSERT_TRUE(recorder_.WaitForMoreThan(seen_, kPatience));
  EXPECT_EQ(recorder_.last().uptime_centiseconds(), 20000u);
}

TEST_F(CollectorTest, EndOfABurstIsReportedOnce) {
  std::atomic<int> quiets = 0;
  std::atomic<int64_t> last_quiet = 0;
  on_quiet_ = [&] {
    last_quiet = absl::GetCurrentTimeNanos();
    ++quiets;
  };
  Start();
  // What the set-up caused.
  absl::SleepFor(2 * kQuietAfter);
  const int before = quiets;
  const int64_t change = absl::GetCurrentTimeNanos();
  ASSERT_TRUE(Ip("addr add 192.0.2.5/24 dev nic0"));
  EXPECT_TRUE(Eventually([&] { return quiets > before; }));
  EXPECT_GE(absl::Nanoseconds(last_quiet - change), kQuietAfter);
  EXPECT_GT(recorder_.count(), seen_);
  absl::SleepFor(2 * kQuietAfter);
  EXPECT_EQ(quiets, before + 1);
}

TEST_F(CollectorTest, CollectorIsStuckWhileItHangsAndNotWhileItSleeps) {
  Start();
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_FALSE(collector_->IsStuck(absl::Milliseconds(50)));
  {
    // The collector's thread publishes into this recorder, which does not let it.
    absl::MutexLock held(recorder_.mutex());
    ASSERT_TRUE(Ip("addr add 192.0.2.5/24 dev nic0"));
    absl::SleepFor(absl::Milliseconds(400));
    EXPECT_TRUE(collector_->IsStuck(absl::Milliseconds(50)));
    EXPECT_FALSE(collector_->IsStuck(absl::Seconds(10)));
  }
  EXPECT_TRUE(recorder_.WaitForMoreThan(seen_, kPatience));
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_FALSE(collector_->IsStuck(absl::Milliseconds(50)));
}

// What the kernel reports of links, addresses, routes, mounts and the host name, to this test as to
// the collector. Of the host name it reports changes in all namespaces, such as other tests' own.
class Events {
 public:
  Events()
      : netlink_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)),
        mounts_(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)),
        host_name_(open("/proc/sys/kernel/hostname", O_RDONLY | O_CLOEXEC)) {
    sockaddr_nl address = {};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                        RTMGRP_IPV6_ROUTE | RTMGRP_IPV6_IFINFO | RTMGRP_NEIGH;
    EXPECT_EQ(bind(netlink_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }

  // Whether there is one within this time.
  bool Within(absl::Duration time) {
    pollfd items[] = {
        {netlink_.get(), POLLIN, 0}, {mounts_.get(), POLLPRI, 0}, {host_name_.get(), POLLPRI, 0}};
    if (poll(items, 3, static_cast<int>(absl::ToInt64Milliseconds(time))) == 0) return false;
    char bytes[8192];
    while (recv(netlink_.get(), bytes, sizeof bytes, 0) > 0) {
    }
    return true;
  }

 private:
  UniqueFd netlink_;
  UniqueFd mounts_;
  UniqueFd host_name_;
};

// What the set-up caused may come late on a busy machine; where nothing comes, it does not wake.
TEST_F(CollectorTest, IdleCollectorSleeps) {
  Events events;
  Start();
  ASSERT_GE(Sleeps(), 0);
  int64_t before;
  do {
    // Longer than changes are gathered, and than it looks whether more come.
    while (events.Within(absl::Seconds(2))) {
    }
    before = Sleeps();
  } while (events.Within(absl::Seconds(3)));
  EXPECT_EQ(Sleeps(), before);
  EXPECT_EQ(recorder_.count(), seen_);
}

}  // namespace
}  // namespace toolboxd::guestinfod
