// The same checks with a C++ compiler: the header must mean the same in both languages.
#include "abi_header.c"
