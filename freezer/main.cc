// SPDX-License-Identifier: Apache-2.0

// toolboxd-freezer: freezes file systems for a snapshot, and thaws them whatever happens.
//
// Reads top-down: freezer.cc starts it, serve.cc has the connection, exchange.cc answers,
// targets.cc freezes and thaws, twin.cc is the second process that thaws if this one does not.

#include "freezer/freezer.h"
#include "freezer/kernel.h"

int main(int argc, char** argv) {
  toolboxd::freezer::LinuxKernel kernel;
  return toolboxd::freezer::RunFreezer(argc, argv, kernel);
}
