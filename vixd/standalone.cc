// SPDX-License-Identifier: Apache-2.0

#include "vixd/vixd.h"

int main(int argc, char** argv) { return toolboxd::VixdMain(argc, argv); }
