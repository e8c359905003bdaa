// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "vmxsim/netlink.h"

namespace toolboxd::vmxsim {
namespace {

constexpr const char* kCoveredPrograms[] = {
    "/sbin/shutdown", "/sbin/reboot",   "/sbin/poweroff", "/sbin/halt",
    "/sbin/telinit",  "/bin/systemctl", "/bin/loginctl",  "/usr/bin/systemctl",
};
// Opened, they do nothing.
constexpr const char* kHiddenFiles[] = {"/dev/vsock", "/dev/vmci", "/proc/sysrq-trigger",
                                        "/sys/power/state"};

bool Exists(const char* path) { return access(path, F_OK) == 0; }

absl::Status Mount(const char* source, const char* target, const char* type, unsigned long flags) {
  if (mount(source, target, type, flags, nullptr) == 0) return absl::OkStatus();
  return ErrnoError(errno, absl::StrCat("mount on ", target));
}

// Mounts a fresh file system over `path` but keeps what is mounted at, or lies in, `kept` below it.
absl::Status MountKeeping(const char* type, const char* path, const char* kept) {
  const int tree = static_cast<int>(
      syscall(SYS_open_tree, AT_FDCWD, kept, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  absl::Status status = Mount(type, path, type, MS_NOSUID | MS_NODEV);
  if (tree < 0) return status;
  mkdir(kept, 0755);
  if (status.ok() &&
      syscall(SYS_move_mount, tree, "", AT_FDCWD, kept, MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    status = ErrnoError(errno, absl::StrCat("mount on ", kept));
  }
  close(tree);
  return status;
}

// So that sd_booted() says no and nothing reaches the machine's systemd; name resolution stays.
absl::Status HideSystemd() {
  if (Exists("/run/systemd")) {
    const absl::Status status = MountKeeping("tmpfs", "/run/systemd", "/run/systemd/resolve");
    if (!status.ok()) return status;
  }
  return Exists("/run/dbus") ? Mount("tmpfs", "/run/dbus", "tmpfs", MS_NOSUID | MS_NODEV)
                             : absl::OkStatus();
}

absl::Status Copy(const std::string& from, const char* to) {
  const int source = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  const int target = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
  ssize_t size = -1;
  if (source >= 0 && target >= 0) {
    while ((size = sendfile(target, source, nullptr, 1 << 20)) > 0) {
    }
  }
  const int error = errno;
  if (source >= 0) close(source);
  if (target >= 0) close(target);
  return size == 0 ? absl::OkStatus() : ErrnoError(error, absl::StrCat("copying ", from));
}

// The recorder lies on a file system in memory: mounts of a disk would be taken for disks of the
// guest. It is made where /proc will be, a place that every machine has, and stays without a path.
absl::Status CoverPrograms(const std::string& recorder) {
  constexpr char kCopy[] = "/proc/recorder";
  absl::Status status = Mount("tmpfs", "/proc", "tmpfs", MS_NODEV);
  if (!status.ok()) return status;
  status = Copy(recorder, kCopy);
  for (const char* path : kCoveredPrograms) {
    struct stat covered;
    struct stat own;
    if (!status.ok() || stat(path, &covered) != 0 || stat(kCopy, &own) != 0) continue;
    // Most of these are links to one program, which is covered once.
    if (covered.st_dev == own.st_dev && covered.st_ino == own.st_ino) continue;
    status = Mount(kCopy, path, nullptr, MS_BIND);
  }
  if (umount2("/proc", MNT_DETACH) != 0) status.Update(ErrnoError(errno, "umount"));
  return status;
}

}  // namespace

int NamespaceFlags() { return CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET; }

absl::Status SetUpMounts(const std::string& recorder) {
  absl::Status status = Mount("", "/", nullptr, MS_REC | MS_PRIVATE);
  if (status.ok()) status = CoverPrograms(recorder);
  if (status.ok()) status = Mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
  if (status.ok()) status = MountKeeping("sysfs", "/sys", "/sys/fs/cgroup");
  if (status.ok()) status = HideSystemd();
  for (const char* path : kHiddenFiles) {
    if (status.ok() && Exists(path)) status = Mount("/dev/null", path, nullptr, MS_BIND);
  }
  return status;
}

absl::Status SetUpHostName() {
  const absl::string_view name = kGuestHostName;
  if (sethostname(name.data(), name.size()) == 0) return absl::OkStatus();
  return ErrnoError(errno, "sethostname");
}

absl::Status SetUpNetwork() {
  // The other end of the guest's interface is in a second namespace, which the interface pair
  // itself keeps alive as long as this process holds `outside`; so it is not closed.
  const int guest = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (guest < 0 || unshare(CLONE_NEWNET) != 0) return ErrnoError(errno, "network namespace");
  const int outside = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  absl::StatusOr<Netlink> far = Netlink::Open();
  if (!far.ok()) return far.status();
  if (setns(guest, CLONE_NEWNET) != 0) return ErrnoError(errno, "setns");
  absl::StatusOr<Netlink> near = Netlink::Open();
  close(guest);
  if (!near.ok()) return near.status();

  absl::Status status = near->SetUp("lo");
  status.Update(near->AddVethPair(kGuestInterface, kGuestMac, "switch", outside));
  // No duplicate address detection: the link-local address is usable at once.
  const int dad = open("/proc/sys/net/ipv6/conf/eth0/accept_dad", O_WRONLY | O_CLOEXEC);
  if (dad >= 0) {
    if (write(dad, "0", 1) != 1) status.Update(ErrnoError(errno, "accept_dad"));
    close(dad);
  }
  status.Update(near->SetUp(kGuestInterface));
  status.Update(near->AddAddress(kGuestInterface, kGuestIpv4, 24));
  status.Update(near->AddAddress(kGuestInterface, kGuestIpv6, 64));

  // Interface names are looked up in the namespace of the thread.
  const int back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (setns(outside, CLONE_NEWNET) != 0) return ErrnoError(errno, "setns");
  status.Update(far->SetUp("switch"));
  status.Update(far->AddAddress("switch", "192.0.2.1", 24));
  status.Update(far->AddAddress("switch", "2001:db8::1", 64));
  if (setns(back, CLONE_NEWNET) != 0) return ErrnoError(errno, "setns");
  close(back);
  status.Update(near->AddDefaultRoute("192.0.2.1"));
  status.Update(near->AddDefaultRoute("2001:db8::1"));
  return status;
}

}  // namespace toolboxd::vmxsim
