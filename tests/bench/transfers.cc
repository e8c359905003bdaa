// File content.

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/measurements.h"
#include "tests/vmx/guest/hgfs_transfer.h"

namespace toolboxd::bench {
namespace {

// MB/s of a download, whose size is checked.
double DownloadRate(Guest& guest, const std::string& path, uint64_t size) {
  uint64_t received = 0;
  const absl::Time start = absl::Now();
  Require(vmx::Download(guest.operations(), path,
                        [&](absl::string_view data) {
                          received += data.size();
                          return absl::OkStatus();
                        })
              .status(),
          "download");
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  if (received != size)
    Require(absl::UnknownError(absl::StrCat(received, " bytes came")), "download");
  return static_cast<double>(size) / 1e6 / seconds;
}

double UploadRate(Guest& guest, const std::string& path, uint64_t size) {
  uint64_t left = size;
  const absl::Time start = absl::Now();
  Require(vmx::Upload(guest.operations(), path,
                      [&](size_t chunk) {
                        const size_t part = left < chunk ? static_cast<size_t>(left) : chunk;
                        left -= part;
                        return absl::StatusOr<std::string>(std::string(part, 'u'));
                      })
              .status(),
          "upload");
  return static_cast<double>(size) / 1e6 / absl::ToDoubleSeconds(absl::Now() - start);
}

// What traps and channel alone take: a guest operation of a packet's size that is refused
// (10000) before anything is done with it. Only its request is large, as an upload's packets.
double PacketMilliseconds(Guest& guest, size_t size) {
  const std::string request = absl::StrCat("Vix_1_Relayed_Command ", std::string(size, 'x'));
  constexpr int kCount = 200;
  const absl::Time start = absl::Now();
  for (int i = 0; i < kCount; ++i) {
    Require(guest.host().Tclo(request, absl::Seconds(10)).status(), "packet");
  }
  return absl::ToDoubleMilliseconds(absl::Now() - start) / kCount;
}

void DropCaches() {
  sync();
  std::ofstream("/proc/sys/vm/drop_caches") << "3";
}

}  // namespace

void MeasureTransfers(Pair& pair) {
  constexpr uint64_t kSize = 64 << 20, kSmall = 4 << 20;
  PrintHeading("transfers: 64 MiB (vmtoolsd: 4 MiB)");
  const std::string big = pair.folder + "/big", small = pair.folder + "/small";
  std::ofstream(big, std::ios::binary) << std::string(kSize, 'd');
  std::ofstream(small, std::ios::binary) << std::string(kSmall, 'd');
  PrintRow("download, warm", DownloadRate(pair.toolboxd, big, kSize),
           DownloadRate(pair.vmtoolsd, small, kSmall), "MB/s", "ratio >= 40");
  DropCaches();
  PrintRow("download, cold", DownloadRate(pair.toolboxd, big, kSize),
           DownloadRate(pair.vmtoolsd, small, kSmall), "MB/s");
  PrintRow("upload", UploadRate(pair.toolboxd, big + "-up", kSize),
           UploadRate(pair.vmtoolsd, small + "-up", kSmall), "MB/s", "ratio >= 40");
  PrintRow("traps alone: such a packet refused",
           PacketMilliseconds(pair.toolboxd, vmx::kTransferChunk),
           PacketMilliseconds(pair.vmtoolsd, vmx::kTransferChunk), "ms");
}

}  // namespace toolboxd::bench
