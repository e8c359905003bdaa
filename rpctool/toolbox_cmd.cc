// SPDX-License-Identifier: Apache-2.0

#include "rpctool/toolbox_cmd.h"

#include <getopt.h>
#include <stdio.h>

#include <string>
#include <string_view>

#include "base/version.h"
#include "rpctool/toolbox_call.h"

namespace toolboxd::rpctool {
namespace {

struct Command {
  const char* name;
  int (*run)(const ToolboxCall& call);
  bool needs_root;
  // What is missing if there is no argument; null: the command says so itself.
  const char* argument;
  const char* help;
};

constexpr Command kCommands[] = {
    {"config", ConfigCommand, true, "subcommand",
     "config get SECTION KEY          print a value of /etc/vmware-tools/tools.conf\n"
     "config set SECTION KEY VALUE    change it\n"
     "config remove SECTION KEY       remove it\n"},
    {"device", DeviceCommand, false, "subcommand",
     "device list                     removable devices: none, toolboxd leaves them to the host\n"
     "device status|enable|disable DEVICE\n"},
    {"disk", DiskCommand, true, "subcommand",
     "disk list|shrink|wipe|shrinkonly   not available: use fstrim(8)\n"},
    {"globalconf", GlobalConfCommand, true, "subcommand",
     "globalconf status               always 'Disabled'\n"},
    {"gueststore", GuestStoreCommand, false, "subcommand",
     "gueststore getcontent RESOURCE FILE   not available\n"},
    {"info", InfoCommand, true, "subcommand",
     "info update network             nothing to do: toolboxd reports changes by itself\n"},
    {"logging", LoggingCommand, true, "subcommand",
     "logging level get SERVICE       the level of tools.conf, which toolboxd does not use\n"
     "logging level set SERVICE error|critical|warning|info|message|debug\n"},
    {"script", ScriptCommand, true, "script type",
     "script power|resume|suspend|shutdown default|current\n"
     "                                the folder of the scripts of a power event, which\n"
     "                                run in the order of their names\n"},
    {"stat", StatCommand, false, "subcommand",
     "stat hosttime                   the host's time\n"
     "stat speed                      the processor's speed in MHz\n"
     "stat sessionid|balloon|swap|memlimit|memres|cpures|cpulimit\n"
     "                                if the host's administrator has allowed the guest to know\n"
     "stat raw [ENCODING NAME]        the same as the host words it: text, json, xml, yaml\n"},
    {"timesync", TimesyncCommand, false, "subcommand",
     "timesync status                 whether the host is asked to set the time: Enabled, or\n"
     "                                Disabled and exit status 69\n"
     "timesync enable|disable         ask it, or do not\n"},
};

const Command* Find(std::string_view name) {
  for (const Command& command : kCommands) {
    if (name == command.name) return &command;
  }
  return nullptr;
}

int PrintHelp(int status) {
  fputs(
      "Usage: vmware-toolbox-cmd [-q] COMMAND ARGUMENT...\n"
      "   or: vmware-toolbox-cmd help [COMMAND]\n"
      "   or: vmware-toolbox-cmd -v\n\n"
      "What scripts ask of VMware's guest tools, answered by toolboxd. -q omits\n"
      "confirmations. See vmware-toolbox-cmd(1).\n\n",
      stdout);
  for (const Command& command : kCommands) fputs(command.help, stdout);
  return fflush(stdout) == 0 ? status : 1;
}

int Help(const ToolboxCall& call) {
  if (!call.has(0)) return PrintHelp(0);
  if (const Command* command = Find(call.argument(0)); command != nullptr) {
    return fputs(command->help, stdout) >= 0 && fflush(stdout) == 0 ? 0 : 1;
  }
  fprintf(stderr, "%s: Unknown subcommand '%s'\n", call.program, call.argv[0]);
  return PrintHelp(kUsage);
}

int RunCommand(ToolboxCall& call, std::string_view name, uid_t user) {
  const Command* const command = Find(name);
  if (command == nullptr) {
    call.command = "";
    return call.Unknown("command", name);
  }
  call.command = command->name;
  if (command->needs_root && user != 0) {
    fprintf(stderr, "%s: You must be root to perform %s operations.\n", call.program, call.command);
    return kNoPermission;
  }
  return call.has(0) ? command->run(call) : call.Missing(command->argument);
}

enum class Asked { kCommand, kHelp, kVersion, kUsage };

Asked ParseOptions(int argc, char** argv, bool& quiet) {
  static constexpr option kOptions[] = {{"help", no_argument, nullptr, 'h'},
                                        {"version", no_argument, nullptr, 'v'},
                                        {"quiet", no_argument, nullptr, 'q'},
                                        {nullptr, 0, nullptr, 0}};
  optind = 0;
  for (int choice; (choice = getopt_long(argc, argv, "hqv", kOptions, nullptr)) != -1;) {
    if (choice == 'h') return Asked::kHelp;
    if (choice == 'v') return Asked::kVersion;
    if (choice != 'q') return Asked::kUsage;
    quiet = true;
  }
  return Asked::kCommand;
}

}  // namespace

int RunToolboxCmd(int argc, char** argv, Host& host, const ToolboxEnvironment& environment) {
  if (!host.HasBackdoor()) {
    fputs("vmware-toolbox-cmd must be run inside a virtual machine.\n", stderr);
    return 1;
  }
  bool quiet = false;
  switch (ParseOptions(argc, argv, quiet)) {
    case Asked::kHelp:
      return PrintHelp(0);
    case Asked::kVersion:
      return printf("%s (toolboxd)\n", kVersion) >= 0 && fflush(stdout) == 0 ? 0 : 1;
    case Asked::kUsage:
      fprintf(stderr, "Try '%s -h' for more information.\n", argv[0]);
      return 1;
    case Asked::kCommand:
      break;
  }
  ToolboxCall call = {
      argv[0], "", argc - optind - 1, argv + optind + 1, quiet, environment.tools_conf, host};
  if (optind >= argc) return call.Missing("command");
  const std::string_view name = argv[optind];
  if (name == "help") return Help(call);
  return RunCommand(call, name, environment.user);
}

namespace {

int Try(const ToolboxCall& call) {
  fprintf(stderr, "Try '%s help%s%s' for more information.\n", call.program,
          *call.command == '\0' ? "" : " ", call.command);
  return kUsage;
}

}  // namespace

int ToolboxCall::Missing(const char* what) const {
  fprintf(stderr, "%s: Missing %s\n", program, what);
  return Try(*this);
}

int ToolboxCall::Unknown(const char* what, std::string_view word) const {
  fprintf(stderr, "%s: Unknown %s '%.*s'\n", program, what, static_cast<int>(word.size()),
          word.data());
  return Try(*this);
}

int ToolboxCall::Confirm(const char* text) const { return quiet ? 0 : Print(text); }

int ToolboxCall::Print(std::string_view text) const {
  const bool printed = printf("%.*s\n", static_cast<int>(text.size()), text.data()) >= 0;
  return printed && fflush(stdout) == 0 ? 0 : 1;
}

int ToolboxCall::Fail(int status, std::string_view text) const {
  fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  return status;
}

}  // namespace toolboxd::rpctool
