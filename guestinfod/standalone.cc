// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/guestinfod.h"

int main(int argc, char** argv) { return toolboxd::GuestinfodMain(argc, argv); }
