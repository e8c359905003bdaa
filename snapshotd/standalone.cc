// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/snapshotd.h"

int main(int argc, char** argv) { return toolboxd::SnapshotdMain(argc, argv); }
