#include "hgfsd/hgfsd.h"

int main(int argc, char** argv) { return toolboxd::HgfsdMain(argc, argv); }
