// SPDX-License-Identifier: Apache-2.0

// Malformed messages and unknown operations.

#include "absl/strings/str_cat.h"
#include "tests/conformance/scenario.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/message.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"
#include "transportd/wire/writer.h"

namespace toolboxd::conformance {
namespace {

constexpr size_t kNameSize = sizeof("\"reqname\"");  // Its NUL included.

// A well-formed DeleteFile with `bytes` put at an offset of its header.
std::string Damaged(Target& t, size_t offset, const std::string& bytes) {
  const std::string path = t.Path("missing");
  vix::PathRequest body;
  body.path = path;
  const std::string encoded = vix::Encode(body);
  const std::string credential = vix::EncodeNamePassword(t.users().name, t.users().password);
  vix::Request request;
  request.name = "reqname";
  request.opcode = vix::kDeleteFileEx;
  request.credential_type = vix::kCredentialNamePassword;
  request.body = encoded;
  request.credential = credential;
  std::string message = vix::EncodeRelayedCommand(request);
  message.replace(kNameSize + offset, bytes.size(), bytes);
  return absl::StrCat("Vix_1_Relayed_Command ", message);
}

std::string Word(uint32_t value) {
  wire::Writer writer;
  return writer.U32(value).bytes();
}

constexpr absl::string_view kEnd("\0", 1);

// A DeleteFile of "f", which is there, with a length of its path and what comes after that.
std::string DeleteFile(Target& t, size_t length, absl::string_view rest) {
  const std::string path = t.Path("f");
  Write(path);
  wire::Writer body;
  body.U32(0).U32(static_cast<uint32_t>(length)).Bytes(path).Bytes(rest);
  return Steps({t.Call(vix::kDeleteFileEx, body.bytes()), t.Tree()});
}

constexpr Scenario kScenarios[] = {
    {"message: as it should be", [](Target& t) { return t.Raw(Damaged(t, 0, Word(0xD00D0001))); }},
    {"message: wrong magic", [](Target& t) { return t.Raw(Damaged(t, 0, Word(0xD00D0002))); }},
    {"message: wrong version", [](Target& t) { return t.Raw(Damaged(t, 4, "\x06")); }},
    {"message: total length 0", [](Target& t) { return t.Raw(Damaged(t, 6, Word(0))); }},
    {"message: total length 0xFFFFFFFF",
     [](Target& t) { return t.Raw(Damaged(t, 6, Word(0xFFFFFFFF))); }},
    {"message: header length 0", [](Target& t) { return t.Raw(Damaged(t, 10, Word(0))); }},
    {"message: header length 52", [](Target& t) { return t.Raw(Damaged(t, 10, Word(52))); }},
    {"message: header length 0xFFFFFFFF",
     [](Target& t) { return t.Raw(Damaged(t, 10, Word(0xFFFFFFFF))); }},
    {"message: body length 0", [](Target& t) { return t.Raw(Damaged(t, 14, Word(0))); }},
    {"message: body length 0xFFFFFFFF",
     [](Target& t) { return t.Raw(Damaged(t, 14, Word(0xFFFFFFFF))); }},
    {"message: credential length 0", [](Target& t) { return t.Raw(Damaged(t, 18, Word(0))); }},
    {"message: credential length 0xFFFFFFFF",
     [](Target& t) { return t.Raw(Damaged(t, 18, Word(0xFFFFFFFF))); }},
    {"message: truncated header",
     [](Target& t) { return t.Raw(Damaged(t, 0, "").substr(0, 22 + kNameSize + 20)); },
     "refused; vmtoolsd reads on in what an earlier message left", "OK 10000", false, true},
    {"message: truncated body",
     [](Target& t) {
       std::string message = Damaged(t, 0, "");
       message.resize(message.size() - 30);
       return t.Raw(message);
     },
     "refused; vmtoolsd reads on in what an earlier message left", "OK 10000", false, true},
    {"message: no request name", [](Target& t) { return t.Raw("Vix_1_Relayed_Command "); }},
    {"message: unknown opcode", [](Target& t) { return t.Call(9999, ""); }},
    {"message: opcode 0", [](Target& t) { return t.Call(0, ""); }},
    {"message: registry operation",
     [](Target& t) { return t.Call(vix::kCreateRegistryKey, std::string(21, '\0')); }},
    {"body: empty", [](Target& t) { return t.Call(vix::kDeleteFileEx, ""); },
     "a bad body; vmtoolsd calls the header bad", "10001"},
    {"body: path longer than the body", [](Target& t) { return DeleteFile(t, 1000, kEnd); }},
    {"body: path length 0xFFFFFFFF", [](Target& t) { return DeleteFile(t, 0xFFFFFFFF, kEnd); }},
    {"body: missing NUL", [](Target& t) { return DeleteFile(t, t.Path("f").size(), "y"); }},
    {"body: NUL inside the path",
     [](Target& t) {
       return DeleteFile(t, t.Path("f").size() + 3, absl::string_view("\0/x\0", 4));
     }},
    {"body: left-over bytes",
     [](Target& t) { return DeleteFile(t, t.Path("f").size(), absl::string_view("\0zzz", 4)); },
     "refused; vmtoolsd passes over them", "10001 | f 100644 @UID 8 bytes 9d23d8ef"},
    {"body: StartProgram with a count without variables",
     [](Target& t) {
       wire::Writer body;
       body.U8(0).U32(10).U32(0).U32(0).U32(3).U32(0).BytesAndNul("/bin/true");
       return t.Call(vix::kStartProgram, body.bytes());
     }},
    {"body: ListProcesses with more process ids than bytes",
     [](Target& t) {
       wire::Writer body;
       body.U32(0).U32(0).U32(0xFFFFFFFF).U64(1);
       return t.Call(vix::kListProcessesEx, body.bytes());
     },
     "refused; vmtoolsd 12.2 reads outside its buffer and ends", "10001", true},
    {"tools state needs no credential",
     [](Target& t) { return t.CallAs(0, "", vix::kGetToolsState, "").substr(0, 2); }},
    {"TCLO: unknown command", [](Target& t) { return t.Raw("No_Such_Command"); }},
    {"TCLO: ping", [](Target& t) { return t.Raw("ping"); }},
    {"TCLO: Set_Option broadcastIP 1", [](Target& t) { return t.Raw("Set_Option broadcastIP 1"); }},
    {"TCLO: Set_Option with a final NUL",
     [](Target& t) { return t.Raw(std::string("Set_Option broadcastIP 1\0", 25)); }},
};
static_assert(DifferencesAreStated(kScenarios));

}  // namespace

absl::Span<const Scenario> MessageScenarios() { return kScenarios; }

}  // namespace toolboxd::conformance
