// SPDX-License-Identifier: Apache-2.0

// Verbs that move content: what a VMX and a client of vSphere do together.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"
#include "vmxsim/guest/hgfs_transfer.h"
#include "vmxsim/guest/verb.h"
#include "zlib.h"

namespace toolboxd::vmxsim {
namespace {

absl::Status WrongUse() { return absl::InvalidArgumentError(""); }

// Counts, sums up and shows what passes.
class Meter {
 public:
  explicit Meter(std::string name) : name_(std::move(name)), show_(isatty(STDERR_FILENO) != 0) {}

  void Add(absl::string_view data) {
    size_ += data.size();
    checksum_ = crc32(checksum_, reinterpret_cast<const Bytef*>(data.data()),
                      static_cast<uInt>(data.size()));
    const absl::Time now = absl::Now();
    if (show_ && now - shown_ > absl::Milliseconds(200)) {
      shown_ = now;
      std::fprintf(stderr, "\r%s %llu KiB", name_.c_str(),
                   static_cast<unsigned long long>(size_ >> 10));
    }
  }

  // One line on stderr, so that stdout may carry content.
  void Finish() const {
    const double seconds = absl::ToDoubleSeconds(absl::Now() - start_);
    std::fprintf(stderr, "%s%s %llu bytes, crc32 %08lx, %.2f s, %.1f MB/s\n", show_ ? "\r" : "",
                 name_.c_str(), static_cast<unsigned long long>(size_), checksum_, seconds,
                 static_cast<double>(size_) / 1e6 / (seconds > 0 ? seconds : 1e-9));
  }

