// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/unique_fd.h"
#include "vmxsim/call_listener.h"
#include "vmxsim/client.h"
#include "vmxsim/control_server.h"
#include "vmxsim/cpuid_emulator.h"
#include "vmxsim/guest_init.h"
#include "vmxsim/model.h"
#include "vmxsim/options.h"
#include "vmxsim/tracer.h"
#include "vmxsim/vsock_calls.h"
#include "vmxsim/vsock_host.h"
#include "vmxsim/vsock_settings.h"

namespace toolboxd::vmxsim {
namespace {

constexpr int kUsageExit = 2;
constexpr absl::Duration kTick = absl::Milliseconds(100);

struct RunOptions {
  VmxOptions vmx;
  std::string cpuid = "auto";
  std::string hypercalls = "none";
  std::string hypercall_fault = "none";
  HypercallOptions hypercall_options;
  std::string control;
  std::string log;
  GuestRights rights;
  // What the guest's vsock offers: on, rpci, tclo or off; empty: the guest has none.
  std::string vsock;
  VsockSettings vsock_settings;
  absl::Duration grace = absl::Seconds(3);
  std::vector<std::string> command;
};

// Parses texts "NAME=VALUE"; a leading "guestinfo." is the user's choice.
absl::Status ParseVariables(const std::vector<std::string>& texts,
                            std::map<std::string, std::string>& variables) {
  for (absl::string_view text : texts) {
    absl::ConsumePrefix(&text, "guestinfo.");
    const size_t equals = text.find('=');
    if (equals == absl::string_view::npos || equals == 0) {
      return absl::InvalidArgumentError(absl::StrCat("--set ", text, ": must be NAME=VALUE"));
    }
    variables[std::string(text.substr(0, equals))] = std::string(text.substr(equals + 1));
  }
  return absl::OkStatus();
}

absl::Status ParseTypes(const std::vector<std::string>& texts, std::vector<int>& types) {
  for (const std::string& text : texts) {
    int type = 0;
    if (!absl::SimpleAtoi(text, &type)) {
      return absl::InvalidArgumentError(absl::StrCat("--refuse_info ", text, ": not a number"));
    }
    types.push_back(type);
  }
  return absl::OkStatus();
}

absl::Status ParseVsock(const std::vector<std::string>& settings, RunOptions& result) {
  result.rights.vsock = !result.vsock.empty();
  if (!result.rights.vsock) {
    return settings.empty() ? absl::OkStatus()
                            : absl::InvalidArgumentError("--vsock_set needs --vsock");
  }
  absl::Status status = result.vsock_settings.Offer(result.vsock);
  for (const std::string& text : settings) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
    status.Update(result.vsock_settings.Set(parts.first, parts.second));
  }
  return status;
}

absl::Status ParseHypercalls(RunOptions& result) {
  static const std::map<std::string, uint32_t> kKinds = {
      {"none", 0},
      {"vmcall", kAcceptsVmcall},
      {"vmmcall", kAcceptsVmmcall},
      {"both", kAcceptsVmcall | kAcceptsVmmcall}};
  static const std::map<std::string, HypercallFault> kFaults = {
      {"none", HypercallFault::kNone},
      {"sigill", HypercallFault::kIllegal},
      {"sigsegv", HypercallFault::kSegmentation},
      {"silent", HypercallFault::kSilent}};
  const auto kind = kKinds.find(result.hypercalls);
  const auto fault = kFaults.find(result.hypercall_fault);
  if (kind == kKinds.end()) {
    return absl::InvalidArgumentError(absl::StrCat("--hypercalls=", result.hypercalls,
                                                   ": must be none, vmcall, vmmcall or both"));
  }
  if (fault == kFaults.end()) {
    return absl::InvalidArgumentError(absl::StrCat("--hypercall_fault=", result.hypercall_fault,
                                                   ": must be none, sigill, sigsegv or silent"));
  }
  if (kind->second != 0 && result.cpuid == "off") {
    return absl::InvalidArgumentError("--hypercalls needs CPUID, which --cpuid=off leaves alone");
  }
  result.hypercall_options = {kind->second, fault->second};
  return absl::OkStatus();
}

void AddFaultOptions(Options& options, FaultOptions& faults) {
  options.Flag("no_hb", &faults.no_high_bandwidth, "do not offer the high-bandwidth port");
  options.Uint("checkpoint_every", &faults.checkpoint_every,
               "take a checkpoint at every Nth step of the protocol");
  options.Uint("close_every", &faults.close_every, "close the channel after every N messages");
  options.Uint("wrong_type_every", &faults.wrong_type_every,
               "answer every Nth step with a wrong type");
  options.Uint("bad_cookie_every", &faults.bad_cookie_every, "refuse the cookie at every Nth step");
  options.Uint("faults", &faults.seed,
               "a seed: faults of those kinds, and the host gone, in an order that it decides");
}

absl::Status ParseOptions(const std::vector<std::string>& words, RunOptions* result) {
  Options options(
      "run [options] -- command [arguments]",
      "Runs a command and all its descendants as if inside a VMware VM whose host is vmxsim.\n"
      "Exits with the command's exit code (128 + N for signal N).");
  std::vector<std::string> refused_types;
  std::vector<std::string> variables;
  std::vector<std::string> vsock_settings;
  options.String("control", &result->control,
                 "path of the control socket (default: in $XDG_RUNTIME_DIR or /tmp)");
  options.String("log", &result->log, "file to which every message and event is appended");
  options.String("cpuid", &result->cpuid,
                 "how the guest gets VMware's CPUID: auto, fault, patch or off");
  options.String("hypercalls", &result->hypercalls,
                 "what CPUID announces and the host takes besides the port: none (the default), "
                 "vmcall, vmmcall or both");
  options.String("hypercall_fault", &result->hypercall_fault,
                 "what announced hypercalls do instead: sigill, sigsegv, or silent, where no host "
                 "answers");
  options.Duration("ping_interval", &result->vmx.tclo.ping_interval,
                   "time between the host's pings (default 5s)");
  options.Flag("nul", &result->vmx.tclo.nul_terminated, "end TCLO requests with a NUL");
  AddFaultOptions(options, result->vmx.faults);
  options.OptionalString("vsock", &result->vsock, "on",
                         "give the guest vsock, and offer guest RPC there: on (the default), rpci, "
                         "tclo or, until vmxsim vsock changes it, off");
  options.Strings("vsock_set", &vsock_settings,
                  "NAME=VALUE as of vmxsim vsock, from the start (may be given several times)");
  options.Strings("refuse_info", &refused_types,
                  "refuse this SetGuestInfo type (may be given several times)");
  options.Strings("refuse_rpci", &result->vmx.rpci.refused_commands,
                  "refuse this RPCI command (may be given several times)");
  options.Strings("set", &variables,
                  "NAME=VALUE of a guestinfo variable that is set before the guest starts (may be "
                  "given several times)");
  options.Flag("container", &result->rights.reboot,
               "allow reboot(2), for a command that boots a container");
  options.Flag("allow_freeze", &result->rights.freeze,
               "let the guest freeze file systems, which are those of this machine");
  options.Duration(
      "grace", &result->grace,
      "time that the command has after SIGTERM until SIGKILL when vmxsim ends (default 3s)");
  absl::Status status = options.Parse(words, &result->command);
  if (!status.ok()) return status;
  status.Update(ParseTypes(refused_types, result->vmx.rpci.refused_info_types));
  status.Update(ParseVariables(variables, result->vmx.rpci.variables));
  status.Update(ParseHypercalls(*result));
  status.Update(ParseVsock(vsock_settings, *result));
  if (!status.ok()) return status;
  if (result->vmx.faults.checkpoint_every == 1) {
    return absl::InvalidArgumentError(
        "--checkpoint_every must be at least 2: with 1 no message ever arrives");
  }
  if (result->command.empty())
    return absl::InvalidArgumentError("no command given; name it after --");
  return absl::OkStatus();
}

absl::StatusOr<CpuidMode> ChooseCpuidMode(const std::string& name) {
  if (name == "off") return CpuidMode::kOff;
  if (name == "patch") return CpuidMode::kPatch;
  const bool can_fault = CpuCanFaultCpuid();
  if (name == "auto") return can_fault ? CpuidMode::kFault : CpuidMode::kPatch;
  if (name != "fault") {
    return absl::InvalidArgumentError(
        absl::StrCat("--cpuid=", name, ": must be auto, fault, patch or off"));
  }
  if (!can_fault) {
    return absl::FailedPreconditionError(
        "this CPU cannot make CPUID fault (arch_prctl(ARCH_SET_CPUID): no such device); "
        "use --cpuid=patch");
  }
  return CpuidMode::kFault;
}

// Ends the guest when a signal asks for it: SIGTERM for the command, after `grace` SIGKILL for all.
class Ending {
 public:
  Ending(Tracer* tracer, absl::Duration grace) : tracer_(tracer), grace_(grace) {}

