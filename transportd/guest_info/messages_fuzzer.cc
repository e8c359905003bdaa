// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "toolboxd/v1/guest_info.pb.h"
#include "transportd/guest_info/disk_info.h"
#include "transportd/guest_info/memory_info.h"
#include "transportd/guest_info/nic_info.h"
#include "transportd/guest_info/os_info.h"
#include "vmxsim/disk_info.h"
#include "vmxsim/memory_info.h"
#include "vmxsim/nic_info.h"
#include "vmxsim/os_info.h"

namespace {

void Require(bool condition) {
  if (!condition) __builtin_trap();
}

}  // namespace

// Whatever a snapshot holds, a host can read what is sent of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace gi = toolboxd::guest_info;
  namespace host = toolboxd::vmxsim;
  toolboxd::v1::GuestInfoSnapshot snapshot;
  if (!snapshot.ParseFromArray(data, static_cast<int>(size))) return 0;

  Require(host::DecodeNicInfo(gi::EncodeNicInfoV3(snapshot, gi::kMaxAddresses)).ok());
  Require(host::DecodeNicInfo(gi::EncodeNicInfoV2(snapshot, gi::kMaxAddressesOldHost)).ok());
  Require(host::DecodeOsInfo(gi::EncodeOsDetailed(snapshot.operating_system())).ok());
  Require(host::DecodeDiskInfoJson(gi::EncodeDiskInfoJson(snapshot.disks())).ok());
  Require(host::DecodeDiskInfoLegacy(gi::EncodeDiskInfoLegacy(snapshot.disks())).ok());
  gi::EncodeNicInfoV1(snapshot);
  const gi::MemorySample sample = {snapshot.memory(), snapshot.uptime_centiseconds()};
  Require(host::DecodeMemoryInfo(gi::EncodeMemoryInfo(sample, nullptr)).ok());
  return 0;
}
