// SPDX-License-Identifier: Apache-2.0

// One call of vmware-toolbox-cmd, as its commands see it.

#ifndef TOOLBOXD_RPCTOOL_TOOLBOX_CALL_H_
#define TOOLBOXD_RPCTOOL_TOOLBOX_CALL_H_

#include <stdarg.h>

#include <string_view>

#include "rpctool/host.h"

namespace toolboxd::rpctool {

// Exit statuses besides 0 (sysexits.h).
inline constexpr int kUsage = 64;
inline constexpr int kUnavailable = 69;
inline constexpr int kOsFile = 72;
inline constexpr int kTempFail = 75;
inline constexpr int kNoPermission = 77;

struct ToolboxCall {
  // As called, for error texts.
  const char* program;
  const char* command;
  // What follows the command; `argument(0)` is the subcommand.
  int argc;
  char** argv;
  // -q: only answers are printed, no confirmations.
  bool quiet;
  const char* tools_conf;
  Host& host;

  bool has(int i) const { return i < argc; }
  std::string_view argument(int i) const { return i < argc ? argv[i] : std::string_view(); }

  // "PROGRAM: Missing WHAT" and where help is; kUsage.
  int Missing(const char* what) const;
  // "PROGRAM: Unknown WHAT 'WORD'" and where help is; kUsage.
  int Unknown(const char* what, std::string_view word) const;
  // Prints a line unless -q was given; 0.
  int Confirm(const char* text) const;
  // Prints a line on standard output; 0 if that worked, else 1.
  int Print(std::string_view text) const;
  // Prints a line on standard error; `status`.
  int Fail(int status, std::string_view text) const;
};

// toolbox_state.cc
int StatCommand(const ToolboxCall& call);
int TimesyncCommand(const ToolboxCall& call);
int DeviceCommand(const ToolboxCall& call);
int InfoCommand(const ToolboxCall& call);
// toolbox_config.cc
int ConfigCommand(const ToolboxCall& call);
int LoggingCommand(const ToolboxCall& call);
int ScriptCommand(const ToolboxCall& call);
// toolbox_absent.cc
int DiskCommand(const ToolboxCall& call);
int GuestStoreCommand(const ToolboxCall& call);
int GlobalConfCommand(const ToolboxCall& call);

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_TOOLBOX_CALL_H_
