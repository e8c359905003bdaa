// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/guest_variables.h"

#include <stdio.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "toolboxctl/output.h"

namespace toolboxd {
namespace {

// The limit for a message (docs/protocol/transport.md 1.1).
constexpr size_t kMaxRequest = 65536;
constexpr char kPrefix[] = "guestinfo.";

// What other programs keep there: cloud-init's data and its encodings, OVF, customization, what
// open-vm-tools and toolboxd report. The host has no way to list them.
constexpr const char* kKnownNames[] = {
    "guestinfo.metadata",
    "guestinfo.metadata.encoding",
    "guestinfo.userdata",
    "guestinfo.userdata.encoding",
    "guestinfo.vendordata",
    "guestinfo.vendordata.encoding",
    "guestinfo.ovfEnv",
    "guestinfo.gc.status",
    "guestinfo.ip",
    "guestinfo.hostname",
    "guestinfo.dns",
    "guestinfo.ignition.config.data",
    "guestinfo.ignition.config.data.encoding",
    "guestinfo.coreos.config.data",
    "guestinfo.coreos.config.data.encoding",
    "guestinfo.talos.config",
    "guestinfo.appInfo",
    "guestinfo.vmtools.versionString",
    "guestinfo.vmtools.versionNumber",
    "guestinfo.vmtools.buildNumber",
    "guestinfo.vmtools.description",
    "guestinfo.vmtools.containerinfo",
    "guestinfo.toolsInstallErrCode",
};

absl::Status CheckName(absl::string_view what, absl::string_view name) {
  const bool odd = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
  });
  if (!name.empty() && !odd) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " must not be empty or have blanks or control characters"));
}

absl::Status CheckValue(absl::string_view value) {
  if (!absl::StrContains(value, '\0')) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the value has a NUL byte, where the host would end it; encode it, as with base64");
}

absl::StatusOr<std::string> Bounded(std::string request) {
  if (request.size() <= kMaxRequest) return request;
  return absl::InvalidArgumentError(absl::StrCat(
      "name and value are ", request.size() - kMaxRequest, " bytes longer than a request may be (",
      kMaxRequest, " bytes); shorten the value, or compress it"));
}

absl::StatusOr<std::string> FullName(absl::string_view name) {
  if (absl::Status status = CheckName("the name of a variable", name); !status.ok()) return status;
  if (name == kPrefix) {
    return absl::InvalidArgumentError(absl::StrCat("a name is missing after ", kPrefix));
  }
  return absl::StartsWith(name, kPrefix) ? std::string(name) : absl::StrCat(kPrefix, name);
}

// Each part ends with NUL.
void Append(std::string& request, absl::string_view part) {
  request.append(part.data(), part.size());
  request.push_back('\0');
}

absl::Status CheckKey(absl::string_view name_space, absl::string_view key) {
  absl::Status status = CheckName("a namespace", name_space);
  return status.ok() ? CheckName("a key", key) : status;
}

// Whoever sets a variable decides what is in it, not what a terminal does.
int PrintValue(const std::string& data) {
  return Print(isatty(STDOUT_FILENO) ? absl::StrCat(PrintableLines(data), "\n") : data);
}

// At most one byte more than a request may have.
absl::StatusOr<std::string> ReadInput() {
  std::string value(kMaxRequest + 1, '\0');
  const size_t got = fread(value.data(), 1, value.size(), stdin);
  if (ferror(stdin)) return absl::UnavailableError("cannot read the value from standard input");
  value.resize(got);
  return value;
}

absl::StatusOr<std::string> ValueOf(const std::vector<std::string>& words, size_t index) {
  if (words.size() > index) return words[index];
  return ReadInput();
}

// What a person reads where the host refuses: what failed, and after the host's words what to do.
struct Refusal {
  std::string what;
  absl::string_view advice;
};

Refusal NoVariable(absl::string_view name) {
  return {absl::StrCat("the host has no value of ", FullName(name).value_or("")),
          "'toolboxctl guestinfo list-known' shows which of the usual names have one"};
}

Refusal NotSet(absl::string_view name) {
  return {absl::StrCat("the host does not set ", FullName(name).value_or("")),
          "shorten the value, or set it from vSphere: not every machine lets its guest do so"};
}

Refusal NoKey(absl::string_view name_space, absl::string_view key) {
  return {absl::StrCat("the host has no value of ", key, " in namespace ", name_space),
          "'toolboxctl namespace set' makes a key, unless the host has no namespaces"};
}

Refusal KeyNotSet(absl::string_view name_space, absl::string_view key) {
  return {absl::StrCat("the host does not set ", key, " in namespace ", name_space),
          "look at the value by 'toolboxctl namespace get': an old host has no namespaces"};
}

