// abi_vulkan.c as C++.
#include "abi_vulkan.c"
