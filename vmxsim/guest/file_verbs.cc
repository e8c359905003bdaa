// SPDX-License-Identifier: Apache-2.0

// Verbs of GuestFileManager.

#include <cstdio>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"
#include "vmxsim/guest/verb.h"

namespace toolboxd::vmxsim {
namespace {

absl::Status WrongUse() { return absl::InvalidArgumentError(""); }

void Print(const Record& file, bool details) {
  const auto name = file.find("Name");
  if (name == file.end()) return;
  if (details) {
    char time[32];
    const std::time_t modified = NumberOf(file, "mt");
    std::tm parts{};
    gmtime_r(&modified, &parts);
    std::strftime(time, sizeof time, "%F %T", &parts);
    std::printf("%06o %5d %5d %12lld %s ", static_cast<unsigned>(NumberOf(file, "perm")),
                static_cast<int>(NumberOf(file, "uid")), static_cast<int>(NumberOf(file, "gid")),
                static_cast<long long>(NumberOf(file, "fs")), time);
  }
  std::fwrite(name->second.data(), 1, name->second.size(), stdout);
  const auto target = file.find("slt");
  if (details && target != file.end() && !target->second.empty()) {
    std::printf(" -> %s", target->second.c_str());
  }
  std::printf("\n");
}

absl::Status List(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().size() != 1) return WrongUse();
  const absl::StatusOr<int64_t> page = ParseNumber(arguments.Value("--page", "1000"));
  if (!page.ok()) return page.status();
  const auto files = client.ListFiles(arguments.rest()[0], arguments.Value("--pattern"),
                                      static_cast<int32_t>(*page));
  if (!files.ok()) return files.status();
  for (const Record& file : *files) Print(file, arguments.Has("-l"));
  return absl::OkStatus();
}

absl::Status Stat(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().size() != 1) return WrongUse();
  vix::ListFilesRequest request;
  request.path = arguments.rest()[0];
  const auto reply = client.Call(vix::kInitiateFileTransferFromGuest, vix::Encode(request));
  if (const absl::Status status = Outcome(reply); !status.ok()) return status;
  for (const Record& file : ParseRecords(reply->result, "fxi")) Print(file, true);
  return absl::OkStatus();
}

absl::Status Directory(GuestClient& client, const Arguments& arguments, uint32_t opcode,
                       absl::string_view flag) {
  if (arguments.rest().size() != 1) return WrongUse();
  vix::DirectoryRequest request;
  request.path = arguments.rest()[0];
  request.flag = arguments.Has(flag);
  return Outcome(client.Call(opcode, vix::Encode(request)));
}

absl::Status MakeDirectory(GuestClient& client, const Arguments& arguments) {
  return Directory(client, arguments, vix::kCreateDirectoryEx, "-p");
}

absl::Status RemoveDirectory(GuestClient& client, const Arguments& arguments) {
  return Directory(client, arguments, vix::kDeleteDirectoryEx, "-r");
}

absl::Status Remove(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().size() != 1) return WrongUse();
  vix::PathRequest request;
  request.path = arguments.rest()[0];
  return Outcome(client.Call(vix::kDeleteFileEx, vix::Encode(request)));
}

absl::Status Move(GuestClient& client, const Arguments& arguments, uint32_t opcode) {
  if (arguments.rest().size() != 2) return WrongUse();
  vix::MoveRequest request;
  request.from = arguments.rest()[0];
  request.to = arguments.rest()[1];
  request.overwrite = arguments.Has("-f");
  return Outcome(client.Call(opcode, vix::Encode(request)));
}

absl::Status MoveFile(GuestClient& client, const Arguments& arguments) {
  return Move(client, arguments, vix::kMoveFileEx);
}

absl::Status MoveDirectory(GuestClient& client, const Arguments& arguments) {
  return Move(client, arguments, vix::kMoveDirectory);
}

absl::Status MakeTemporary(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().size() > 1) return WrongUse();
  const std::string prefix = arguments.Value("--prefix"), suffix = arguments.Value("--suffix");
  vix::CreateTemporaryRequest request;
  request.prefix = prefix;
  request.suffix = suffix;
  if (!arguments.rest().empty()) request.directory = arguments.rest()[0];
  const auto reply = client.Call(
      arguments.Has("-d") ? vix::kCreateTemporaryDirectory : vix::kCreateTemporaryFileEx,
      vix::Encode(request));
  if (const absl::Status status = Outcome(reply); !status.ok()) return status;
  std::printf("%s\n", reply->result.c_str());
  return absl::OkStatus();
}

