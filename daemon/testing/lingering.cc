// SPDX-License-Identifier: Apache-2.0

#include "daemon/testing/lingering.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>

#include "gtest/gtest.h"

namespace toolboxd {

Lingering::Lingering() {
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(listener.get(), name, size), 0);
  EXPECT_EQ(listen(listener.get(), 1), 0);
  EXPECT_EQ(getsockname(listener.get(), name, &size), 0);
  side_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(side_.get(), name, size), 0);
  other_ = UniqueFd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const std::string part(64 << 10, 'x');
  while (send(side_.get(), part.data(), part.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
  }
  const linger wait = {1, static_cast<int>(absl::ToInt64Seconds(kLinger))};
  EXPECT_EQ(setsockopt(side_.get(), SOL_SOCKET, SO_LINGER, &wait, sizeof wait), 0);
}

bool Lingering::SendWith(const std::string& bytes, int socket) {
  iovec part = {const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = side_.get();
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  const bool sent = sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  if (sent) side_.reset();
  return sent;
}

}  // namespace toolboxd
