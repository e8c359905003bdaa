// SPDX-License-Identifier: Apache-2.0

#include "tests/soak/worker.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"
#include "vmxsim/guest/hgfs_transfer.h"

namespace toolboxd::soak {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);
// After a refusal, as of the whole guest during a snapshot.
constexpr absl::Duration kPause = absl::Seconds(1);
// docs/protocol/hgfs.md 5.9: no process can have this number, or a larger one.
constexpr int64_t kFirstFunction = 4194305;
constexpr size_t kMaxContent = 300000;
constexpr size_t kMaxInput = 100000;

absl::Status Wrong(absl::string_view what) { return absl::DataLossError(what); }

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Gives `content`, which must outlive it, piece by piece.
vmxsim::ContentSource From(absl::string_view content) {
  return [content](size_t chunk) mutable {
    const absl::string_view part = content.substr(0, chunk);
    content.remove_prefix(part.size());
    return absl::StatusOr<std::string>(std::string(part));
  };
}

vmxsim::ContentSink Into(std::string* received) {
  return [received](absl::string_view data) {
    received->append(data.data(), data.size());
    return absl::OkStatus();
  };
}

}  // namespace

Worker::Worker(vmxsim::Client host, std::string user, const std::string& password,
               std::string folder, const Manner& manner, Journal* journal)
    : host_(std::move(host)),
      client_([this, patience = manner.patience](
                  absl::string_view request) { return host_.Tclo(request, patience); },
              user, password),
      user_(std::move(user)),
      folder_(std::move(folder)),
      everything_(manner.everything),
      random_(manner.seed),
      journal_(*journal) {}

void Worker::Step() {
  struct Kind {
    const char* name;
    Operation operation;
    // How often it is chosen.
    int weight;
  };
  static constexpr std::array<Kind, 12> kKinds = {{
      {"environment", &Worker::ReadEnvironment, 40},
      {"program", &Worker::RunProgram, 10},
      {"program ended", &Worker::EndProgram, 3},
      {"directories", &Worker::ChangeDirectories, 15},
      {"listing", &Worker::ListDirectory, 10},
      {"upload", &Worker::Upload, 6},
      {"download", &Worker::Download, 6},
      {"file", &Worker::ChangeFile, 10},
      {"archive", &Worker::CopyAsArchive, 2},
      {"program with input", &Worker::RunWithInput, 3},
      {"function", &Worker::RunFunction, 3},
      {"extension", &Worker::UseExtension, 4},
  }};
  static constexpr int kWeights = 112, kWeightsOfVmtoolsd = 100;
  ++step_;
  int choice = static_cast<int>(random_() % (everything_ ? kWeights : kWeightsOfVmtoolsd));
  for (const Kind& kind : kKinds) {
    choice -= kind.weight;
    if (choice >= 0) continue;
    const absl::Status outcome = (this->*kind.operation)();
    journal_.Record(kind.name, outcome);
    if (absl::IsAborted(outcome)) absl::SleepFor(kPause);
    return;
  }
}

absl::StatusOr<std::string> Worker::Call(uint32_t opcode, const std::string& body) {
  absl::StatusOr<vmxsim::GuestReply> reply = client_.Call(opcode, body);
  if (!reply.ok()) return reply.status();
  if (reply->error != 0) return vmxsim::VixError(reply->error);
  return std::move(reply->result);
}

absl::StatusOr<int64_t> Worker::Start(const std::string& script) {
  vix::StartProgramRequest request;
  request.program = "/bin/sh";
  const std::string arguments = absl::StrCat("-c \"", script, "\"");
  request.arguments = arguments;
  return client_.StartProgram(request);
}

absl::StatusOr<int64_t> Worker::AwaitExit(int64_t pid) {
  for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;) {
    const auto list = client_.ListProcesses({static_cast<uint64_t>(pid)});
    if (!list.ok()) return list.status();
    // Functions run in transportd, and end with it.
    if (list->empty() && pid >= kFirstFunction) return absl::UnavailableError("the function");
    if (list->size() != 1) return Wrong(absl::StrCat(list->size(), " programs with one number"));
    const vmxsim::Record& program = list->front();
    if (vmxsim::NumberOf(program, "eTime") != 0) return vmxsim::NumberOf(program, "eCode");
    absl::SleepFor(absl::Milliseconds(5));
  }
  return absl::DeadlineExceededError("the program's end");
}

absl::Status Worker::ReadEnvironment() {
  vix::ReadEnvironmentRequest request;
  request.names = {"USER"};
  const absl::StatusOr<std::string> result =
      Call(vix::kReadEnvironmentVariables, vix::Encode(request));
  if (!result.ok()) return result.status();
  return absl::StrContains(*result, absl::StrCat("USER=", user_)) ? absl::OkStatus()
                                                                  : Wrong(*result);
}

