// SPDX-License-Identifier: Apache-2.0

#include "deployd/deployd.h"

int main(int argc, char** argv) { return toolboxd::DeploydMain(argc, argv); }
