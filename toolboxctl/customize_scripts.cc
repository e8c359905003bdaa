// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/customize_scripts.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/replace_file.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "base/unique_fd.h"
#include "base/wipe.h"
#include "daemon/child.h"
#include "deployd/settings.h"
#include "toolboxctl/script_folder.h"

namespace toolboxd {
namespace {

// deployd's user could put a link, a pipe or a large file there.
absl::StatusOr<std::string> ReadRequest(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info;
  if (!file.ok() || fstat(file.get(), &info) != 0) return ErrnoError(errno, path);
  if (!S_ISREG(info.st_mode) || info.st_size > int64_t{deployd::kMaxRequestBytes}) {
    return MakeError(v1::INVALID_ARGUMENT, absl::StrCat(path, " is not a request"));
  }
  std::string text(static_cast<size_t>(info.st_size), '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

// A file in memory with the text, at its start; it can be read only.
absl::StatusOr<UniqueFd> InMemory(absl::string_view text) {
  UniqueFd file(memfd_create("customization", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.ok()) return ErrnoError(errno, "memfd_create");
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(errno, "the customization in memory");
    text.remove_prefix(static_cast<size_t>(written));
  }
  if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) != 0 ||
      lseek(file.get(), 0, SEEK_SET) != 0) {
    return ErrnoError(errno, "the customization in memory");
  }
  return file;
}

absl::Status RunAll(const std::string& folder, const deployd::ScriptRequest& request,
                    const StopSignal& stop) {
  const absl::StatusOr<std::vector<std::string>> scripts = ScriptsIn(folder);
  if (!scripts.ok()) return scripts.status();
  if (scripts->empty()) {
    return absl::NotFoundError(absl::StrCat(folder, " has no executable script"));
  }
  if (absl::Status strict = CheckModes(*scripts); !strict.ok()) return strict;
  const absl::Time end = SteadyNow() + request.time_limit;
  for (const std::string& script : *scripts) {
    const absl::StatusOr<UniqueFd> input = InMemory(request.json);
    if (!input.ok()) return input.status();
    LogNotice("running ", script);
    absl::Status status =
        RunProgram({script}, {"TOOLBOXD_CUSTOMIZATION=1"}, end - SteadyNow(), stop, input->get());
    if (absl::IsDeadlineExceeded(status)) {
      return absl::DeadlineExceededError(absl::StrCat(script,
                                                      ": ended, because all scripts together have ",
                                                      absl::FormatDuration(request.time_limit)));
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// deployd asks first; but whoever writes a request in its place does not.
absl::Status Permitted(const std::string& settings) {
  const absl::StatusOr<v1::CustomizationSettings> found = deployd::ReadSettings(settings);
  if (!found.ok()) return found.status();
  if (found->enable() && found->run_scripts()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(settings, " permits no scripts"));
}

}  // namespace

absl::Status RunCustomizeScripts(const CustomizeScriptOptions& options, const StopSignal& stop) {
  absl::StatusOr<std::string> text = ReadRequest(options.request);
  // Also a broken one: the path unit would start the service again and again.
  unlink(options.request.c_str());
  if (!text.ok()) return text.status();
  absl::StatusOr<deployd::ScriptRequest> request = deployd::DecodeScriptRequest(*text);
  Wipe(*text);
  if (!request.ok()) return request.status();
  absl::Status status = Permitted(options.settings);
  status.Update(status.ok() ? RunAll(options.folder, *request, stop) : status);
  Wipe(request->json);
  const absl::Status written =
      ReplaceFile(options.outcome, deployd::EncodeOutcome(request->id, status), 0644);
  status.Update(written);
  return status;
}

}  // namespace toolboxd
