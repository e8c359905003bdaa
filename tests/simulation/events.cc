// SPDX-License-Identifier: Apache-2.0

// The table of events: what a host asks for, and what goes wrong.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/simulation/run.h"
#include "toolboxd/v1/power.pb.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"
#include "vmxsim/guest/guest_client.h"
#include "vmxsim/guest/hgfs_transfer.h"

namespace toolboxd::simulation {
namespace {

using vmxsim::GuestClient;
using vmxsim::GuestReply;

// The limits of requests, as docs/architecture.md has them, and what the host itself may add by
// answers that do not come.
constexpr int64_t kHostSlack = 8 * kSecond;
constexpr int64_t kAtOnce = kHostSlack + 100 * kMillisecond;
constexpr int64_t kStartLimit = kHostSlack + 2 * kSecond + 100 * kMillisecond;
constexpr int64_t kFreezeLimit = kHostSlack + 7 * kSecond + 100 * kMillisecond;
// A login's wait, and the longest call.
constexpr int64_t kOperationLimit = 10 * kSecond + 15 * kSecond + 500 * kMillisecond;

Scheduler& Time() { return Scheduler::Get(); }

std::string AnyUser(Random& random) { return absl::StrCat("user", random.Below(3)); }

// Counts while it lives.
class Counted {
 public:
  explicit Counted(int* count) : count_(*count) { ++count_; }
  ~Counted() { --count_; }

