// volk's variables, in one file of the program.

#define VOLK_IMPLEMENTATION
#include <volk.h>
