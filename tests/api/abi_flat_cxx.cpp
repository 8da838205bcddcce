// abi_flat.c as C++.
#include "abi_flat.c"
