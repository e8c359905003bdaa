// SPDX-License-Identifier: Apache-2.0

// What a host asks for in the name of guest users.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/simulation/events.h"
#include "tests/simulation/run.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"
#include "vmxsim/guest/guest_client.h"
#include "vmxsim/guest/hgfs_transfer.h"

namespace toolboxd::simulation {
namespace {

using vmxsim::GuestClient;
using vmxsim::GuestReply;

std::string AnyUser(Random& random) { return absl::StrCat("user", random.Below(3)); }

// One guest operation with a number. `right` says whether a successful result is its own.
void Operate(Run& run, Random& random, const std::string& kind, uint32_t opcode,
             const std::function<std::string(const std::string& name)>& body,
             const std::function<bool(const std::string& result, const std::string& name)>& right) {
  const Counted counted(&run.world().guest_operations);
  const int id = run.world().NewOperation(kind);
  const std::string name = absl::StrCat("op", id);
  GuestClient client = Client(run, kind, AnyUser(random), kPassword, id);
  const absl::StatusOr<GuestReply> reply = client.Call(opcode, body(name));
  const bool succeeded = reply.ok() && reply->error == 0;
  run.world().End(id, reply.ok(), succeeded);
  if (succeeded && right != nullptr && !right(reply->result, name)) {
    run.world().Violation(
        absl::StrCat(kind, " ", id, " has another one's answer: ", reply->result.substr(0, 80)));
  }
}

std::string Home(const std::string& name) { return absl::StrCat("/home/user/", name); }

// --- Guest operations.

void MakeDirectory(Run& run, Random& random) {
  Operate(
      run, random, "make directory", vix::kCreateDirectoryEx,
      [](const std::string& name) {
        const std::string path = Home(name);
        vix::DirectoryRequest request;
        request.path = path;
        return vix::Encode(request);
      },
      nullptr);
}

void DeleteFile(Run& run, Random& random) {
  Operate(
      run, random, "delete file", vix::kDeleteFileEx,
      [](const std::string& name) {
        const std::string path = Home(name);
        vix::PathRequest request;
        request.path = path;
        return vix::Encode(request);
      },
      nullptr);
}

void MoveFile(Run& run, Random& random) {
  Operate(
      run, random, "move file", vix::kMoveFileEx,
      [](const std::string& name) {
        const std::string from = Home(name);
        const std::string to = Home(name) + ".new";
        vix::MoveRequest request;
        request.from = from;
        request.to = to;
        return vix::Encode(request);
      },
      nullptr);
}

void CreateTemporary(Run& run, Random& random) {
  Operate(
      run, random, "temporary file", vix::kCreateTemporaryFileEx,
      [](const std::string& name) {
        const std::string prefix = name + "-";
        vix::CreateTemporaryRequest request;
        request.prefix = prefix;
        request.directory = "/tmp";
        return vix::Encode(request);
      },
      [](const std::string& result, const std::string& name) {
        return absl::StrContains(result, name + "-XYZ");
      });
}

void ListFiles(Run& run, Random& random) {
  Operate(
      run, random, "list files", vix::kListFiles,
      [](const std::string& name) {
        const std::string path = Home(name);
        vix::ListFilesRequest request;
        request.path = path;
        request.max_results = 10;
        return vix::Encode(request);
      },
      [](const std::string& result, const std::string& name) {
        return absl::StrContains(result, "in-" + name + "<");
      });
}

void ReadEnvironment(Run& run, Random& random) {
  Operate(
      run, random, "read environment", vix::kReadEnvironmentVariables,
      [](const std::string& name) {
        vix::ReadEnvironmentRequest request;
        request.names = {name};
        return vix::Encode(request);
      },
      [](const std::string& result, const std::string& name) {
        return absl::StrContains(result, name + "=of " + name);
      });
}

void StartProgram(Run& run, Random& random) {
  Operate(
      run, random, "start program", vix::kStartProgram,
      [](const std::string& name) {
        const std::string program = "/bin/" + name;
        vix::StartProgramRequest request;
        request.program = program;
        return vix::Encode(request);
      },
      [](const std::string& result, const std::string&) { return result.size() >= 4; });
}

void CheckWrite(Run& run, Random& random) {
  Operate(
      run, random, "check write", vix::kInitiateFileTransferToGuest,
      [](const std::string& name) {
        const std::string path = Home(name);
        vix::TransferToGuestRequest request;
        request.path = path;
        request.overwrite = true;
        return vix::Encode(request);
      },
      nullptr);
}

// --- Guest operations without a number, which change nothing.

void Ask(Run& run, const std::string& kind, GuestClient client, uint32_t opcode,
         const std::string& body) {
  const Counted counted(&run.world().guest_operations);
  const absl::StatusOr<GuestReply> reply = client.Call(opcode, body);
  run.world().Trace(absl::StrCat(kind, reply.ok() ? absl::StrCat(" ", reply->error) : " lost"));
}

void ListProcesses(Run& run, Random& random) {
  Ask(run, "list processes", Client(run, "list processes", AnyUser(random)), vix::kListProcessesEx,
      vix::Encode(vix::ListProcessesRequest()));
}

void Terminate(Run& run, Random& random) {
  vix::TerminateRequest request;
  request.pid = 1000 + random.Below(10);
  Ask(run, "terminate", Client(run, "terminate", AnyUser(random)), vix::kTerminateProcess,
      vix::Encode(request));
}

void Validate(Run& run, Random& random) {
  Ask(run, "validate", Client(run, "validate", AnyUser(random)), vix::kValidateCredentials, "");
}

void WrongPassword(Run& run, Random& random) {
  const Counted counted(&run.world().guest_operations);
  GuestClient client = Client(run, "wrong password", AnyUser(random), "wrong");
  const absl::StatusOr<GuestReply> reply = client.Call(vix::kValidateCredentials, "");
  if (reply.ok() && reply->error == 0) run.world().Violation("a wrong password was accepted");
}

// Refusals may take a share of the channel's time only.
void ManyWrongPasswords(Run& run, Random& random) {
  const int64_t begin = Time().now();
  int64_t busy = 0;
  for (uint64_t i = random.Between(10, 60); i > 0; --i) {
    GuestClient client(
        [&](absl::string_view request) {
          return run.Send("guess", std::string(request), kOperationLimit, 0, &busy);
        },
        absl::StrCat("guess", random.Below(20)), "wrong");
    const absl::StatusOr<GuestReply> reply = client.Call(vix::kValidateCredentials, "");
    if (!reply.ok()) return;
    if (reply->error == 0) run.world().Violation("a guessed password was accepted");
    Time().Sleep(random.Between(10 * kMillisecond, 100 * kMillisecond));
  }
  const int64_t share = 10 * kSecond + (Time().now() - begin) / 5;
  if (busy > share) {
    run.world().Violation(absl::StrCat("guesses kept the channel for ", busy / kMillisecond,
                                       " ms of ", (Time().now() - begin) / kMillisecond));
  }
}

void ToolsState(Run& run, Random& random) {
  Ask(run, "tools state", Client(run, "tools state", AnyUser(random)), vix::kGetToolsState, "");
}

void UnknownOperation(Run& run, Random& random) {
  Ask(run, "unknown operation", Client(run, "unknown operation", AnyUser(random)),
      static_cast<uint32_t>(random.Below(300) + 300), "whatever");
}

void MalformedOperation(Run& run, Random& random) {
  std::string bytes(random.Below(200), '\0');
  for (char& c : bytes) c = static_cast<char>(random.Next());
  const auto reply =
      run.Send("malformed operation", absl::StrCat("Vix_1_Relayed_Command ", bytes), kAtOnce);
  if (reply.ok() && absl::StartsWith(*reply, "OK 0 ")) {
    run.world().Violation("a malformed operation succeeded");
  }
}

// A service of this user that answers nothing may not hold up others.
void HostileUser(Run& run, Random& random) {
  const Counted counted(&run.world().guest_operations);
  run.users().set_hostile("mallory");
  run.After(random.Between(10 * kSecond, 60 * kSecond), [&run] { run.users().set_hostile(""); });
  const int64_t begin = Time().now();
  int64_t busy = 0;
  for (int i = 0; i < 12; ++i) {
    const int id = run.world().NewOperation("hostile request");
    GuestClient client(
        [&](absl::string_view request) {
          return run.Send("hostile user", std::string(request), kOperationLimit, id, &busy);
        },
        "mallory", kPassword);
    const std::string name = absl::StrCat("op", id);
    vix::ReadEnvironmentRequest request;
    request.names = {name};
    const auto reply = client.Call(vix::kReadEnvironmentVariables, vix::Encode(request));
    run.world().End(id, reply.ok(), reply.ok() && reply->error == 0);
    if (!reply.ok()) break;
    Time().Sleep(random.Between(kMillisecond, 2 * kSecond));
  }
  // What is forgiven, a login, the last request, and a tenth.
  const int64_t share = 30 * kSecond + (Time().now() - begin) / 10;
  if (busy > share) {
    run.world().Violation(absl::StrCat("a hostile user kept the channel for ", busy / kMillisecond,
                                       " ms of ", (Time().now() - begin) / kMillisecond));
  }
}

// --- Transfers.

std::string Content(Random& random, int id) {
  std::string content(random.OneIn(4) ? random.Below(100) : random.Below(300000), '\0');
  for (size_t i = 0; i < content.size(); ++i) {
    content[i] = static_cast<char>(i * 31 + i / 4096 + static_cast<size_t>(id));
  }
  return content;
}

void Upload(Run& run, Random& random) {
  const Counted counted(&run.world().transfers);
  const int id = run.world().NewOperation("upload");
  const std::string path = Home(absl::StrCat("op", id));
  const std::string content = Content(random, id);
  run.Expect(path, content);
  // A host whose channel broke has forgotten the transfer: it closes no file that lacks a part. One
  // whose packet was refused closes it, at once or when the reason of the refusal is over.
  bool lost = false;
  GuestClient client(
      [&run, &random, &lost, id](absl::string_view request) -> absl::StatusOr<std::string> {
        if (lost) return absl::UnavailableError("forgotten");
        absl::StatusOr<std::string> answer =
            run.Send("upload", std::string(request), kOperationLimit, id);
        lost = !answer.ok();
        const bool refused = !lost && !absl::StartsWith(*answer, "OK 0 ");
        if (refused && random.OneIn(2)) Time().Sleep(random.Between(kMillisecond, 5 * kSecond));
        return answer;
      },
      AnyUser(random), kPassword);
  size_t sent = 0;
  const absl::StatusOr<uint64_t> written =
      vmxsim::Upload(client, path, [&](size_t size) -> absl::StatusOr<std::string> {
        const std::string part = content.substr(sent, size);
        sent += part.size();
        // Content comes from the host's client, over a network.
        if (random.OneIn(4)) Time().Sleep(random.Between(kMillisecond, 2 * kSecond));
        return part;
      });
  // Only a guest's error is an answer.
  const bool answered = written.ok() || absl::IsAborted(written.status());
  run.world().End(id, answered, written.ok());
  if (!written.ok()) return;
  const std::string* found = run.users().Find(path);
  if (found == nullptr || *found != content) {
    run.world().Violation(absl::StrCat("upload ", id, " succeeded, and its file is not whole"));
  }
}

void Download(Run& run, Random& random) {
  const Counted counted(&run.world().transfers);
  const int id = static_cast<int>(random.Below(1000));
  const std::string content = Content(random, id);
  // Of two downloads at a time neither may change the other's file.
  const std::string path = absl::StrCat("/data/file", id, "-", content.size());
  run.users().Put(path, content);
  GuestClient client = Client(run, "download", AnyUser(random));
  std::string received;
  const absl::StatusOr<uint64_t> size =
      vmxsim::Download(client, path, [&received](absl::string_view data) {
        absl::StrAppend(&received, data);
        return absl::OkStatus();
      });
  run.world().Trace(absl::StrCat("download ", size.ok() ? "succeeded" : "failed"));
  if (size.ok() && received != content) {
    run.world().Violation(absl::StrCat("a download of ", content.size(), " bytes has ",
                                       received.size(), " other ones"));
  }
}

void PacketWithoutUser(Run& run, Random& random) {
  const vmxsim::PacketCall packets = vmxsim::InTclo([&run](absl::string_view request) {
    return run.Send("packet", std::string(request), kOperationLimit);
  });
  vmxsim::HgfsCall(packets, static_cast<uint32_t>(random.Below(50)), random.Next(), "abc")
      .status()
      .IgnoreError();
}

}  // namespace

std::vector<EventKind> GuestOperationEvents() {
  return {
      {"make directory", 6, MakeDirectory},
      {"delete file", 4, DeleteFile},
      {"move file", 4, MoveFile},
      {"temporary file", 4, CreateTemporary},
      {"list files", 4, ListFiles},
      {"read environment", 4, ReadEnvironment},
      {"start program", 6, StartProgram},
      {"check write", 3, CheckWrite},
      {"list processes", 3, ListProcesses},
      {"terminate", 2, Terminate},
      {"validate", 2, Validate},
      {"wrong password", 3, WrongPassword},
      {"many guesses", 1, ManyWrongPasswords},
      {"tools state", 2, ToolsState},
      {"unknown operation", 2, UnknownOperation},
      {"malformed operation", 2, MalformedOperation},
      {"hostile user", 1, HostileUser},
      {"upload", 8, Upload},
      {"download", 6, Download},
      {"packet without user", 2, PacketWithoutUser},
  };
}

}  // namespace toolboxd::simulation