// Its exit status and its line in the user's file show that it ran, once.
absl::Status Worker::RunProgram() {
  const int64_t exit_code = static_cast<int64_t>(step_ % 200);
  const absl::StatusOr<int64_t> pid =
      Start(absl::StrCat("echo ", step_, " >> ", folder_, "/numbers; exit ", exit_code));
  (pid.ok() ? started_ : refused_).insert(step_);
  if (!pid.ok()) return pid.status();
  const absl::StatusOr<int64_t> ended = AwaitExit(*pid);
  if (!ended.ok()) return ended.status();
  return *ended == exit_code ? absl::OkStatus() : Wrong(absl::StrCat("exit status ", *ended));
}

absl::Status Worker::Terminate(int64_t pid) {
  vix::TerminateRequest request;
  request.pid = static_cast<uint64_t>(pid);
  return Call(vix::kTerminateProcess, vix::Encode(request)).status();
}

absl::Status Worker::EndAfterRefusals(int64_t pid) {
  absl::Status status = Terminate(pid);
  for (const absl::Time end = absl::Now() + kPatience; absl::IsAborted(status) && absl::Now() < end;
       status = Terminate(pid)) {
    absl::SleepFor(kPause);
  }
  return status;
}

absl::Status Worker::EndProgram() {
  const absl::StatusOr<int64_t> pid = Start("exec sleep 50");
  if (!pid.ok()) return pid.status();
  const absl::Status ended = Terminate(*pid);
  return ended.ok() ? AwaitExit(*pid).status() : ended;
}

absl::Status Worker::ChangeDirectories() {
  const std::string from = absl::StrCat(folder_, "/d", step_), to = from + "-moved";
  vix::DirectoryRequest make;
  make.path = from;
  vix::MoveRequest move;
  move.from = from;
  move.to = to;
  vix::DirectoryRequest remove;
  remove.path = to;
  remove.flag = true;
  absl::Status status = Call(vix::kCreateDirectoryEx, vix::Encode(make)).status();
  if (status.ok()) status = Call(vix::kMoveDirectory, vix::Encode(move)).status();
  if (status.ok() && !std::filesystem::is_directory(to)) status = Wrong("not moved");
  if (status.ok()) status = Call(vix::kDeleteDirectoryEx, vix::Encode(remove)).status();
  if (status.ok() && std::filesystem::exists(to)) status = Wrong("not removed");
  return status;
}

absl::Status Worker::ListDirectory() {
  const auto files = client_.ListFiles("/etc", "");
  if (!files.ok()) return files.status();
  return files->size() > 10 ? absl::OkStatus() : Wrong(absl::StrCat(files->size(), " entries"));
}

// Makes one of a name of the guest's choice, changes its mode, renames and deletes it.
absl::Status Worker::ChangeFile() {
  vix::CreateTemporaryRequest make;
  make.prefix = "made";
  make.directory = folder_;
  const absl::StatusOr<std::string> made = Call(vix::kCreateTemporaryFileEx, vix::Encode(make));
  if (!made.ok()) return made.status();
  const std::string from(absl::StripSuffix(*made, absl::string_view("\0", 1))),
      to = from + "-moved";
  if (!std::filesystem::is_regular_file(from)) return Wrong(absl::StrCat("not made: ", from));
  vix::SetAttributesRequest change;
  change.flags = vix::SetAttributesRequest::kPermissions;
  change.permissions = 0604;
  change.path = from;
  absl::Status status = Call(vix::kSetFileAttributes, vix::Encode(change)).status();
  vix::MoveRequest move;
  move.from = from;
  move.to = to;
  if (status.ok()) status = Call(vix::kMoveFileEx, vix::Encode(move)).status();
  if (status.ok() && std::filesystem::status(to).permissions() != std::filesystem::perms{0604}) {
    status = Wrong("not moved, or without its mode");
  }
  vix::PathRequest remove;
  remove.path = to;
  if (status.ok()) status = Call(vix::kDeleteFileEx, vix::Encode(remove)).status();
  if (status.ok() && std::filesystem::exists(to)) status = Wrong("not removed");
  // Only a refusal may leave it.
  if (!status.ok() && status.code() != absl::StatusCode::kDataLoss) {
    std::error_code ignored;
    std::filesystem::remove(from, ignored);
    std::filesystem::remove(to, ignored);
  }
  return status;
}

std::string Worker::Content(size_t size) {
  std::string content = absl::StrCat(user_, " ", step_, "\n");
  while (content.size() < size) content.append(content);
  content.resize(size);
  return content;
}

absl::Status Worker::Upload() {
  const std::string content = Content(random_() % kMaxContent + 20);
  const std::string path = folder_ + "/uploaded";
  const absl::StatusOr<uint64_t> size = vmxsim::Upload(client_, path, From(content));
  // One that fails leaves the file as it was, or has replaced it all the same; one without an
  // answer may do so later.
  uploads_.insert(content);
  const std::string stored = ReadFile(path);
  const bool known = size.ok() ? stored == content : uploads_.contains(stored);
  if (!known) {
    return Wrong(absl::StrCat(stored.size(), " bytes of \"", stored.substr(0, stored.find('\n')),
                              "\" after step ", step_, " with ", content.size(), ": ",
                              size.status().ToString()));
  }
  if (size.ok()) uploads_ = {content};
  return size.status();
}

