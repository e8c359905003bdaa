// SPDX-License-Identifier: Apache-2.0

#include "transportd/transportd.h"

int main(int argc, char** argv) { return toolboxd::TransportdMain(argc, argv); }
