#include "transportd/transportd.h"

int main(int argc, char** argv) { return toolboxd::TransportdMain(argc, argv); }
