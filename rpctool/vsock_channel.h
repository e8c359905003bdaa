// SPDX-License-Identifier: Apache-2.0

// One RPCI request over vsock (docs/protocol/transport.md 1.6), on a connection that lives as long
// as the request. transportd/vsock has a channel that is kept, and Abseil with it.

#ifndef TOOLBOXD_RPCTOOL_VSOCK_CHANNEL_H_
#define TOOLBOXD_RPCTOOL_VSOCK_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace toolboxd::rpctool {

// The system calls; results, or negative error numbers. Tests have a host of their own.
class VsockCalls {
 public:
  virtual ~VsockCalls() = default;

  // A stream socket of AF_VSOCK that does not block and that no program inherits.
  virtual long Socket() = 0;
  virtual long Bind(long fd, uint32_t port) = 0;
  // Connects to CID 0, the hypervisor.
  virtual long Connect(long fd, uint32_t port) = 0;
  // The result of a connect that returned -EINPROGRESS.
  virtual long ConnectResult(long fd) = 0;
  virtual long Send(long fd, std::string_view bytes) = 0;
  virtual long Receive(long fd, char* bytes, size_t size) = 0;
  // Waits for events of poll(2); returns 1 if there is one.
  virtual long Wait(long fd, short events, int patience_ms) = 0;
  // Milliseconds of a clock that only runs on.
  virtual int64_t NowMs() = 0;
  virtual void Close(long fd) = 0;
};

// This kernel's.
class KernelVsockCalls final : public VsockCalls {
 public:
  long Socket() override;
  long Bind(long fd, uint32_t port) override;
  long Connect(long fd, uint32_t port) override;
  long ConnectResult(long fd) override;
  long Send(long fd, std::string_view bytes) override;
  long Receive(long fd, char* bytes, size_t size) override;
  long Wait(long fd, short events, int patience_ms) override;
  int64_t NowMs() override;
  void Close(long fd) override;
};

enum class VsockOutcome {
  kDone,
  // The host does not have the request: it may go another way.
  kNotSent,
  // The host has the request, and there is no correct answer.
  kNoAnswer,
};

// One RPCI request over a vsock connection of its own (docs/protocol/transport.md 1.6). Not
// thread-safe.
class VsockChannel {
 public:
  // How long the host may take for the connection; for the whole request, and for the whole answer.
  static constexpr int kConnectPatienceMs = 500;
  static constexpr int kAnswerPatienceMs = 5000;
  // Connects that the host may reset, each from another port.
  static constexpr int kMaxResets = 8;
  // The longest message in either direction, and a packet without its length.
  static constexpr size_t kMaxPayload = 65536;
  static constexpr size_t kMaxBody = kMaxPayload + 44;

  // `calls` must outlive the channel.
  explicit VsockChannel(VsockCalls* calls) : calls_(*calls) {}
  VsockChannel(const VsockChannel&) = delete;
  VsockChannel& operator=(const VsockChannel&) = delete;
  ~VsockChannel();

  // From a privileged port, if this process may use one. The answer, with its first two bytes, is
  // valid as long as the channel. A request over kMaxPayload is not sent.
  VsockOutcome Exchange(std::string_view request, std::string_view& answer);

 private:
  bool Open();
  long Connect(uint32_t& port);
  bool SendAll(std::string_view bytes);
  bool ReceiveAll(char* bytes, size_t size);
  bool WaitInTime(short events);
  void Close();

  VsockCalls& calls_;
  long fd_ = -1;
  // When the host must have taken the request, or answered, by NowMs().
  int64_t deadline_ms_ = 0;
  char body_[kMaxBody];
};

// The payload of DATA in a packet's body; false for anything that is not exactly one packet.
bool DecodeData(std::string_view body, std::string_view& payload);

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_VSOCK_CHANNEL_H_
