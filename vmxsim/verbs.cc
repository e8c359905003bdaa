// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/verbs.h"

#include <stdio.h>
#include <unistd.h>

#include <functional>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/small_file.h"
#include "base/status.h"
#include "vmxsim/client.h"
#include "vmxsim/customize_verb.h"
#include "vmxsim/guest/guest_verbs.h"
#include "vmxsim/guest_exec.h"
#include "vmxsim/options.h"
#include "vmxsim/snapshot_verb.h"

namespace toolboxd::vmxsim {
namespace {

using Words = std::vector<std::string>;

// What verbs share.
struct Settings {
  std::string control;
  absl::Duration timeout = absl::Seconds(10);
  // Where `timeout` ends.
  absl::Time deadline;
  absl::Duration interval = absl::ZeroDuration();
  bool json = false;
  bool follow = false;
  bool hex = false;
};

// Returns the exit code, or an error to be printed.
using VerbFunction = absl::StatusOr<int> (*)(Client&, const Settings&, const Words&);

int Print(absl::string_view text) {
  fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

absl::StatusOr<int> PrintCall(Client& client, const Words& words) {
  const absl::StatusOr<std::string> text = client.Call(words);
  if (!text.ok()) return text.status();
  return Print(*text);
}

std::string Seconds(absl::Duration duration) {
  return absl::StrFormat("%.9f", absl::ToDoubleSeconds(duration));
}

// The size of a file with a request: above what a guest takes, so that a longer one can be tried.
constexpr size_t kMaxRequestFile = 1 << 20;

// "@FILE" or text with C escapes (\x00).
absl::StatusOr<std::string> RequestBytes(const std::string& argument) {
  std::string bytes;
  if (absl::StartsWith(argument, "@")) {
    const std::string path = argument.substr(1);
    const int error = ReadSmallFile(path, kMaxRequestFile, bytes);
    if (error != 0) return ErrnoError(error, absl::StrCat("cannot read ", path));
    return bytes;
  }
  std::string error;
  if (!absl::CUnescape(argument, &bytes, &error)) return absl::InvalidArgumentError(error);
  return bytes;
}

absl::StatusOr<int> Wait(Client& client, const Settings& settings, const Words&) {
  return PrintCall(client, {"wait", Seconds(settings.deadline - absl::Now())});
}

// For people: an "OK " without data has a blank at its end.
std::string ReplyLine(absl::string_view reply) {
  return absl::CHexEscape(absl::StripTrailingAsciiWhitespace(reply));
}

absl::StatusOr<int> Send(Client& client, const Settings& settings, const Words& words) {
  const absl::StatusOr<std::string> request = RequestBytes(words[0]);
  if (!request.ok()) return request.status();
  const absl::StatusOr<std::string> reply = client.Tclo(*request, settings.timeout);
  if (!reply.ok()) return reply.status();
  if (isatty(STDOUT_FILENO)) return Print(absl::StrCat(ReplyLine(*reply), "\n"));
  return Print(*reply);
}

absl::StatusOr<int> Ping(Client& client, const Settings& settings, const Words&) {
  const absl::Time begin = absl::Now();
  const absl::StatusOr<std::string> reply = client.Tclo("ping", settings.timeout);
  if (!reply.ok()) return reply.status();
  printf("%s in %.3f ms\n", ReplyLine(*reply).c_str(),
         absl::ToDoubleMilliseconds(absl::Now() - begin));
  return absl::StartsWith(*reply, "OK") ? 0 : 1;
}

// A leading "guestinfo." is the user's choice.
std::string VariableName(absl::string_view name) {
  return std::string(absl::StartsWith(name, "guestinfo.") ? name.substr(10) : name);
}

absl::StatusOr<int> Get(Client& client, const Settings&, const Words& words) {
  const absl::StatusOr<std::string> value = client.Get(VariableName(words[0]));
  if (!value.ok()) return value.status();
  return Print(absl::StrCat(*value, "\n"));
}

absl::StatusOr<int> Set(Client& client, const Settings&, const Words& words) {
  const absl::Status status = client.Set(VariableName(words[0]), words[1]);
  if (!status.ok()) return status;
  return 0;
}

absl::StatusOr<int> Raw(Client& client, const Settings& settings, const Words& words) {
  const absl::StatusOr<std::string> bytes = client.Call({"raw", words[0]});
  if (!bytes.ok()) return bytes.status();
  if (settings.hex) return Print(absl::StrCat(absl::BytesToHexString(*bytes), "\n"));
  return Print(*bytes);
}

absl::StatusOr<int> Info(Client& client, const Settings&, const Words&) {
  return PrintCall(client, {"info"});
}

absl::StatusOr<int> Nics(Client& client, const Settings&, const Words&) {
  return PrintCall(client, {"nics"});
}

absl::StatusOr<int> Bench(Client& client, const Settings&, const Words& words) {
  const std::string count = words.size() > 1 ? words[1] : words[0] == "idle" ? "20" : "1000";
  const absl::StatusOr<std::string> request = RequestBytes(words.size() > 2 ? words[2] : "ping");
  if (!request.ok()) return request.status();
  return PrintCall(client, {"bench", words[0], count, *request});
}

absl::StatusOr<int> Log(Client& client, const Settings& settings, const Words&) {
  uint64_t after = 0;
  do {
    const absl::Duration wait = settings.follow ? absl::Seconds(1) : absl::ZeroDuration();
    const absl::StatusOr<std::vector<std::string>> lines = client.Log(after, wait);
    if (!lines.ok()) return settings.follow ? 0 : absl::StatusOr<int>(lines.status());
    for (const std::string& line : *lines) {
      const size_t space = line.find(' ');
      if (!absl::SimpleAtoi(line.substr(0, space), &after)) continue;
      puts(line.c_str() + space + 1);
    }
    fflush(stdout);
  } while (settings.follow);
  return 0;
}

// Differences over the interval, per second, of everything that counts upwards.
absl::StatusOr<int> PrintRates(Client& client, absl::Duration interval) {
  const auto first = client.Stats();
  if (!first.ok()) return first.status();
  absl::SleepFor(interval);
  const auto second = client.Stats();
  if (!second.ok()) return second.status();
  const double seconds = second->at("elapsed_seconds") - first->at("elapsed_seconds");
  for (const auto& [name, value] : *second) {
    const auto before = first->find(name);
    if (before == first->end() || name == "elapsed_seconds" || absl::EndsWith(name, "_ms") ||
        absl::EndsWith(name, "_us")) {
      continue;
    }
    printf("%-28s %.6g\n", absl::StrCat(name, "_per_second").c_str(),
           (value - before->second) / seconds);
  }
  return 0;
}

absl::StatusOr<int> StatsVerb(Client& client, const Settings& settings, const Words&) {
  if (settings.interval > absl::ZeroDuration()) return PrintRates(client, settings.interval);
  return PrintCall(client, {"stats", settings.json ? "json" : "text"});
}

absl::StatusOr<int> Power(Client& client, const Settings& settings, const Words& words) {
  return PrintCall(client, {"power", Seconds(settings.timeout), words[0]});
}

// NAME=VALUE sets the clock; "ahead=5s" has the host's be ahead of the guest's by that.
absl::StatusOr<int> Clock(Client& client, const Settings&, const Words& words) {
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    std::string name = word.substr(0, equals);
    std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (name == "ahead") {
      absl::Duration ahead;
      if (!absl::ParseDuration(value, &ahead)) {
        return absl::InvalidArgumentError("ahead=TIME, such as 5s or -200ms");
      }
      name = "difference";
      value = absl::StrCat(absl::ToInt64Microseconds(ahead));
    }
    const absl::StatusOr<std::string> result = client.Call({"clock-set", name, value});
    if (!result.ok()) return result.status();
  }
  return words.empty() ? PrintCall(client, {"clock"}) : 0;
}

// "on", "off", …, "reset" or NAME=VALUE.
absl::StatusOr<int> Vsock(Client& client, const Settings&, const Words& words) {
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    const Words call = equals == std::string::npos
                           ? Words{"vsock-offer", word}
                           : Words{"vsock-set", word.substr(0, equals), word.substr(equals + 1)};
    const absl::StatusOr<std::string> result = client.Call(call);
    if (!result.ok()) return result.status();
  }
  return words.empty() ? PrintCall(client, {"vsock"}) : 0;
}

absl::StatusOr<int> Recorded(Client& client, const Settings&, const Words&) {
  return PrintCall(client, {"recorded"});
}

absl::StatusOr<int> Processes(Client& client, const Settings&, const Words&) {
  return PrintCall(client, {"processes"});
}

absl::StatusOr<int> Fault(Client& client, const Settings&, const Words& words) {
  const std::string seconds = words.size() > 1 ? words[1] : "5";
  return PrintCall(client, {"fault", words[0], seconds});
}

absl::StatusOr<int> Exec(Client& client, const Settings&, const Words& words) {
  return ExecuteInGuest(client, words);
}

struct ClientVerbEntry {
  const char* arguments;
  size_t least;
  size_t most;
  const char* help;
  VerbFunction run;
};

const std::map<std::string, ClientVerbEntry>& Verbs() {
  static const auto& verbs = *new std::map<std::string, ClientVerbEntry>{
      {"wait", {"", 0, 0, "wait until vmxsim runs and the guest tools are registered", Wait}},
      {"send",
       {"REQUEST", 1, 1,
        "send a TCLO request (text with C escapes such as \\x00, or @FILE); print the reply",
        Send}},
      {"ping", {"", 0, 0, "send the request ping and print how long the reply took", Ping}},
      {"get", {"NAME", 1, 1, "print a guestinfo variable", Get}},
      {"set", {"NAME VALUE", 2, 2, "set a guestinfo variable", Set}},
      {"raw",
       {"TYPE|disk", 1, 1, "print the last SetGuestInfo or SetGuestDiskInfo value as it was sent",
        Raw}},
      {"info", {"", 0, 0, "print what the guest has reported about itself", Info}},
      {"nics", {"", 0, 0, "print the guest's interfaces, addresses and routes", Nics}},
      {"bench",
       {"idle|serial|queued [COUNT [REQUEST]]", 1, 3,
        "measure round trips: on an idle channel, one after another, or four at a time", Bench}},
      {"log", {"", 0, 0, "print the messages between host and guest", Log}},
      {"stats", {"", 0, 0, "print counters and times, or rates over --interval", StatsVerb}},
      {"power",
       {"on|off|reboot|suspend|resume", 1, 1,
        "request a power operation; wait for the guest's reply and status", Power}},
      {"clock",
       {"[NAME=VALUE]...", 0, 10,
        "print the host's clock and the guest's; or set ahead (the host by 5s), rate (ppm), "
        "max_lag,\n"
        "      interrupt_lag (microseconds), newest (55, 46, 23 or 0), status",
        Clock}},
      {"recorded",
       {"", 0, 0, "print the calls of shutdown, systemctl and others in the guest", Recorded}},
      {"processes", {"", 0, 0, "print the guest's process numbers on this machine", Processes}},
      {"fault",
       {"close|checkpoint|wrong-type|vanish [SECONDS]", 1, 2,
        "break the protocol once, or ignore the guest for SECONDS (default 5)", Fault}},
      {"vsock",
       {"[on|rpci|tclo|off|reset|NAME=VALUE]...", 0, 10,
        "print what the host does about vsock, and the connections; or offer it, withdraw it, end\n"
        "      the connections, or set delay (TIME before each answer), split (bytes at a time),\n"
        "      refuse (ERROR[:COUNT] or none), busy (PORT from which ports are in use), fault\n"
        "      (KIND[:rpci|:tclo] of the next packet: oversize, half, cut, type, duplicate, "
        "unknown,\n"
        "      empty, garbage, twice, silent, lose, unread)",
        Vsock}},
      {"exec",
       {"-- COMMAND [ARGUMENTS]", 1, 1000, "run a command inside the guest, in this directory",
        Exec}},
  };
  return verbs;
}

int WrongCommandLine(const std::string& verb, const absl::Status& status) {
  fprintf(stderr, "vmxsim %s: %s\nTry: vmxsim %s --help\n", verb.c_str(),
          std::string(status.message()).c_str(), verb.c_str());
  return 2;
}

}  // namespace

