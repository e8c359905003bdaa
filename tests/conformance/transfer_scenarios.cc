// SPDX-License-Identifier: Apache-2.0

// Content of plain files over HGFS.

#include "tests/conformance/scenario.h"
#include "vmxsim/guest/hgfs_transfer.h"

namespace toolboxd::conformance {
namespace {

std::string Content(size_t size) {
  std::string content(size, '\0');
  for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>((i * 7 + i / 251) & 0xff);
  return content;
}

std::string DownloadOf(Target& t, size_t size) {
  Write(t.Path("f"), Content(size));
  return t.Download(t.Path("f"));
}

std::string UploadOf(Target& t, size_t size) {
  return Steps({t.Upload(t.Path("f"), Content(size)), t.Download(t.Path("f"))});
}

constexpr Scenario kScenarios[] = {
    {"download: 0 bytes", [](Target& t) { return DownloadOf(t, 0); }},
    {"download: 1 byte", [](Target& t) { return DownloadOf(t, 1); }},
    {"download: a packet less one",
     [](Target& t) { return DownloadOf(t, vmxsim::kTransferChunk - 1); }},
    {"download: one packet", [](Target& t) { return DownloadOf(t, vmxsim::kTransferChunk); }},
    {"download: a packet and one",
     [](Target& t) { return DownloadOf(t, vmxsim::kTransferChunk + 1); }},
    {"download: 300,000 bytes", [](Target& t) { return DownloadOf(t, 300000); }},
    {"download: missing", [](Target& t) { return t.Download(t.Path("f")); }},
    {"download: not readable",
     [](Target& t) {
       Write(t.Path("f"));
       ChangeMode(t.Path("f"), 0000);
       return t.Download(t.Path("f"));
     }},
    {"download: odd name",
     [](Target& t) {
       Write(t.Path("a &<>%\"'\n\xc3\xa4"), "odd");
       return t.Download(t.Path("a &<>%\"'\n\xc3\xa4"));
     }},
    {"upload: 0 bytes", [](Target& t) { return UploadOf(t, 0); }},
    {"upload: 1 byte", [](Target& t) { return UploadOf(t, 1); }},
    {"upload: 300,000 bytes", [](Target& t) { return UploadOf(t, 300000); }},
    {"upload: onto a longer file",
     [](Target& t) {
       Write(t.Path("f"), Content(1000));
       return UploadOf(t, 10);
     }},
    {"upload: keeps the mode of what is there",
     [](Target& t) {
       Write(t.Path("f"), "old");
       ChangeMode(t.Path("f"), 0640);
       const std::string outcome = t.Upload(t.Path("f"), "new");
       return Steps({outcome, t.Tree()});
     }},
    {"upload: not allowed",
     [](Target& t) {
       MakeFolder(t.Path("d"), 0555);
       return t.Upload(t.Path("d/f"), "x");
     }},
    {"upload: parent missing", [](Target& t) { return t.Upload(t.Path("x/f"), "x"); }},
    {"upload: a new file's mode",
     [](Target& t) {
       const std::string outcome = t.Upload(t.Path("f"), "x");
       return Steps({outcome, t.Tree()});
     }},
};
static_assert(DifferencesAreStated(kScenarios));

}  // namespace

absl::Span<const Scenario> TransferScenarios() { return kScenarios; }

}  // namespace toolboxd::conformance
