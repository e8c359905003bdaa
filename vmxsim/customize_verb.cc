// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/customize_verb.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/small_file.h"
#include "base/status.h"
#include "deployd/testing/test_package.h"
#include "vmxsim/client.h"
#include "vmxsim/guest/hgfs_transfer.h"
#include "vmxsim/options.h"

namespace toolboxd::vmxsim {
namespace {

// Above what a guest accepts, so that it can be tried.
constexpr size_t kMaxFile = size_t{256} << 20;
// Flags of the package's header (docs/protocol/customization.md 9.3).
constexpr uint8_t kSkipReboot = 1;
constexpr uint8_t kIgnoreCloudInit = 2;
constexpr uint8_t kRawCloudInit = 4;
constexpr size_t kCommandAt = 56;
constexpr size_t kCommandSize = 456;

absl::Status Read(const std::string& path, std::string& content) {
  const int error = ReadSmallFile(path, kMaxFile, content);
  return error == 0 ? absl::OkStatus() : ErrnoError(error, absl::StrCat("cannot read ", path));
}

class Customization {
 public:
  Customization(Client* client, const CustomizeOptions& options)
      : client_(*client), options_(options) {}

  // True if the guest reports success.
  absl::StatusOr<bool> Run(const std::string& package) {
    absl::Status status = Follow(absl::ZeroDuration(), /*print=*/false).status();
    if (!status.ok()) return status;
    absl::StatusOr<std::string> inbox = Send("deployPkg.begin");
    if (!inbox.ok()) return inbox.status();
    const std::string path = absl::StrCat(*inbox, options_.name);
    if (!options_.no_upload) {
      status = Upload(options_.upload_path.empty() ? path : options_.upload_path, package);
      if (!status.ok()) return status;
    }
    const std::string deploy = absl::StrCat(
        "deployPkg.deploy ", options_.deploy_path.empty() ? path : options_.deploy_path);
    status = Send(deploy).status();
    if (options_.twice) Send(deploy).IgnoreError();
    if (!status.ok()) {
      Follow(absl::ZeroDuration(), /*print=*/true).IgnoreError();
      return status;
    }
    return FollowToTheEnd();
  }

 private:
  double Seconds() const { return absl::ToDoubleSeconds(absl::Now() - began_); }

  // What follows "OK " of the reply.
  absl::StatusOr<std::string> Send(absl::string_view request) {
    const absl::StatusOr<std::string> reply = client_.Tclo(request, kReplyTime);
    if (!reply.ok()) return reply.status();
    printf("%8.3f RX %s\n%8.3f RPLY %s\n", Seconds(), std::string(request).c_str(), Seconds(),
           reply->c_str());
    absl::string_view rest = *reply;
    if (absl::ConsumePrefix(&rest, "OK ")) return std::string(rest);
    return absl::AbortedError(absl::StrCat("the guest answers ", *reply));
  }

  absl::Status Upload(const std::string& path, absl::string_view package) {
    const PacketCall packets =
        InTclo([this](absl::string_view request) { return client_.Tclo(request, kReplyTime); });
    const absl::StatusOr<uint64_t> size =
        vmxsim::Upload(packets, path, [&package](size_t most) -> absl::StatusOr<std::string> {
          const std::string chunk(package.substr(0, most));
          package.remove_prefix(chunk.size());
          return chunk;
        });
    if (!size.ok()) {
      return absl::AbortedError(absl::StrCat("upload of ", path, ": ", size.status().message()));
    }
    printf("%8.3f    %u bytes are at %s\n", Seconds(), static_cast<unsigned>(*size), path.c_str());
    return absl::OkStatus();
  }

  // Waits for new states; returns the last, or nothing.
  absl::StatusOr<std::string> Follow(absl::Duration wait, bool print) {
    const absl::StatusOr<std::string> text =
        client_.Call({"customize-states", absl::StrCat(last_),
                      absl::StrFormat("%.9f", absl::ToDoubleSeconds(wait))});
    if (!text.ok()) return text.status();
    std::string state;
    for (absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
      const size_t space = line.find(' ');
      if (!absl::SimpleAtoi(line.substr(0, space), &last_)) continue;
      state = std::string(line.substr(space + 1));
      if (print) printf("%8.3f TX deployPkg.update.state %s\n", Seconds(), state.c_str());
    }
    fflush(stdout);
    return state;
  }

  absl::StatusOr<bool> FollowToTheEnd() {
    const absl::Time deadline = absl::Now() + options_.timeout;
    while (absl::Now() < deadline) {
      const absl::StatusOr<std::string> state =
          Follow(std::min<absl::Duration>(absl::Seconds(1), deadline - absl::Now()), true);
      if (!state.ok()) return state.status();
      if (IsLastState(*state)) return absl::StartsWith(*state, "5 0");
    }
    return absl::DeadlineExceededError("the guest has not reported an end");
  }

  static constexpr absl::Duration kReplyTime = absl::Seconds(15);