absl::Status Worker::Download() {
  const std::string content = Content(random_() % kMaxContent + 20);
  const std::string path = folder_ + "/offered";
  std::ofstream(path, std::ios::binary) << content;
  std::string received;
  const absl::StatusOr<uint64_t> size = vmxsim::Download(client_, path, Into(&received));
  if (!size.ok()) return size.status();
  return received == content ? absl::OkStatus() : Wrong("other content");
}

// What a directory has is in another one afterwards.
absl::Status Worker::CopyAsArchive() {
  namespace fs = std::filesystem;
  constexpr int kFiles = 5;
  const std::string from = folder_ + "/packed", to = folder_ + "/unpacked";
  fs::create_directories(from + "/below");
  const auto name = [](int file) {
    return absl::StrCat(file % 2 == 0 ? "/" : "/below/", "file", file);
  };
  std::array<std::string, kFiles> contents;
  for (int i = 0; i < kFiles; ++i) {
    contents[i] = Content(random_() % kMaxInput + 20);
    std::ofstream(from + name(i), std::ios::binary) << contents[i];
  }
  std::string archive;
  absl::Status status = vmxsim::Download(client_, from, Into(&archive)).status();
  if (status.ok()) {
    status = vmxsim::Upload(client_, absl::StrCat("/archive:", to), From(archive)).status();
  }
  for (int i = 0; i < kFiles && status.ok(); ++i) {
    if (ReadFile(to + name(i)) != contents[i]) status = Wrong(absl::StrCat("other content of ", i));
  }
  std::error_code ignored;
  fs::remove_all(from, ignored);
  fs::remove_all(to, ignored);
  return status;
}

absl::StatusOr<std::string> Worker::Filter(absl::string_view program, const std::string& input) {
  vix::StartProgramRequest request;
  request.program = program;
  const absl::StatusOr<int64_t> pid = client_.StartProgram(request);
  if (!pid.ok()) return pid.status();
  const std::string streams = absl::StrCat("/proc/", *pid, "/");
  const absl::Status sent = vmxsim::Upload(client_, streams + "stdin", From(input)).status();
  if (!sent.ok()) {
    // It would wait for its input until the end of the test.
    EndAfterRefusals(*pid).IgnoreError();
    return sent;
  }
  const absl::StatusOr<int64_t> ended = AwaitExit(*pid);
  if (!ended.ok()) return ended.status();
  if (*ended != 0) return Wrong(absl::StrCat("exit status ", *ended));
  std::string output;
  const absl::Status received =
      vmxsim::Download(client_, streams + "stdout", Into(&output)).status();
  if (!received.ok()) return received;
  return output;
}

absl::Status Worker::RunWithInput() {
  const std::string input = Content(random_() % kMaxInput + 20);
  const absl::StatusOr<std::string> output = Filter("cat", input);
  if (!output.ok()) return output.status();
  return *output == input ? absl::OkStatus() : Wrong("other output");
}

absl::Status Worker::RunFunction() {
  const std::string input = Content(random_() % kMaxInput + 20);
  const absl::StatusOr<std::string> output = Filter("echo.Upper", input);
  if (!output.ok()) return output.status();
  return *output == absl::AsciiStrToUpper(input) ? absl::OkStatus() : Wrong("other output");
}

absl::Status Worker::UseExtension() {
  const std::string text = absl::StrCat("/", user_, "/", step_);
  const absl::StatusOr<std::string> reply = host_.Tclo(absl::StrCat("Echo_Cc ", text), kPatience);
  if (!reply.ok()) return reply.status();
  if (absl::StartsWith(*reply, "ERROR ")) return absl::AbortedError(*reply);
  if (*reply != absl::StrCat("OK ", text)) return Wrong(*reply);
  std::string received;
  const absl::Status status =
      vmxsim::Download(client_, absl::StrCat("/echocc:", text), Into(&received)).status();
  if (!status.ok()) return status;
  return received == text ? absl::OkStatus() : Wrong(received);
}

absl::Status Worker::CheckNumbers() const {
  std::map<uint64_t, int> times;
  std::ifstream numbers(folder_ + "/numbers");
  for (uint64_t number = 0; numbers >> number;) ++times[number];
  for (const uint64_t number : started_) {
    if (times[number] != 1) {
      return Wrong(absl::StrCat(user_, ": program ", number, " ran ", times[number], " times"));
    }
  }
  for (const uint64_t number : refused_) {
    if (times[number] > 1) {
      return Wrong(absl::StrCat(user_, ": program ", number, " ran ", times[number], " times"));
    }
  }
  return absl::OkStatus();
}

absl::Status Worker::CheckFolder() const {
  const std::set<std::string> known = {"numbers", "uploaded", "offered"};
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().filename();
    // Directories of operations that failed in between may be there.
    if (entry.is_directory() || known.contains(name)) continue;
    return Wrong(absl::StrCat(user_, ": not removed: ", name));
  }
  return absl::OkStatus();
}

}  // namespace toolboxd::soak
