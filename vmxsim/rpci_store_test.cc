// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/rpci_store.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace toolboxd::vmxsim {
namespace {

std::string WithNul(absl::string_view text) {
  return absl::StrCat(text, absl::string_view("\0", 1));
}

TEST(RpciStore, KeepsVariablesWithAndWithoutNul) {
  RpciStore store({});
  EXPECT_EQ(store.Handle("info-set guestinfo.a one two"), "1 ");
  EXPECT_EQ(store.Handle("info-get guestinfo.a"), "1 one two");
  EXPECT_EQ(store.Handle(WithNul("info-set guestinfo.a three")), "1 ");
  EXPECT_EQ(store.Handle(WithNul("info-get guestinfo.a")), "1 three");
  EXPECT_EQ(store.Handle("info-get guestinfo.a "), "1 three");
  EXPECT_EQ(store.Handle("info-set guestinfo.a"), "1 ");
  EXPECT_EQ(store.Handle("info-get guestinfo.a"), "1 ");
}

TEST(RpciStore, ReportsWhyThereIsNoValue) {
  RpciStore store({});
  EXPECT_EQ(store.Handle("info-get guestinfo.none"), "0 No value found");
  EXPECT_EQ(store.Handle("info-set other.name x"), "0 Permission denied");
  EXPECT_EQ(store.Handle("info-set guestinfo. x"), "0 Invalid argument");
  EXPECT_EQ(store.Handle("machine.id.get "), "0 No machine id");
}

TEST(RpciStore, KeepsKeysOfNamespaces) {
  RpciStore store({});
  const auto set = [&](absl::string_view rest) {
    std::string request = absl::StrCat("namespace-set-keys a|1|", rest);
    std::replace(request.begin(), request.end(), '|', '\0');
    return store.Handle(request);
  };
  const std::string get = WithNul(WithNul("namespace-get-values a") + "k");
  EXPECT_EQ(store.Handle(get), "0 Key not found");
  EXPECT_EQ(set("0|k|v||"), "1 ");
  EXPECT_EQ(store.Handle(get), WithNul("1 v"));
  EXPECT_EQ(set("1|k|w|other|"), "0 Operation failed");
  EXPECT_EQ(set("1|k|w|v|"), "1 ");
  EXPECT_EQ(store.Handle(get), WithNul("1 w"));
  EXPECT_EQ(set("0|k|||"), "1 ");
  EXPECT_EQ(store.Handle(get), "0 Key not found");
  EXPECT_EQ(set("0|k|v|"), "0 Invalid argument");
}

TEST(RpciStore, UnknownCommandsAreRefusedAndCounted) {
  RpciStore store({});
  EXPECT_EQ(store.Handle("no.such.command at all"), "0 Unknown command");
  EXPECT_EQ(store.Handle(""), "0 Unknown command");
  EXPECT_EQ(store.Handle(absl::string_view("\0\0\0", 3)), "0 Unknown command");
  EXPECT_EQ(store.unknown_commands(), 3u);
}

TEST(RpciStore, EventsOfSnapshotsAreKnownCommands) {
  RpciStore store({});
  store.snapshot().OnRequest("vmbackup.start 1", absl::Now());
  EXPECT_EQ(store.Handle(WithNul("vmbackup.eventSet reset 0 ")), "1 ");
  store.snapshot().Refuse({"req.keepAlive"});
  EXPECT_EQ(store.Handle(WithNul("vmbackup.eventSet req.keepAlive 0 ")), "0 Unknown event");
  EXPECT_EQ(store.unknown_commands(), 0u);
  EXPECT_EQ(store.snapshot().violations(), 0u);
}

TEST(RpciStore, KeepsTheNewestGuestInfoRaw) {
  RpciStore store({});
  const std::string blob("\0\1 \0x", 5);
  EXPECT_EQ(store.Handle("SetGuestInfo  10 old"), "1 ");
  EXPECT_EQ(store.Handle("SetGuestInfo  10 " + blob), "1 ");
  EXPECT_EQ(store.guest_info().at(10), blob);
  EXPECT_EQ(store.guest_info_counts().at(10), 2u);
  EXPECT_EQ(store.Handle("SetGuestInfo  99 x"), "0 Unsupported guest info type");
  EXPECT_EQ(store.Handle("SetGuestInfo  ten x"), "0 Invalid argument");
  EXPECT_EQ(store.Handle("SetGuestInfo"), "0 Invalid argument");
}

TEST(RpciStore, RefusesWhatTheOptionsName) {
  RpciStore store({.refused_info_types = {10, 11}, .refused_commands = {"SetGuestDiskInfo"}});
  EXPECT_EQ(store.Handle("SetGuestInfo  10 x").substr(0, 2), "0 ");
  EXPECT_EQ(store.Handle("SetGuestInfo  9 x"), "1 ");
  EXPECT_EQ(store.Handle("SetGuestDiskInfo {}"), "0 Unknown command");
}

// docs/protocol/power.md 7.1, 7.9: with a NUL in both implementations.
TEST(RpciStore, KeepsStateChanges) {
  RpciStore store({});
  EXPECT_EQ(store.Handle(WithNul("tools.os.statechange.status 1 3")), "1 ");
  EXPECT_EQ(store.Handle("tools.os.statechange.status 0 1"), "1 ");
  EXPECT_EQ(store.Handle("tools.os.statechange.status one"), "0 Invalid argument");
  ASSERT_EQ(store.state_changes().size(), 2u);
  EXPECT_EQ(store.state_changes()[0].status, 1);
  EXPECT_EQ(store.state_changes()[0].state, 3);
  EXPECT_EQ(store.state_changes()[1].status, 0);
}

TEST(RpciStore, RegistrationIsForgottenWithTheGuest) {
  RpciStore store({});
  EXPECT_EQ(store.Handle("tools.set.version 2147483647"), "1 ");
  EXPECT_EQ(store.tools_version(), "2147483647");
  EXPECT_EQ(store.Handle(WithNul("tools.set.versiontype 12352 4")), "1 ");
  EXPECT_EQ(store.tools_version(), "12352");
  EXPECT_EQ(store.tools_version_type(), "4");
  EXPECT_EQ(store.Handle("tools.capability.hgfs_server toolbox 1"), "1 ");
  EXPECT_EQ(store.capabilities().at("hgfs_server"), "toolbox 1");
  store.Handle("info-set guestinfo.kept x");
  store.ResetRegistration();
  EXPECT_EQ(store.tools_version(), "");
  EXPECT_TRUE(store.capabilities().empty());
  EXPECT_EQ(store.Handle("info-get guestinfo.kept"), "1 x");
}

}  // namespace
}  // namespace toolboxd::vmxsim
