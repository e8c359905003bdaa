// SPDX-License-Identifier: Apache-2.0

// File content over HGFS packets, in the order in which a VMX sends them
// (docs/protocol/hgfs.md 5.2). Packets are built and read here without the guest's
// own codec, so that the two check each other.

#ifndef TOOLBOXD_VMXSIM_GUEST_HGFS_TRANSFER_H_
#define TOOLBOXD_VMXSIM_GUEST_HGFS_TRANSFER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "vmxsim/guest/guest_client.h"

namespace toolboxd::vmxsim {

// What a VMX asks for in one read and sends in one write, bytes.
constexpr uint32_t kTransferChunk = 0xF000;

// Takes content as it arrives.
using ContentSink = std::function<absl::Status(absl::string_view data)>;
// Gives at most `size` bytes; empty at the end.
using ContentSource = std::function<absl::StatusOr<std::string>(size_t size)>;

// Sends one packet to the guest and returns the reply packet. kAborted with the guest's error where
// it could not be delivered.
using PacketCall = std::function<absl::StatusOr<std::string>(absl::string_view packet)>;

// Packets inside guest operations of the client's user. `client` must outlive the result.
PacketCall InGuestOperations(GuestClient& client);
// Packets without a user: TCLO `f `.
PacketCall InTclo(TcloSend send);

// One HGFS packet and its reply's payload. A status other than 0 is kAborted with "HGFS status N".
absl::StatusOr<std::string> HgfsCall(const PacketCall& packets, uint32_t op, uint64_t session,
                                     absl::string_view payload);

// CreateSession, GetattrV2, Open V1, ReadV3…, Close V1, DestroySession. Returns the size
// that GetattrV2 reported. Reading ends at a short read.
absl::StatusOr<uint64_t> Download(GuestClient& client, absl::string_view path,
                                  const ContentSink& sink);

// CreateSession, OpenV3, WriteV3 (append, offset 0)…, SetattrV2 by name, Close V1,
// DestroySession. Returns the bytes written.
absl::StatusOr<uint64_t> Upload(const PacketCall& packets, absl::string_view path,
                                const ContentSource& source);
inline absl::StatusOr<uint64_t> Upload(GuestClient& client, absl::string_view path,
                                       const ContentSource& source) {
  return Upload(InGuestOperations(client), path, source);
}

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_GUEST_HGFS_TRANSFER_H_
