// SPDX-License-Identifier: Apache-2.0

#include "tests/conformance/target.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/testing/whole_file.h"
#include "sys/stat.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/testing/host_messages.h"
#include "vmxsim/guest/hgfs_transfer.h"
#include "zlib.h"

namespace toolboxd::conformance {
namespace {

using vmxsim::GuestReply;
using vmxsim::Record;

// A record without what differs from run to run: times, and the size of directories.
std::string Describe(Record record) {
  for (const char* tag : {"mt", "at", "ct", "pid", "start", "eTime"}) record.erase(tag);
  if (record["ft"] == "1") record.erase("fs");
  return absl::StrJoin(record, " ", absl::PairFormatter("="));
}

std::string DescribeAll(const std::vector<Record>& records) {
  std::vector<std::string> lines;
  for (const Record& record : records) lines.push_back(absl::StrCat("[", Describe(record), "]"));
  std::sort(lines.begin(), lines.end());
  return absl::StrJoin(lines, "");
}

std::string Checksum(absl::string_view data) {
  const auto* bytes = reinterpret_cast<const Bytef*>(data.data());
  return absl::StrCat(data.size(), " bytes ",
                      absl::Hex(crc32(0, bytes, static_cast<uInt>(data.size()))));
}

}  // namespace

Target::Target(vmxsim::TcloSend send, std::string folder, Users users)
    : send_(std::move(send)),
      folder_(std::move(folder)),
      users_(std::move(users)),
      client_(send_, users_.name, users_.password) {}

std::string Target::Path(absl::string_view leaf) const { return absl::StrCat(folder_, "/", leaf); }

Target Target::As(const std::string& user) const { return As(user, users_.password); }

Target Target::As(const std::string& user, const std::string& password) const {
  Users users = users_;
  users.name = user;
  users.password = password;
  return Target(send_, folder_, users);
}

std::string Target::Normal(std::string text) const {
  return absl::CHexEscape(absl::StrReplaceAll(text, {{folder_, "@"}}));
}

std::string Target::Failure(const absl::Status& status) const {
  const bool reached = absl::IsAborted(status);
  return absl::StrCat(reached ? "" : "no reply: ", Normal(std::string(status.message())));
}

std::string Target::Line(const absl::StatusOr<GuestReply>& reply) const {
  if (!reply.ok()) return Failure(reply.status());
  // A failure's text is for people; the code is the contract.
  if (reply->error != 0) return absl::StrCat(reply->error);
  return absl::StrCat("0 ", Normal(reply->result));
}

std::string Target::List(absl::string_view path, absl::string_view pattern, int32_t index,
                         int32_t max_results, uint64_t offset) {
  vix::ListFilesRequest request;
  request.path = path;
  request.pattern = pattern;
  request.index = index;
  request.max_results = max_results;
  request.offset = offset;
  const auto reply = client_.Call(vix::kListFiles, vix::Encode(request));
  if (!reply.ok() || reply->error != 0) return Line(reply);
  return absl::StrCat("0 ", reply->result.substr(0, 1),
                      " rem=", vmxsim::FindValue(reply->result, "rem"), " ",
                      Normal(DescribeAll(vmxsim::ParseRecords(reply->result, "fxi"))));
}

std::string Target::CountAll(absl::string_view path, int32_t max_results) {
  const auto files = client_.ListFiles(path, "", max_results);
  if (!files.ok()) return Failure(files.status());
  std::set<std::string> names;
  for (const Record& file : *files) names.insert(file.at("Name"));
  return absl::StrCat(files->size(), " entries, ", names.size(), " names");
}

std::string Target::MakeDirectory(absl::string_view path, bool parents) {
  vix::DirectoryRequest request;
  request.path = path;
  request.flag = parents;
  return Line(client_.Call(vix::kCreateDirectoryEx, vix::Encode(request)));
}

std::string Target::DeleteDirectory(absl::string_view path, bool recursive) {
  vix::DirectoryRequest request;
  request.path = path;
  request.flag = recursive;
  return Line(client_.Call(vix::kDeleteDirectoryEx, vix::Encode(request)));
}

std::string Target::DeleteFile(absl::string_view path) {
  vix::PathRequest request;
  request.path = path;
  return Line(client_.Call(vix::kDeleteFileEx, vix::Encode(request)));
}

std::string Target::MoveFile(absl::string_view from, absl::string_view to, bool overwrite) {
  vix::MoveRequest request;
  request.from = from;
  request.to = to;
  request.overwrite = overwrite;
  return Line(client_.Call(vix::kMoveFileEx, vix::Encode(request)));
}

std::string Target::MoveDirectory(absl::string_view from, absl::string_view to) {
  vix::MoveRequest request;
  request.from = from;
  request.to = to;
  return Line(client_.Call(vix::kMoveDirectory, vix::Encode(request)));
}

std::string Target::MakeTemporary(bool directory, absl::string_view prefix,
                                  absl::string_view suffix, absl::string_view where) {
  vix::CreateTemporaryRequest request;
  request.prefix = prefix;
  request.suffix = suffix;
  request.directory = where;
  const auto reply =
      client_.Call(directory ? vix::kCreateTemporaryDirectory : vix::kCreateTemporaryFileEx,
                   vix::Encode(request));
  if (!reply.ok() || reply->error != 0) return Line(reply);
  struct stat status {};
  if (lstat(reply->result.c_str(), &status) != 0) return "0 but nothing is there";
  const absl::string_view name =
      absl::string_view(reply->result).substr(reply->result.rfind('/') + 1);
  return absl::StrFormat("0 %s %o prefix %d suffix %d",
                         S_ISDIR(status.st_mode) ? "directory" : "file", status.st_mode & 07777,
                         absl::StartsWith(name, prefix), absl::EndsWith(name, suffix));
}

std::string Target::SetAttributes(const vix::SetAttributesRequest& request) {
  return Line(client_.Call(vix::kSetFileAttributes, vix::Encode(request)));
}

std::string Target::TransferFrom(absl::string_view path) {
  vix::ListFilesRequest request;
  request.path = path;
  const auto reply = client_.Call(vix::kInitiateFileTransferFromGuest, vix::Encode(request));
  if (!reply.ok() || reply->error != 0) return Line(reply);
  return absl::StrCat("0 ", Normal(DescribeAll(vmxsim::ParseRecords(reply->result, "fxi"))));
}

std::string Target::TransferTo(absl::string_view path, bool overwrite) {
  vix::TransferToGuestRequest request;
  request.path = path;
  request.overwrite = overwrite;
  return Line(client_.Call(vix::kInitiateFileTransferToGuest, vix::Encode(request)));
}

std::string Target::Upload(absl::string_view path, const std::string& content) {
  size_t sent = 0;
  const auto size = vmxsim::Upload(client_, path, [&](size_t chunk) {
    const std::string data = content.substr(sent, chunk);
    sent += data.size();
    return absl::StatusOr<std::string>(data);
  });
  return size.ok() ? "0" : Failure(size.status());
}

std::string Target::Download(absl::string_view path) {
  std::string content;
  const auto size = vmxsim::Download(client_, path, [&](absl::string_view data) {
    absl::StrAppend(&content, data);
    return absl::OkStatus();
  });
  if (!size.ok()) return Failure(size.status());
  return absl::StrCat("0 reported ", *size, ", ", Checksum(content));
}

std::string Target::StartOnly(const vix::StartProgramRequest& request) {
  const auto reply = client_.Call(vix::kStartProgram, vix::Encode(request));
  if (!reply.ok() || reply->error != 0) return Line(reply);
  return "0";
}

int64_t Target::Start(absl::string_view program, absl::string_view arguments) {
  vix::StartProgramRequest request;
  request.program = program;
  request.arguments = arguments;
  return client_.StartProgram(request).value_or(0);
}

std::string Target::Await(int64_t pid) {
  for (int tries = 0; tries < 400; ++tries) {
    auto list = client_.ListProcesses({static_cast<uint64_t>(pid)});
    if (!list.ok()) return Failure(list.status());
    if (list->empty()) return "not listed";
    if (vmxsim::NumberOf(list->front(), "eTime") != 0) return Normal(Describe(list->front()));
    absl::SleepFor(absl::Milliseconds(25));
  }
  return "still running";
}

std::string Target::Run(const vix::StartProgramRequest& request) {
  const auto reply = client_.Call(vix::kStartProgram, vix::Encode(request));
  if (!reply.ok() || reply->error != 0) return Line(reply);
  int64_t pid = 0;
  if (!absl::SimpleAtoi(reply->result, &pid))
    return absl::StrCat("no pid: ", Normal(reply->result));
  return absl::StrCat("0 ", Await(pid));
}

std::string Target::Run(absl::string_view program, absl::string_view arguments) {
  vix::StartProgramRequest request;
  request.program = program;
  request.arguments = arguments;
  return Run(request);
}

std::string Target::Terminate(uint64_t pid) {
  vix::TerminateRequest request;
  request.pid = pid;
  return Line(client_.Call(vix::kTerminateProcess, vix::Encode(request)));
}

std::string Target::ListProcesses(const std::vector<uint64_t>& pids) {
  const auto list = client_.ListProcesses(pids);
  if (!list.ok()) return Failure(list.status());
  return absl::StrCat("0 ", Normal(DescribeAll(*list)));
}

std::string Target::CountListed(const std::vector<uint64_t>& pids) {
  const auto list = client_.ListProcesses({});
  if (!list.ok()) return Failure(list.status());
  size_t found = 0;
  for (const Record& process : *list) {
    const auto pid = static_cast<uint64_t>(vmxsim::NumberOf(process, "pid"));
    found += std::find(pids.begin(), pids.end(), pid) != pids.end() ? 1 : 0;
  }
  return absl::StrCat(found, " of ", pids.size());
}

std::string Target::ReadEnvironment(const std::vector<absl::string_view>& names) {
  vix::ReadEnvironmentRequest request;
  request.names = names;
  return Line(client_.Call(vix::kReadEnvironmentVariables, vix::Encode(request)));
}

std::string Target::Call(uint32_t opcode, absl::string_view body) {
  return Line(client_.Call(opcode, body));
}

std::string Target::CallAs(uint32_t credential_type, absl::string_view credential, uint32_t opcode,
                           absl::string_view body) {
  return Line(client_.CallAs(credential_type, credential, opcode, body));
}

std::string Target::Raw(const std::string& request) {
  const absl::StatusOr<std::string> answer = send_(request);
  if (!answer.ok()) return "no reply";
  absl::string_view data = *answer;
  vix::Reply reply;
  if (absl::ConsumePrefix(&data, "OK ") && vix::ParseReply(data, reply)) {
    return absl::StrCat("OK ", reply.error);
  }
  return absl::CHexEscape(absl::StripSuffix(*answer, absl::string_view("\0", 1)));
}

void Target::SetClock(absl::string_view name, int64_t value) {
  host_({"clock-set", std::string(name), absl::StrCat(value)}).IgnoreError();
}

std::string Target::ClockText() { return host_({"clock"}).value_or(""); }

int64_t Target::Clock(absl::string_view name) {
  const std::string text = ClockText();
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    int64_t value = 0;
    if (absl::ConsumePrefix(&line, absl::StrCat(name, " ")) && absl::SimpleAtoi(line, &value)) {
      return value;
    }
  }
  return -1;
}

std::vector<int64_t> Target::ClockSteps() {
  const std::string text = ClockText();
  std::vector<int64_t> steps;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    int64_t value = 0;
    if (absl::ConsumePrefix(&line, "step ") && absl::SimpleAtoi(line, &value)) {
      steps.push_back(value);
    }
  }
  return steps;
}

std::string Target::Tree() const {
  namespace fs = std::filesystem;
  std::vector<std::string> lines;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_)) {
    struct stat status {};
    lstat(entry.path().c_str(), &status);
    std::string line =
        absl::StrFormat("%s %o %d", entry.path().lexically_relative(folder_).string(),
                        status.st_mode, status.st_uid);
    if (S_ISREG(status.st_mode)) {
      absl::StrAppend(&line, " ", Checksum(ReadWholeFile(entry.path())));
    }
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return absl::CHexEscape(absl::StrJoin(lines, "; "));
}

}  // namespace toolboxd::conformance