 private:
  int& count_;
};

GuestClient Client(Run& run, const std::string& kind, std::string user,
                   std::string password = kPassword) {
  return GuestClient(
      [&run, kind](absl::string_view request) {
        return run.Send(kind, std::string(request), kOperationLimit);
      },
      std::move(user), std::move(password));
}

// One guest operation with a number. `right` says whether a successful result is its own.
void Operate(Run& run, Random& random, const std::string& kind, uint32_t opcode,
             const std::function<std::string(const std::string& name)>& body,
             const std::function<bool(const std::string& result, const std::string& name)>& right) {
  const Counted counted(&run.world().guest_operations);
  const int id = run.world().NewOperation(kind);
  const std::string name = absl::StrCat("op", id);
  GuestClient client = Client(run, kind, AnyUser(random));
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
          return run.Send("guess", std::string(request), kOperationLimit, &busy);
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
    GuestClient client(
        [&](absl::string_view request) {
          return run.Send("hostile user", std::string(request), kOperationLimit, &busy);
        },
        "mallory", kPassword);
    const int id = run.world().NewOperation("hostile request");
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
      [&run, &random, &lost](absl::string_view request) -> absl::StatusOr<std::string> {
        if (lost) return absl::UnavailableError("forgotten");
        absl::StatusOr<std::string> answer =
            run.Send("upload", std::string(request), kOperationLimit);
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
  const std::string path = absl::StrCat("/data/file", id);
  const std::string content = Content(random, id);
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

// --- Requests without a user.

void Ping(Run& run, Random& /*random*/) {
  const auto reply = run.Send("ping", "ping", kAtOnce);
  if (reply.ok() && *reply != "OK ") run.world().Violation("ping: " + *reply);
}

void UnknownCommand(Run& run, Random& random) {
  const auto reply = run.Send("unknown command", absl::StrCat("Unknown", random.Below(9)), kAtOnce);
  if (reply.ok() && !absl::StartsWith(*reply, "ERROR ")) {
    run.world().Violation("an unknown command was answered with " + *reply);
  }
}

void Options(Run& run, Random& random) {
  static constexpr const char* kOptions[] = {"broadcastIP 1",
                                             "broadcastIP 0",
                                             "toolScripts.afterPowerOn 0",
                                             "toolScripts.beforePowerOff 1",
                                             "synctime 1",
                                             "synctime 0",
                                             "synctime.period 20",
                                             "time.synchronize.tools.startup 1",
                                             "time.synchronize.tools.slewCorrection 1",
                                             "nonsense 5",
                                             "",
                                             "synctime"};
  run.Send("option", absl::StrCat("Set_Option ", kOptions[random.Below(12)]), kStartLimit)
      .status()
      .IgnoreError();
}

void SynchronizeTime(Run& run, Random& random) {
  run.Send("time", absl::StrCat("Time_Synchronize ", random.Below(2)), kStartLimit)
      .status()
      .IgnoreError();
}

void Power(Run& run, Random& random) {
  static constexpr const char* kCommands[] = {"OS_Halt", "OS_Reboot", "OS_PowerOn", "OS_Resume",
                                              "OS_Suspend"};
  const Counted counted(&run.world().power_events);
  // As v1::PowerEvent numbers them.
  const int event = 1 + static_cast<int>(random.Below(5));
  ++run.world().power_asked[event];
  const auto reply = run.Send("power", kCommands[event - 1], kStartLimit);
  if (reply.ok() && absl::StartsWith(*reply, "ERROR ")) --run.world().power_asked[event];
  if (run.world().power_done[event] > run.world().power_asked[event]) {
    run.world().Violation("a power event was refused and is carried out");
  }
  Time().Sleep(3 * kSecond);
}

// --- Snapshots.

void Snapshot(Run& run, Random& random) {
  const Counted counted(&run.world().snapshots);
  const uint64_t commits = run.commits();
  const uint64_t dones = run.dones();
  const auto started = run.Send("vmbackup.start", "vmbackup.start 1 0 0", kStartLimit);
  if (!started.ok() || !absl::StartsWith(*started, "OK")) return;
  Time().Wait([&] { return run.commits() != commits || run.dones() != dones; },
              Time().now() + 20 * kSecond);
  Time().Sleep(random.Between(0, 6 * kSecond));
  const char* const next = random.OneIn(4) ? "vmbackup.abort" : "vmbackup.snapshotDone";
  run.Send(next, next, kStartLimit).status().IgnoreError();
  if (random.OneIn(4)) run.Send("vmbackup.abort", "vmbackup.abort", kAtOnce).status().IgnoreError();
  Time().Wait([&] { return run.dones() != dones; }, Time().now() + 30 * kSecond);
  // A host does not wait forever.
  for (int i = 0; i < 10 && run.snapshot_open(); ++i) {
    run.Send("vmbackup.abort", "vmbackup.abort", kAtOnce).status().IgnoreError();
    Time().Sleep(5 * kSecond);
  }
}

void SyncDriver(Run& run, Random& random) {
  const Counted counted(&run.world().snapshots);
  const auto frozen = run.Send(
      "freeze", absl::StrCat("Vix_1_SyncDriver_Freeze \"all\" \"", random.Below(500), "\""),
      kFreezeLimit);
  if (!frozen.ok()) return;
  Time().Sleep(random.Between(0, 4 * kSecond));
  run.Send("thaw", "Vix_1_SyncDriver_Thaw", kFreezeLimit).status().IgnoreError();
}

// --- Customization.

void Customize(Run& run, Random& random) {
  const Counted counted(&run.world().customizations);
  const auto begun = run.Send("deployPkg.begin", "deployPkg.begin", kStartLimit);
  if (!begun.ok() || !absl::StartsWith(*begun, "OK /")) return;
  const int id = run.world().NewOperation("deployment");
  const std::string path = absl::StrCat(begun->substr(3), "op", id, ".cab");
  const vmxsim::PacketCall packets = vmxsim::InTclo([&run](absl::string_view request) {
    return run.Send("packet", std::string(request), kOperationLimit);
  });
  std::string rest(random.Below(100000), 'c');
  const auto uploaded = vmxsim::Upload(packets, path, [&rest](size_t size) {
    std::string part = rest.substr(0, size);
    rest.erase(0, part.size());
    return absl::StatusOr<std::string>(std::move(part));
  });
  if (!uploaded.ok() && random.OneIn(2)) return run.world().End(id, true, false);
  const auto deployed = run.Send("deployPkg.deploy", "deployPkg.deploy " + path, kStartLimit);
  run.world().End(id, deployed.ok(), deployed.ok() && absl::StartsWith(*deployed, "OK"));
  Time().Sleep(2 * kSecond);
}

// --- The host's faults.

void HostGone(Run& run, Random& random) {
  run.Disturb(
      random.Between(100 * kMillisecond, 20 * kSecond), [&run] { run.host().set_gone(true); },
      [&run] { run.host().set_gone(false); });
}

void HostSilent(Run& run, Random& random) {
  run.Disturb(
      random.Between(100 * kMillisecond, 10 * kSecond), [&run] { run.host().set_silent(true); },
      [&run] { run.host().set_silent(false); });
}

void ChannelsForgotten(Run& run, Random& random) {
  const uint64_t which = random.Below(3);
  run.host().ForgetChannels(which != 0, which != 1);
}

void CookiesChanged(Run& run, Random& /*random*/) { run.host().ChangeCookies(); }

void Checkpoint(Run& run, Random& random) {
  run.host().Checkpoint(static_cast<int>(random.Below(30)), 1 + static_cast<int>(random.Below(3)));
}

void ManyCheckpoints(Run& run, Random& random) {
  run.host().Checkpoint(static_cast<int>(random.Below(30)),
                        50 + static_cast<int>(random.Below(300)));
}

void AnswerFails(Run& run, Random& random) {
  run.host().FailNextAnswer(static_cast<AnswerFault>(1 + random.Below(kAnswerFaults - 1)));
}

void MessageBroken(Run& run, Random& /*random*/) { run.host().BreakNextMessage(); }

void HostReset(Run& run, Random& /*random*/) { run.host().ResetGuest(); }

void VsockOffered(Run& run, Random& /*random*/) { run.host().set_offers_vsock(true); }
void VsockWithdrawn(Run& run, Random& /*random*/) { run.host().set_offers_vsock(false); }
void VsockEnds(Run& run, Random& /*random*/) { run.host().EndVsock(); }
void VsockUndecided(Run& run, Random& random) {
  run.host().set_vsock_undecided(true);
  run.After(random.Between(kSecond, 20 * kSecond),
            [&run] { run.host().set_vsock_undecided(false); });
}

void Bandwidth(Run& run, Random& random) { run.host().set_high_bandwidth(random.OneIn(2)); }

// --- The services' faults.

std::string AnyService(Random& random) {
  return Services::names()[random.Below(Services::names().size())];
}

void ServiceKilled(Run& run, Random& random) { run.services().Kill(AnyService(random)); }

void ServiceStopped(Run& run, Random& random) { run.services().Stop(AnyService(random)); }

void ServiceDown(Run& run, Random& random) {
  const std::string name = AnyService(random);
  run.services().SetDown(name, true);
  run.After(random.Between(100 * kMillisecond, 20 * kSecond),
            [&run, name] { run.services().SetDown(name, false); });
}

void ServiceFails(Run& run, Random& random) {
  const std::string name = AnyService(random);
  run.services().FailNext(name, static_cast<ServiceFault>(1 + random.Below(kServiceFaults - 1)));
}

void ProcessKilled(Run& run, Random& /*random*/) { run.users().KillOne(); }
void ProcessStopped(Run& run, Random& /*random*/) { run.users().StopOne(); }

void SessionDown(Run& run, Random& random) {
  run.users().set_down(true);
  run.After(random.Between(100 * kMillisecond, 10 * kSecond),
            [&run] { run.users().set_down(false); });
}

void LoginFails(Run& run, Random& random) {
  run.users().FailNextLogin(
      static_cast<Users::LoginFault>(1 + random.Below(Users::kLoginFaults - 1)));
}

void CallFails(Run& run, Random& random) {
  run.users().FailNextCall(static_cast<ServiceFault>(1 + random.Below(kServiceFaults - 1)));
}

// --- The machine's.

void ClockJumps(Run& /*run*/, Random& random) {
  const int64_t most = random.OneIn(2) ? 86400 * kSecond : 3 * kSecond;
  Time().JumpWallClock(random.Between(-most, most));
}

void GuestInfoChanges(Run& run, Random& random) {
  for (uint64_t i = random.Between(1, 5); i > 0; --i) {
    run.services().ChangeGuestInfo();
    Time().Sleep(random.Between(kMillisecond, 300 * kMillisecond));
  }
}

void NoMemory(Run& run, Random& random) {
  Time().set_no_threads(true);
  run.After(random.Between(100 * kMillisecond, 5 * kSecond), [] { Time().set_no_threads(false); });
}

void SlowMachine(Run& run, Random& random) {
  Wire::Get().set_slow(random.Between(10 * kMillisecond, 2 * kSecond));
  run.After(random.Between(kSecond, 10 * kSecond), [] { Wire::Get().set_slow(2 * kMillisecond); });
}

// Time passes for everything at once.
void MachineStands(Run& run, Random& random) {
  const int64_t time = random.Between(100 * kMillisecond, 6 * kSecond);
  run.host().NoteFault();
  run.host().Stun(time);
}

void Reload(Run& run, Random& /*random*/) { run.transport().Reload(); }

}  // namespace

const std::vector<EventKind>& EventKinds() {
  static const auto& kinds = *new std::vector<EventKind>{
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
      {"ping", 3, Ping},
      {"unknown command", 2, UnknownCommand},
      {"option", 4, Options},
      {"time", 3, SynchronizeTime},
      {"power", 5, Power},
      {"snapshot", 5, Snapshot},
      {"sync driver", 2, SyncDriver},
      {"customization", 3, Customize},
      {"host gone", 2, HostGone},
      {"host silent", 1, HostSilent},
      {"channels forgotten", 3, ChannelsForgotten},
      {"cookies changed", 2, CookiesChanged},
      {"checkpoint", 5, Checkpoint},
      {"many checkpoints", 1, ManyCheckpoints},
      {"answer fails", 5, AnswerFails},
      {"message broken", 2, MessageBroken},
      {"host reset", 3, HostReset},
      {"vsock offered", 2, VsockOffered},
      {"vsock withdrawn", 2, VsockWithdrawn},
      {"vsock ends", 2, VsockEnds},
      {"vsock undecided", 1, VsockUndecided},
      {"bandwidth", 1, Bandwidth},
      {"service killed", 4, ServiceKilled},
      {"service stopped", 3, ServiceStopped},
      {"service down", 2, ServiceDown},
      {"service fails", 6, ServiceFails},
      {"process killed", 4, ProcessKilled},
      {"process stopped", 2, ProcessStopped},
      {"session down", 1, SessionDown},
      {"login fails", 4, LoginFails},
      {"call fails", 6, CallFails},
      {"clock jumps", 3, ClockJumps},
      {"guest info changes", 3, GuestInfoChanges},
      {"no memory", 1, NoMemory},
      {"slow machine", 1, SlowMachine},
      {"machine stands", 2, MachineStands},
      {"reload", 1, Reload},
  };
  return kinds;
}

Schedule MakeSchedule(uint64_t seed) {
  Random random(seed * 0x2545F4914F6CDD1Du + 1);
  uint64_t weights = 0;
  for (const EventKind& kind : EventKinds()) weights += kind.weight;
  Schedule schedule;
  schedule.seed = seed;
  const uint64_t count = random.Between(4, 40);
  const int64_t length = random.OneIn(3) ? 10 * kSecond : 40 * kSecond;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t chosen = random.Below(weights);
    int kind = 0;
    while (chosen >= static_cast<uint64_t>(EventKinds()[kind].weight)) {
      chosen -= EventKinds()[kind++].weight;
    }
    schedule.events.push_back({random.Between(0, length), kind, random.Next()});
  }
  std::stable_sort(schedule.events.begin(), schedule.events.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
  return schedule;
}

// --- At the end.

// transportd/sessions/refusal_budget.h, and some more.
constexpr int64_t kRefusalTime = 120 * kSecond;

// A host that is sane finds a guest that works.
void Run::Probe() {
  Scheduler& time = Scheduler::Get();
  services_->ChangeGuestInfo();
  time.Sleep(8 * kSecond);
  // It may be on its way from one transport to the other.
  if (!time.Wait([this] { return host_->registered(); }, time.now() + 5 * kSecond)) {
    world_.Violation("not registered at the end");
  }
  Send("option", "Set_Option synctime 0", kStartLimit).status().IgnoreError();
  // After refusals first logins are refused for a while.
  const int64_t until = time.now() + kRefusalTime;
  uint32_t error = 1;
  while (error != 0 && time.now() < until) {
    const int id = world_.NewOperation("probe");
    const std::string name = absl::StrCat("op", id);
    vix::ReadEnvironmentRequest request;
    request.names = {name};
    GuestClient client = Client(*this, "probe", "prober");
    const absl::StatusOr<GuestReply> reply =
        client.Call(vix::kReadEnvironmentVariables, vix::Encode(request));
    error = reply.ok() ? reply->error : 1;
    world_.End(id, reply.ok(), error == 0);
    if (error != 0) time.Sleep(5 * kSecond);
  }
  if (error != 0) world_.Violation(absl::StrCat("the last operation failed: code ", error));
  if (host_name_ != services_->host_name()) {
    world_.Violation(
        absl::StrCat("the host has the name ", host_name_, " and not ", services_->host_name()));
  }
}

void Run::CheckFiles() {
  for (const auto& [path, content] : expected_) {
    const std::string* found = users_->Find(path);
    if (found != nullptr && *found != content) {
      world_.Violation(absl::StrCat(path, " has ", found->size(), " bytes of ", content.size(),
                                    " or other ones"));
    }
  }
}

}  // namespace toolboxd::simulation
