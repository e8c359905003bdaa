// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/toolboxctl.h"

int main(int argc, char** argv) { return toolboxd::ToolboxctlMain(argc, argv); }