  void Request(int signal) {
    signal_ = signal;
    if (deadline_ != absl::InfiniteFuture()) {
      tracer_->EndAll();  // asked twice
      return;
    }
    deadline_ = absl::Now() + grace_;
    if (tracer_->command_pid() > 0) kill(tracer_->command_pid(), SIGTERM);
  }
  void Tick() {
    if (absl::Now() >= deadline_) tracer_->EndAll();
  }
  int signal() const { return signal_; }

 private:
  Tracer* tracer_;
  const absl::Duration grace_;
  absl::Time deadline_ = absl::InfiniteFuture();
  std::atomic<int> signal_ = 0;
};

// Timers and signals, until `done` (an eventfd) is set.
void Housekeep(Vmx& vmx, VsockHost* vsock, Ending& ending, int signals, int done) {
  pollfd waiting[] = {{signals, POLLIN, 0}, {done, POLLIN, 0}};
  while (waiting[1].revents == 0) {
    if (poll(waiting, 2, absl::ToInt64Milliseconds(kTick)) > 0 && waiting[0].revents != 0) {
      signalfd_siginfo info;
      if (read(signals, &info, sizeof(info)) == sizeof(info)) ending.Request(info.ssi_signo);
    }
    ending.Tick();
    vmx.Tick();
    if (vsock != nullptr) vsock->Tick();
  }
}

// A guest's vsock; empty, without one.
struct Vsock {
  std::unique_ptr<VsockHost> host;
  std::optional<VsockCalls> calls;
};

absl::Status StartVsock(const RunOptions& options, Tracer& tracer, Vmx& vmx, Vsock& vsock) {
  if (!options.rights.vsock) return absl::OkStatus();
  vsock.host = std::make_unique<VsockHost>(&vmx, options.vsock_settings);
  absl::StatusOr<VsockCalls> calls =
      VsockCalls::Create(vsock.host.get(), [&tracer](pid_t tid) { return tracer.ExecTime(tid); });
  if (calls.ok()) vsock.calls = *std::move(calls);
  return calls.status();
}

int Serve(const RunOptions& options, const GuestInit& init, Tracer& tracer, Vmx& vmx, int signals) {
  Vsock vsock;
  absl::Status status = StartVsock(options, tracer, vmx, vsock);
  CallListener calls(&vmx, vsock.calls.has_value() ? &*vsock.calls : nullptr, UniqueFd(init.calls));
  ControlServer server({&vmx, &tracer, init.pid, &calls, vsock.host.get()});
  if (status.ok()) status = server.Start(options.control);
  if (status.ok()) status = tracer.Seize(init.pid);
  if (!status.ok()) {
    kill(init.pid, SIGKILL);
    fprintf(stderr, "vmxsim: %s\n", status.ToString().c_str());
    return kSetupFailedExit;
  }
  Ending ending(&tracer, options.grace);
  const int done = eventfd(0, EFD_CLOEXEC);
  std::thread housekeeper([&] { Housekeep(vmx, vsock.host.get(), ending, signals, done); });
  const bool started = write(init.go, "x", 1) == 1;
  close(init.go);
  const int wait_status = tracer.Run();
  eventfd_write(done, 1);
  housekeeper.join();
  close(done);
  server.Stop();
  vmx.Tick();
  if (ending.signal() != 0) return 128 + ending.signal();
  return started ? ExitCodeOf(wait_status) : kSetupFailedExit;
}

}  // namespace

