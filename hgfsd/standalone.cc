// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/hgfsd.h"

int main(int argc, char** argv) { return toolboxd::HgfsdMain(argc, argv); }