  Client& client_;
  const CustomizeOptions& options_;
  const absl::Time began_ = absl::Now();
  // The newest number among the states.
  uint64_t last_ = 0;
};

absl::StatusOr<bool> RunCustomization(const CustomizeOptions& options, const std::string& package) {
  absl::StatusOr<Client> client = Client::Connect(options.control);
  if (!client.ok()) return client.status();
  return Customization(&*client, options).Run(package);
}

}  // namespace

absl::Status ParseCustomizeOptions(const std::vector<std::string>& words,
                                   CustomizeOptions& options) {
  Options parser("customize [options] [PACKAGE]",
                 "Plays vCenter's customization of a guest: deployPkg.begin, the upload of a\n"
                 "package, deployPkg.deploy, and the states that the guest reports. PACKAGE is a\n"
                 "finished one; without it one is made of the files that the options name. Ends\n"
                 "with 0 if the guest reports success, with 1 otherwise.");
  parser.AllowAfterArguments();
  parser.String("control", &options.control, "control socket of the running vmxsim");
  parser.String("cust_cfg", &options.cust_cfg, "the file that becomes cust.cfg");
  parser.String("metadata", &options.metadata, "cloud-init's metadata: raw data");
  parser.String("userdata", &options.userdata, "cloud-init's userdata: raw data");
  parser.Strings("file", &options.files, "another file, as NAME=FILE (may be given several times)");
  parser.Flag("mszip", &options.mszip, "compress the package");
  parser.Flag("ignore_cloud_init", &options.ignore_cloud_init, "set that flag of the package");
  parser.String("command", &options.command, "the package's command (default: that of real ones)");
  parser.Flag("skip_reboot", &options.skip_reboot, "set that flag of the package");
  parser.String("name", &options.name, "the package's name in the inbox (default imcf-vmxsim)");
  parser.String("upload_path", &options.upload_path, "upload to this path, not into the inbox");
  parser.String("deploy_path", &options.deploy_path, "deploy this path, not the uploaded one");
  parser.Flag("no_upload", &options.no_upload, "deploy a package that was not uploaded");
  parser.Flag("twice", &options.twice, "send deployPkg.deploy twice");
  parser.Duration("timeout", &options.timeout, "time limit for the states (default 2m)");
  std::vector<std::string> arguments;
  const absl::Status status = parser.Parse(words, &arguments);
  if (!status.ok()) return status;
  if (arguments.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat("unexpected argument: ", arguments[1]));
  }
  if (!arguments.empty()) options.package = arguments[0];
  return absl::OkStatus();
}

absl::StatusOr<std::string> PackageOf(const CustomizeOptions& options) {
  std::string content;
  if (!options.package.empty()) {
    const absl::Status status = Read(options.package, content);
    return status.ok() ? absl::StatusOr<std::string>(std::move(content)) : status;
  }
  std::vector<std::string> sources = options.files;
  if (!options.cust_cfg.empty()) sources.push_back("cust.cfg=" + options.cust_cfg);
  if (!options.metadata.empty()) sources.push_back("metadata=" + options.metadata);
  if (!options.userdata.empty()) sources.push_back("userdata=" + options.userdata);
  std::vector<deployd::TestFile> files;
  for (const std::string& source : sources) {
    const std::pair<std::string, std::string> name_and_path =
        absl::StrSplit(source, absl::MaxSplits('=', 1));
    const absl::Status status = Read(name_and_path.second, content);
    if (!status.ok()) return status;
    files.emplace_back(name_and_path.first, content);
  }
  const uint8_t flags = (options.ignore_cloud_init ? kIgnoreCloudInit : 0) |
                        (options.metadata.empty() ? 0 : kRawCloudInit) |
                        (options.skip_reboot ? kSkipReboot : 0);
  std::string package = deployd::MakePackage(
      files, options.mszip ? deployd::Compression::kMszip : deployd::Compression::kStored, flags);
  if (options.command.size() >= kCommandSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("--command: at most ", kCommandSize - 1, " bytes"));
  }
  if (!options.command.empty()) {
    package.replace(kCommandAt, kCommandSize, kCommandSize, '\0');
    package.replace(kCommandAt, options.command.size(), options.command);
  }
  return package;
}

bool IsLastState(absl::string_view state) {
  const std::vector<absl::string_view> words = absl::StrSplit(state, absl::MaxSplits(' ', 2));
  if (words.size() < 2) return false;
  if (words[0] == "5") return true;
  // 103 and 104 are about the network.
  return words[1] != "0" && words[1] != "103" && words[1] != "104";
}

int CustomizeMain(const std::vector<std::string>& words) {
  CustomizeOptions options;
  absl::Status status = ParseCustomizeOptions(words, options);
  if (absl::IsCancelled(status)) return 0;
  const absl::StatusOr<std::string> package =
      status.ok() ? PackageOf(options) : absl::StatusOr<std::string>(status);
  if (!package.ok()) {
    fprintf(stderr, "vmxsim customize: %s\nTry: vmxsim customize --help\n",
            std::string(package.status().message()).c_str());
    return 2;
  }
  const absl::StatusOr<bool> success = RunCustomization(options, *package);
  if (success.ok()) return *success ? 0 : 1;
  fprintf(stderr, "vmxsim customize: %s\n", std::string(success.status().message()).c_str());
  return 1;
}

}  // namespace toolboxd::vmxsim
