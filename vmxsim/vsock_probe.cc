// SPDX-License-Identifier: Apache-2.0

// A guest program for vsock_test: runs the steps on its command line, prints an outcome for each.
//
//   socket [nonblock|dgram]...  a new socket; replaces the one before
//   bind PORT                   to any CID; "any" as the port
//   connect CID PORT
//   wait SECONDS                until the socket can be written or has an error, prints the events
//   out SECONDS                 the same, until it can be written
//   error                       SO_ERROR
//   names                       own and peer address
//   send TEXT                   a DATA packet; last TEXT: with FAST_CLOSE
//   fill COUNT                  a DATA packet "info-set guestinfo.fill " and COUNT letters, by
//                               writes as long as each takes; prints whether one was partial
//   ping                        a PING packet
//   raw HEX                     those bytes
//   receive                     one packet: its payload
//   end                         waits for the end of the stream, or an error
//   cid                         of /dev/vsock
//   dup, fork                   goes on with a duplicate; in a child
//   drop                        gives up all capabilities
//   close                       closes it

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace {

using Words = std::vector<std::string>;

int fd = -1;

std::string Result(long result) { return result >= 0 ? "ok" : strerrorname_np(errno); }

std::string Be32(uint32_t value) {
  value = htonl(value);
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string Integer(uint32_t field, uint32_t value) {
  return Be32(1) + Be32(field) + Be32(value) + Be32(0);
}

std::string Packet(const std::string& text, bool fast_close) {
  std::string body = Integer(1, 1) + Be32(2) + Be32(2) + Be32(text.size()) + text;
  if (fast_close) body += Integer(3, 1);
  return Be32(body.size()) + body;
}

std::string Write(const std::string& bytes) {
  return Result(write(fd, bytes.data(), bytes.size()));
}

// All of `size` bytes, or why not.
std::string Read(size_t size, std::string& bytes) {
  while (bytes.size() < size) {
    char buffer[4096];
    const ssize_t count = read(fd, buffer, std::min(sizeof(buffer), size - bytes.size()));
    if (count == 0) return "end";
    if (count < 0) return strerrorname_np(errno);
    bytes.append(buffer, count);
  }
  return "";
}

std::string Receive() {
  std::string head, body;
  std::string error = Read(4, head);
  if (!error.empty()) return error;
  uint32_t size = 0;
  memcpy(&size, head.data(), 4);
  error = Read(std::min<uint32_t>(ntohl(size), 70000), body);
  if (!error.empty()) return "after " + std::to_string(body.size()) + " bytes " + error;
  const size_t payload = body.find(Be32(2) + Be32(2));
  return payload == std::string::npos ? "no payload" : body.substr(payload + 12);
}

std::string End() {
  char buffer[4096];
  for (;;) {
    const ssize_t count = read(fd, buffer, sizeof(buffer));
    if (count == 0) return "end";
    if (count < 0) return strerrorname_np(errno);
  }
}

std::string Socket(const std::string& kinds) {
  int type = SOCK_STREAM;
  if (kinds.find("dgram") != std::string::npos) type = SOCK_DGRAM;
  if (kinds.find("nonblock") != std::string::npos) type |= SOCK_NONBLOCK;
  if (fd >= 0) close(fd);
  fd = socket(AF_VSOCK, type | SOCK_CLOEXEC, 0);
  return Result(fd);
}

sockaddr_vm Address(uint32_t cid, uint32_t port) {
  sockaddr_vm address = {};
  address.svm_family = AF_VSOCK;
  address.svm_cid = cid;
  address.svm_port = port;
  return address;
}

std::string Bind(const std::string& port) {
  const sockaddr_vm address =
      Address(VMADDR_CID_ANY, port == "any" ? VMADDR_PORT_ANY : strtoul(port.c_str(), nullptr, 10));
  return Result(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
}

std::string Connect(const std::string& cid, const std::string& port) {
  const sockaddr_vm address =
      Address(strtoul(cid.c_str(), nullptr, 10), strtoul(port.c_str(), nullptr, 10));
  return Result(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
}

std::string Events(short events) {
  std::string text;
  if (events & POLLOUT) text += " out";
  if (events & POLLERR) text += " err";
  return text.empty() ? "in" : text.substr(1);
}

std::string Wait(const std::string& seconds) {
  pollfd waiting = {fd, POLLIN | POLLOUT, 0};
  if (poll(&waiting, 1, static_cast<int>(atof(seconds.c_str()) * 1000)) == 0) return "nothing";
  return Events(waiting.revents);
}

std::string WaitForOut(const std::string& seconds) {
  pollfd waiting = {fd, POLLOUT, 0};
  for (int left = static_cast<int>(atof(seconds.c_str()) * 1000); left > 0; --left) {
    // An error is an event at once, and again and again.
    if (poll(&waiting, 1, 1) > 0 && (waiting.revents & POLLOUT)) return Events(waiting.revents);
    usleep(1000);
  }
  return "nothing";
}

std::string SocketError() {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return Result(-1);
  return error == 0 ? "none" : strerrorname_np(error);
}

std::string NameText(int (*get)(int, sockaddr*, socklen_t*)) {
  sockaddr_vm address = {};
  socklen_t size = sizeof(address);
  if (get(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return Result(-1);
  if (address.svm_family != AF_VSOCK || size != sizeof(address)) return "not vsock";
  return std::to_string(static_cast<int>(address.svm_cid)) + ":" +
         std::to_string(static_cast<int>(address.svm_port));
}

std::string Fill(const std::string& count) {
  const std::string bytes =
      Packet("info-set guestinfo.fill " + std::string(atoi(count.c_str()), 'f'), false);
  size_t done = 0;
  bool partial = false;
  while (done < bytes.size()) {
    const ssize_t written = write(fd, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno != EAGAIN) return Result(-1);
    if (written < 0) {
      pollfd waiting = {fd, POLLOUT, 0};
      poll(&waiting, 1, 1000);
      continue;
    }
    done += written;
    partial |= done < bytes.size();
  }
  return partial ? "partial" : "whole";
}

std::string Hex(const std::string& digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(strtoul(digits.substr(i, 2).c_str(), nullptr, 16)));
  }
  return bytes;
}

std::string LocalCid() {
  const int device = open("/dev/vsock", O_RDONLY | O_CLOEXEC);
  if (device < 0) return Result(device);
  unsigned cid = 0;
  const std::string result = Result(ioctl(device, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid));
  close(device);
  return result == "ok" ? std::to_string(cid) : result;
}

std::string Duplicate() {
  const int other = dup(fd);
  close(fd);
  fd = other;
  return Result(fd);
}

// The child goes on; the parent ends when it does.
std::string Fork() {
  fflush(stdout);
  const pid_t child = fork();
  if (child > 0) {
    close(fd);
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WEXITSTATUS(status));
  }
  return "child";
}

std::string DropCapabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct capabilities[2] = {};
  return Result(syscall(SYS_capset, &header, capabilities));
}

struct Step {
  size_t arguments;
  std::string (*run)(const std::string&, const std::string&);
};

const std::map<std::string, Step>& Steps() {
  using T = const std::string&;
  static const auto& steps = *new std::map<std::string, Step>{
      {"socket", {1, [](T a, T) { return Socket(a); }}},
      {"bind", {1, [](T a, T) { return Bind(a); }}},
      {"connect", {2, [](T a, T b) { return Connect(a, b); }}},
      {"wait", {1, [](T a, T) { return Wait(a); }}},
      {"out", {1, [](T a, T) { return WaitForOut(a); }}},
      {"error", {0, [](T, T) { return SocketError(); }}},
      {"names", {0, [](T, T) { return NameText(getsockname) + " " + NameText(getpeername); }}},
      {"send", {1, [](T a, T) { return Write(Packet(a, false)); }}},
      {"last", {1, [](T a, T) { return Write(Packet(a, true)); }}},
      {"fill", {1, [](T a, T) { return Fill(a); }}},
      {"ping", {0, [](T, T) { return Write(Be32(16) + Integer(1, 2)); }}},
      {"raw", {1, [](T a, T) { return Write(Hex(a)); }}},
      {"receive", {0, [](T, T) { return Receive(); }}},
      {"end", {0, [](T, T) { return End(); }}},
      {"cid", {0, [](T, T) { return LocalCid(); }}},
      {"dup", {0, [](T, T) { return Duplicate(); }}},
      {"fork", {0, [](T, T) { return Fork(); }}},
      {"drop", {0, [](T, T) { return DropCapabilities(); }}},
      {"close", {0, [](T, T) { return Result(close(fd)); }}},
  };
  return steps;
}

}  // namespace

int main(int argc, char** argv) {
  // Elsewhere it would reach AF_VSOCK of the machine.
  char host_name[64] = "";
  gethostname(host_name, sizeof(host_name) - 1);
  if (prctl(PR_GET_SECCOMP) != 2 || strcmp(host_name, "vmxsim-guest") != 0) {
    puts("not under vmxsim");
    return 1;
  }
  signal(SIGPIPE, SIG_IGN);
  const Words words(argv + 1, argv + argc);
  for (size_t i = 0; i < words.size();) {
    const auto step = Steps().find(words[i++]);
    if (step == Steps().end() || i + step->second.arguments > words.size()) return 2;
    const std::string first = step->second.arguments > 0 ? words[i] : "";
    const std::string second = step->second.arguments > 1 ? words[i + 1] : "";
    i += step->second.arguments;
    printf("%s\n", step->second.run(first, second).c_str());
    fflush(stdout);
  }
  return 0;
}
