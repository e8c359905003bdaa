// SPDX-License-Identifier: Apache-2.0

#include "clockd/clockd.h"

int main(int argc, char** argv) { return toolboxd::ClockdMain(argc, argv); }