// The host's data.
absl::StatusOr<std::string> Exchange(const absl::StatusOr<std::string>& request,
                                     const SendToHost& send, const Refusal& refusal) {
  if (!request.ok()) return request.status();
  const absl::StatusOr<v1::SendRpciReply> reply = send(*request);
  if (!reply.ok()) return reply.status();
  if (reply->success()) return reply->data();
  const std::string said = reply->data().empty() ? "" : absl::StrCat(" (", reply->data(), ")");
  return absl::NotFoundError(absl::StrCat(refusal.what, said, "; ", refusal.advice));
}

int Report(const absl::StatusOr<std::string>& data, bool print) {
  if (absl::IsInvalidArgument(data.status())) return Usage(data.status().message());
  if (!data.ok()) return Fail(data.status().message());
  return print ? PrintValue(*data) : 0;
}

int ListKnown(const SendToHost& send) {
  for (const char* name : kKnownNames) {
    const absl::StatusOr<v1::SendRpciReply> reply = send(absl::StrCat("info-get ", name));
    if (!reply.ok()) return Fail(reply.status().message());
    if (!reply->success() || reply->data().empty()) continue;
    if (printf("%-40s %zu bytes\n", name, reply->data().size()) < 0) break;
  }
  return fflush(stdout) == 0 ? 0 : Fail("cannot write to standard output");
}

}  // namespace

absl::StatusOr<std::string> GetVariableRequest(absl::string_view name) {
  const absl::StatusOr<std::string> full = FullName(name);
  if (!full.ok()) return full.status();
  return Bounded(absl::StrCat("info-get ", *full));
}

absl::StatusOr<std::string> SetVariableRequest(absl::string_view name, absl::string_view value) {
  const absl::StatusOr<std::string> full = FullName(name);
  if (!full.ok()) return full.status();
  if (absl::Status status = CheckValue(value); !status.ok()) return status;
  return Bounded(absl::StrCat("info-set ", *full, " ", value));
}

absl::StatusOr<std::string> GetKeyRequest(absl::string_view name_space, absl::string_view key) {
  if (absl::Status status = CheckKey(name_space, key); !status.ok()) return status;
  std::string request = "namespace-get-values ";
  Append(request, name_space);
  Append(request, key);
  return Bounded(std::move(request));
}

absl::StatusOr<std::string> SetKeyRequest(absl::string_view name_space, absl::string_view key,
                                          absl::string_view value,
                                          const std::optional<std::string>& old) {
  if (absl::Status status = CheckKey(name_space, key); !status.ok()) return status;
  if (absl::Status status = CheckValue(value); !status.ok()) return status;
  if (absl::Status status = CheckValue(old.value_or("")); !status.ok()) return status;
  std::string request = "namespace-set-keys ";
  Append(request, name_space);
  Append(request, "1");
  Append(request, old.has_value() ? "1" : "0");
  Append(request, key);
  Append(request, value);
  Append(request, old.value_or(""));
  return Bounded(std::move(request));
}

int GuestInfoMain(const std::vector<std::string>& words, const SendToHost& send) {
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "list-known" && words.size() == 1) return ListKnown(send);
  if (verb == "get" && words.size() == 2) {
    return Report(Exchange(GetVariableRequest(words[1]), send, NoVariable(words[1])), true);
  }
  if (verb == "delete" && words.size() == 2) {
    return Report(Exchange(SetVariableRequest(words[1], ""), send, NotSet(words[1])), false);
  }
  if (verb == "set" && (words.size() == 2 || words.size() == 3)) {
    const absl::StatusOr<std::string> value = ValueOf(words, 2);
    if (!value.ok()) return Fail(value.status().message());
    return Report(Exchange(SetVariableRequest(words[1], *value), send, NotSet(words[1])), false);
  }
  return Usage("guestinfo takes 'get NAME', 'set NAME [VALUE]', 'delete NAME' or 'list-known'");
}

int NamespaceMain(const std::vector<std::string>& words, const std::optional<std::string>& old,
                  const SendToHost& send) {
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "get" && words.size() == 3) {
    absl::StatusOr<std::string> data =
        Exchange(GetKeyRequest(words[1], words[2]), send, NoKey(words[1], words[2]));
    // The values of a request end with NUL each.
    if (data.ok() && absl::EndsWith(*data, absl::string_view("\0", 1))) data->pop_back();
    return Report(data, true);
  }
  if (verb == "set" && (words.size() == 3 || words.size() == 4)) {
    const absl::StatusOr<std::string> value = ValueOf(words, 3);
    if (!value.ok()) return Fail(value.status().message());
    return Report(Exchange(SetKeyRequest(words[1], words[2], *value, old), send,
                           KeyNotSet(words[1], words[2])),
                  false);
  }
  return Usage("namespace takes 'get NAMESPACE KEY' or 'set NAMESPACE KEY [VALUE]'");
}

}  // namespace toolboxd