std::string VerbHelp() {
  std::string text =
      "vmxsim: a simulated VMware hypervisor for unmodified programs\n\n"
      "  vmxsim run [options] -- COMMAND [ARGUMENTS]\n"
      "      run a command as if inside a VMware VM\n\n"
      "While one runs, these act as its host. They find it by --control=PATH, by $VMXSIM_CONTROL,\n"
      "or because it is the only one of this user:\n\n"
      "  vmxsim guest VERB [ARGUMENTS]\n"
      "      guest operations: files, programs, transfers (vmxsim guest --help)\n";
  absl::StrAppend(&text, "  vmxsim customize [options] [PACKAGE]\n      ", kCustomizeHelp, "\n");
  absl::StrAppend(&text, "  vmxsim snapshot [options]\n      ", kSnapshotHelp, "\n");
  for (const auto& [name, verb] : Verbs()) {
    absl::StrAppend(&text, "  vmxsim ", name, *verb.arguments != '\0' ? " " : "", verb.arguments,
                    "\n      ", verb.help, "\n");
  }
  return text + "\nvmxsim VERB --help prints a verb's options.\n";
}

int ClientVerb(const std::string& name, const std::vector<std::string>& words) {
  if (name == "guest") return GuestMain(words);
  if (name == "customize") return CustomizeMain(words);
  if (name == "snapshot") return SnapshotMain(words);
  const auto verb = Verbs().find(name);
  if (verb == Verbs().end()) {
    fprintf(stderr, "vmxsim: unknown verb '%s'; try vmxsim --help\n", name.c_str());
    return 2;
  }
  Settings settings;
  const absl::string_view usage = verb->second.arguments;
  Options options(absl::StrCat(name, " [options]", usage.empty() ? "" : " ", usage),
                  verb->second.help);
  options.String("control", &settings.control, "control socket of the running vmxsim");
  options.Duration("timeout", &settings.timeout, "time limit, such as 500ms or 2m (default 10s)");
  if (name != "exec") options.AllowAfterArguments();
  if (name == "stats") {
    options.Flag("json", &settings.json, "print JSON");
    options.Duration("interval", &settings.interval,
                     "print what was counted within this time, per second");
  }
  if (name == "log") options.Flag("follow", &settings.follow, "continue until the guest ends");
  if (name == "raw") options.Flag("hex", &settings.hex, "print hexadecimal digits");
  Words arguments;
  absl::Status status = options.Parse(words, &arguments);
  if (absl::IsCancelled(status)) return 0;
  if (status.ok() &&
      (arguments.size() < verb->second.least || arguments.size() > verb->second.most)) {
    status = absl::InvalidArgumentError(
        usage.empty() ? "takes no arguments"
                      : absl::StrCat("wrong number of arguments; expected: ", usage));
  }
  if (!status.ok()) return WrongCommandLine(name, status);
  settings.deadline = absl::Now() + settings.timeout;
  // `wait` may be the first to run after `vmxsim run` was started.
  const absl::Duration patience = name == "wait" ? settings.timeout : absl::ZeroDuration();
  absl::StatusOr<Client> client = Client::ConnectWithin(patience, settings.control);
  absl::StatusOr<int> code = client.ok() ? verb->second.run(*client, settings, arguments)
                                         : absl::StatusOr<int>(client.status());
  if (code.ok()) return *code;
  if (absl::IsInvalidArgument(code.status())) return WrongCommandLine(name, code.status());
  fprintf(stderr, "vmxsim %s: %s\n", name.c_str(), std::string(code.status().message()).c_str());
  return 1;
}

}  // namespace toolboxd::vmxsim
