#include "toolboxctl/toolboxctl.h"

int main(int argc, char** argv) { return toolboxd::ToolboxctlMain(argc, argv); }