int RunVerb(const std::vector<std::string>& words) {
  RunOptions options;
  absl::Status status = ParseOptions(words, &options);
  if (absl::IsCancelled(status)) return 0;
  absl::StatusOr<CpuidMode> mode = ChooseCpuidMode(options.cpuid);
  if (status.ok()) status = mode.status();
  if (status.ok() && geteuid() != 0) {
    status = absl::PermissionDeniedError("must run as root, which the guest's namespaces need");
  }
  if (!status.ok()) {
    fprintf(stderr, "vmxsim run: %s\nTry: vmxsim run --help\n",
            std::string(status.message()).c_str());
    return absl::IsInvalidArgument(status) ? kUsageExit : kSetupFailedExit;
  }
  Vmx vmx(options.vmx);
  if (!options.log.empty()) {
    bool opened = false;
    vmx.With([&](Vmx::View& view) { opened = view.log.OpenFile(options.log); });
    if (!opened) {
      fprintf(stderr, "vmxsim run: cannot write %s\n", options.log.c_str());
      return kUsageExit;
    }
  }
  if (options.control.empty()) options.control = NewControlPath();
  setenv(kControlVariable, options.control.c_str(), 1);

  signal(SIGPIPE, SIG_IGN);
  GuestCommand command{options.command, {}, options.rights};
  sigset_t handled;
  sigemptyset(&handled);
  sigaddset(&handled, SIGINT);
  sigaddset(&handled, SIGTERM);
  sigaddset(&handled, SIGHUP);
  sigprocmask(SIG_BLOCK, &handled, &command.signal_mask);
  const int signals = signalfd(-1, &handled, SFD_CLOEXEC);
  const absl::StatusOr<GuestInit> init = StartGuestInit(command);
  if (!init.ok()) {
    fprintf(stderr, "vmxsim run: %s\n", init.status().ToString().c_str());
    return kSetupFailedExit;
  }
  Tracer tracer(&vmx, *mode, options.hypercall_options);
  return Serve(options, *init, tracer, vmx, signals);
}

}  // namespace toolboxd::vmxsim