absl::Status ChangeMode(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().size() != 2) return WrongUse();
  const absl::StatusOr<int64_t> mode = ParseNumber(arguments.rest()[0], 8);
  if (!mode.ok()) return mode.status();
  vix::SetAttributesRequest request;
  request.flags = vix::SetAttributesRequest::kPermissions;
  request.permissions = static_cast<int32_t>(*mode);
  request.path = arguments.rest()[1];
  return Outcome(client.Call(vix::kSetFileAttributes, vix::Encode(request)));
}

absl::Status ChangeOwner(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().size() != 2) return WrongUse();
  const std::vector<std::string> ids = absl::StrSplit(arguments.rest()[0], ':');
  vix::SetAttributesRequest request;
  if (!ids[0].empty()) {
    const absl::StatusOr<int64_t> uid = ParseNumber(ids[0]);
    if (!uid.ok()) return uid.status();
    request.flags |= vix::SetAttributesRequest::kOwner;
    request.uid = static_cast<int32_t>(*uid);
  }
  if (ids.size() > 1) {
    const absl::StatusOr<int64_t> gid = ParseNumber(ids[1]);
    if (!gid.ok()) return gid.status();
    request.flags |= vix::SetAttributesRequest::kGroup;
    request.gid = static_cast<int32_t>(*gid);
  }
  request.path = arguments.rest()[1];
  return Outcome(client.Call(vix::kSetFileAttributes, vix::Encode(request)));
}

absl::Status Touch(GuestClient& client, const Arguments& arguments) {
  if (arguments.rest().size() != 1) return WrongUse();
  const std::string now = absl::StrCat(std::time(nullptr));
  const bool both = arguments.Values("--atime").empty() && arguments.Values("--mtime").empty();
  vix::SetAttributesRequest request;
  request.path = arguments.rest()[0];
  if (both || !arguments.Values("--atime").empty()) {
    const absl::StatusOr<int64_t> time = ParseNumber(arguments.Value("--atime", now));
    if (!time.ok()) return time.status();
    request.flags |= vix::SetAttributesRequest::kAccessTime;
    request.access_time = *time;
  }
  if (both || !arguments.Values("--mtime").empty()) {
    const absl::StatusOr<int64_t> time = ParseNumber(arguments.Value("--mtime", now));
    if (!time.ok()) return time.status();
    request.flags |= vix::SetAttributesRequest::kModificationTime;
    request.modification_time = *time;
  }
  return Outcome(client.Call(vix::kSetFileAttributes, vix::Encode(request)));
}

}  // namespace

const std::vector<Verb>& FileVerbs() {
  static const auto& verbs = *new std::vector<Verb>{
      {"ls", "ls [-l] [--pattern=REGEX] [--page=N] PATH", "list a directory, N entries at a time",
       List},
      {"stat", "stat PATH", "show attributes, by InitiateFileTransferFromGuest", Stat},
      {"mkdir", "mkdir [-p] PATH", "create a directory; -p: its parents too", MakeDirectory},
      {"rmdir", "rmdir [-r] PATH", "delete a directory; -r: with its content", RemoveDirectory},
      {"rm", "rm PATH", "delete a file", Remove},
      {"mv", "mv [-f] FROM TO", "move a file; -f: replace an existing one", MoveFile},
      {"mvdir", "mvdir FROM TO", "move a directory", MoveDirectory},
      {"mktemp", "mktemp [-d] [--prefix=P] [--suffix=S] [DIRECTORY]",
       "create a temporary file; -d: a directory", MakeTemporary},
      {"chmod", "chmod OCTAL PATH", "set permissions", ChangeMode},
      {"chown", "chown [UID][:GID] PATH", "set owner and group, by number", ChangeOwner},
      {"touch", "touch [--atime=SECONDS] [--mtime=SECONDS] PATH",
       "set times, in seconds since 1970; without options both to now", Touch},
  };
  return verbs;
}

}  // namespace toolboxd::vmxsim
