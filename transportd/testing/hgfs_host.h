// SPDX-License-Identifier: Apache-2.0

// The host's end of an HGFS session, for tests.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_HGFS_HOST_H_
#define TOOLBOXD_TRANSPORTD_TESTING_HGFS_HOST_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "transportd/hgfs/messages.h"
#include "transportd/hgfs/packet.h"
#include "transportd/hgfs/path.h"
#include "transportd/hgfs/protocol.h"

namespace toolboxd::testing {

// One session, docs/protocol/hgfs.md; CreateSession() comes first. Not thread-safe.
class HgfsHost {
 public:
  // Sends a packet to the guest and returns the packet that answers it; nothing where none does,
  // which is kTransportError below.
  using Exchange = std::function<std::optional<std::string>(absl::string_view packet)>;

  explicit HgfsHost(Exchange exchange) : exchange_(std::move(exchange)) {}

  // Sends any request. What `reply` refers to lasts until the next one.
  template <typename Request, typename Reply>
  hgfs::Status Call(hgfs::Op op, const Request& message, Reply& reply) {
    const std::string payload = Encode(op, message);
    hgfs::Packet packet;
    packet.op = static_cast<uint32_t>(op);
    packet.session_id = session_;
    packet.payload = payload;
    std::optional<std::string> answer = exchange_(EncodePacket(packet));
    if (!answer) return hgfs::Status::kTransportError;
    answer_ = *std::move(answer);
    EXPECT_TRUE(DecodePacket(answer_, packet));
    if (packet.status == hgfs::Status::kSuccess) {
      EXPECT_TRUE(Decode(op, packet.payload, reply));
    }
    return packet.status;
  }

  hgfs::Status CreateSession() {
    hgfs::CreateSessionReply reply;
    const hgfs::Status status =
        Call(hgfs::Op::kCreateSessionV4, hgfs::CreateSessionRequest(), reply);
    session_ = reply.session_id;
    return status;
  }

  // Opens to read, or creates to write and empties what is there. The handle is 0 after an error.
  hgfs::Status Open(const std::string& path, hgfs::OpenMode mode, uint32_t& handle) {
    hgfs::OpenRequest request;
    const std::string name = hgfs::EncodePath(path);
    request.mode = mode;
    request.flags = mode == hgfs::kReadOnly ? hgfs::kOpenExisting : hgfs::kCreateEmpty;
    request.name.cp_name = name;
    hgfs::OpenReply reply;
    const hgfs::Status status = Call(hgfs::Op::kOpenV3, request, reply);
    handle = reply.handle;
    return status;
  }

  // At most 0xF000 bytes; empty at the end of the file, and after an error.
  hgfs::Status Read(uint32_t handle, uint64_t offset, std::string& data) {
    hgfs::ReadRequest request;
    request.handle = handle;
    request.offset = offset;
    request.size = 0xF000;
    hgfs::ReadReply reply;
    const hgfs::Status status = Call(hgfs::Op::kReadV3, request, reply);
    data = std::string(reply.data);
    return status;
  }

  hgfs::Status Write(uint32_t handle, uint64_t offset, absl::string_view data) {
    return Write(handle, offset, 0, data);
  }
  hgfs::Status Append(uint32_t handle, absl::string_view data) {
    return Write(handle, 0, hgfs::kWriteAppend, data);
  }

  hgfs::Status Close(uint32_t handle) {
    hgfs::HandleRequest request;
    request.handle = handle;
    hgfs::EmptyReply reply;
    return Call(hgfs::Op::kClose, request, reply);
  }

  // A whole file of at most one packet: the first error of its requests.
  hgfs::Status Upload(const std::string& path, absl::string_view content) {
    uint32_t handle = 0;
    hgfs::Status status = Open(path, hgfs::kWriteOnly, handle);
    if (status != hgfs::Status::kSuccess) return status;
    status = Append(handle, content);
    const hgfs::Status closed = Close(handle);
    return status == hgfs::Status::kSuccess ? closed : status;
  }

  // A whole file, which is appended to `content`. Leaves it open after an error.
  hgfs::Status Download(const std::string& path, std::string& content) {
    uint32_t handle = 0;
    hgfs::Status status = Open(path, hgfs::kReadOnly, handle);
    if (status != hgfs::Status::kSuccess) return status;
    std::string data;
    do {
      status = Read(handle, content.size(), data);
      if (status != hgfs::Status::kSuccess) return status;
      content += data;
    } while (!data.empty());
    return Close(handle);
  }

 private:
  hgfs::Status Write(uint32_t handle, uint64_t offset, uint8_t flags, absl::string_view data) {
    hgfs::WriteRequest request;
    request.handle = handle;
    request.offset = offset;
    request.flags = flags;
    request.data = data;
    request.size = data.size();
    hgfs::WriteReply reply;
    return Call(hgfs::Op::kWriteV3, request, reply);
  }

  const Exchange exchange_;
  uint64_t session_ = 0;
  std::string answer_;
};

}  // namespace toolboxd::testing

#endif  // TOOLBOXD_TRANSPORTD_TESTING_HGFS_HOST_H_