 private:
  std::string name_;
  bool show_;
  uint64_t size_ = 0;
  unsigned long checksum_ = crc32(0, nullptr, 0);
  absl::Time start_ = absl::Now();
  absl::Time shown_;
};

// A local file; "-" is stdin or stdout.
class LocalFile {
 public:
  ~LocalFile() {
    if (fd_ > STDERR_FILENO) close(fd_);
  }
  absl::Status Open(const std::string& path, int flags) {
    if (path == "-") {
      fd_ = (flags & O_ACCMODE) == O_RDONLY ? STDIN_FILENO : STDOUT_FILENO;
    } else {
      fd_ = open(path.c_str(), flags | O_CLOEXEC, 0644);
    }
    return fd_ < 0 ? ErrnoError(errno, path) : absl::OkStatus();
  }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

absl::Status WriteFully(int fd, absl::string_view data) {
  while (!data.empty()) {
    const ssize_t written = write(fd, data.data(), data.size());
    if (written < 0 && errno != EINTR) return ErrnoError(errno, "cannot write");
    if (written > 0) data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFully(int fd, size_t size) {
  std::string data(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    const ssize_t got = read(fd, data.data() + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "cannot read");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  data.resize(filled);
  return data;
}

absl::StatusOr<GuestReply> Initiate(GuestClient& client, const std::string& path) {
  vix::ListFilesRequest request;
  request.path = path;
  return client.Call(vix::kInitiateFileTransferFromGuest, vix::Encode(request));
}

// Downloads to a descriptor. An archive's three-byte trailer is vSphere clients'
// sign to stop; it is not part of the content.
absl::Status DownloadTo(GuestClient& client, const std::string& path, int fd, Meter* meter) {
  constexpr absl::string_view kTrailer("\x1f\x8b\x08", 3);
  constexpr uint64_t kUnknownSize = (uint64_t{1} << 63) - 1;
  std::string tail;
  const absl::StatusOr<uint64_t> size = Download(client, path, [&](absl::string_view data) {
    std::string ready = absl::StrCat(tail, data);
    tail = ready.size() < kTrailer.size() ? ready : ready.substr(ready.size() - kTrailer.size());
    ready.resize(ready.size() - tail.size());
    if (meter != nullptr) meter->Add(ready);
    return WriteFully(fd, ready);
  });
  if (!size.ok()) return size.status();
  if (*size == kUnknownSize) {
    if (tail == kTrailer) return absl::OkStatus();
    return absl::DataLossError("the archive is not complete: its trailer is missing");
  }
  if (meter != nullptr) meter->Add(tail);
  return WriteFully(fd, tail);
}

absl::Status DownloadVerb(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().size() != 2) return WrongUse();
  const std::string& path = arguments.rest()[0];
  if (const absl::Status status = Outcome(Initiate(client, path)); !status.ok()) return status;
  LocalFile file;
  if (const absl::Status status = file.Open(arguments.rest()[1], O_WRONLY | O_CREAT | O_TRUNC);
      !status.ok()) {
    return status;
  }
  Meter meter("download");
  const absl::Status status = DownloadTo(client, path, file.fd(), &meter);
  if (status.ok()) meter.Finish();
  return status;
}

absl::Status UploadFrom(GuestClient& client, int fd, const std::string& path, bool overwrite,
                        Meter* meter) {
  vix::TransferToGuestRequest request;
  request.path = path;
  request.overwrite = overwrite;
  if (const absl::Status status =
          Outcome(client.Call(vix::kInitiateFileTransferToGuest, vix::Encode(request)));
      !status.ok()) {
    return status;
  }
  return Upload(client, path,
                [&](size_t size) {
                  absl::StatusOr<std::string> data = ReadFully(fd, size);
                  if (data.ok() && meter != nullptr) meter->Add(*data);
                  return data;
                })
      .status();
}

absl::Status UploadVerb(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().size() != 2) return WrongUse();
  LocalFile file;
  if (const absl::Status status = file.Open(arguments.rest()[0], O_RDONLY); !status.ok())
    return status;
  Meter meter("upload");
  const absl::Status status =
      UploadFrom(client, file.fd(), arguments.rest()[1], arguments.Has("-f"), &meter);
  if (status.ok()) meter.Finish();
  return status;
}

// Waits for the end of a program as clients do: its output is not accessible before.
absl::Status AwaitOutput(GuestClient& client, const std::string& path) {
  constexpr uint32_t kFileAccessError = 13;
  while (true) {
    const absl::StatusOr<GuestReply> reply = Initiate(client, path);
    if (!reply.ok() || reply->error != kFileAccessError) return Outcome(reply);
    absl::SleepFor(absl::Milliseconds(20));
  }
}

absl::Status RunVerb(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().empty() || absl::StrContains(arguments.rest()[0], '/')) return WrongUse();
  const std::string joined =
      absl::StrJoin(arguments.rest().begin() + 1, arguments.rest().end(), " ");
  const std::string directory = arguments.Value("--cwd");
  vix::StartProgramRequest request;
  request.program = arguments.rest()[0];
  request.arguments = joined;
  request.working_directory = directory;
  const absl::StatusOr<int64_t> pid = client.StartProgram(request);
  if (!pid.ok()) return pid.status();
  const std::string base = absl::StrCat("/proc/", *pid);
  const std::string input = arguments.Value("--stdin", "/dev/null");
  LocalFile file;
  if (const absl::Status status = file.Open(input, O_RDONLY); !status.ok()) return status;
  if (const absl::Status status = UploadFrom(client, file.fd(), base + "/stdin", true, nullptr);
      !status.ok()) {
    return status;
  }
  if (const absl::Status status = AwaitOutput(client, base + "/stdout"); !status.ok())
    return status;
  for (const auto& [stream, fd] :
       {std::pair("/stdout", STDOUT_FILENO), std::pair("/stderr", STDERR_FILENO)}) {
    if (const absl::Status status = DownloadTo(client, base + stream, fd, nullptr); !status.ok())
      return status;
  }
  const auto processes = client.ListProcesses({static_cast<uint64_t>(*pid)});
  if (!processes.ok()) return processes.status();
  if (processes->empty())
    return absl::DataLossError("the program is no longer listed, so its exit code is unknown");
  const int64_t code = NumberOf(processes->front(), "eCode");
  return code == 0 ? absl::OkStatus() : absl::AbortedError(absl::StrCat("exit status ", code));
}

}  // namespace

const std::vector<Verb>& TransferVerbs() {
  static const auto& verbs = *new std::vector<Verb>{
      {"download", "download GUEST-PATH LOCAL-FILE|-",
       "copy from the guest; a directory becomes a tar archive", DownloadVerb},
      {"upload", "upload [-f] LOCAL-FILE|- GUEST-PATH",
       "copy to the guest; an archive is unpacked into a directory", UploadVerb},
      {"run", "run [--stdin=FILE|-] [--cwd=DIR] PROGRAM [ARGUMENT…]",
       "run a program, named without '/', with input and output", RunVerb},
  };
  return verbs;
}

}  // namespace toolboxd::vmxsim
