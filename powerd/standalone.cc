// SPDX-License-Identifier: Apache-2.0

#include "powerd/powerd.h"

int main(int argc, char** argv) { return toolboxd::PowerdMain(argc, argv); }
