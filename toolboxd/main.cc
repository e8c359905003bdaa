// SPDX-License-Identifier: Apache-2.0

// toolboxd: all programs that speak gRPC in one file, so that they share its pages.

#include <cstdio>
#include <vector>

#include "clockd/clockd.h"
#include "deployd/deployd.h"
#include "guestinfod/guestinfod.h"
#include "hgfsd/hgfsd.h"
#include "powerd/powerd.h"
#include "snapshotd/snapshotd.h"
#include "toolboxctl/toolboxctl.h"
#include "toolboxd/programs.h"
#include "transportd/transportd.h"
#include "vixd/vixd.h"

int main(int argc, char** argv) {
  const std::vector<toolboxd::LinkedProgram> programs = {
      {"transportd", toolboxd::TransportdMain, "the channels to the hypervisor"},
      {"guestinfod", toolboxd::GuestinfodMain, "what the host shows about this machine"},
      {"powerd", toolboxd::PowerdMain, "power operations and their scripts"},
      {"snapshotd", toolboxd::SnapshotdMain, "file systems that stand still for a snapshot"},
      {"deployd", toolboxd::DeploydMain, "a clone's customization by the host"},
      {"clockd", toolboxd::ClockdMain, "this machine's clock, as the host's shows it"},
      {"hgfsd", toolboxd::HgfsdMain, "files, as the user who runs it (started by session)"},
      {"vixd", toolboxd::VixdMain, "programs, as the user who runs it (started by session)"},
      {"toolboxctl", toolboxd::ToolboxctlMain, "the administrator's command"},
  };
  const toolboxd::Selection selection = toolboxd::SelectProgram(programs, argc, argv);
  if (selection.program != nullptr) {
    return selection.program->main(argc - selection.skip, argv + selection.skip);
  }
  const std::string list = toolboxd::ListPrograms(programs);
  if (selection.problem.empty()) return fputs(list.c_str(), stdout) < 0 ? 1 : 0;
  fprintf(stderr, "toolboxd: %s\n\n%s", selection.problem.c_str(), list.c_str());
  return 2;
}
