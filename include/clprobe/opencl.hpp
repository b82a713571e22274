#pragma once
// The native OpenCL types that some public names show. A consumer may set another target version
// before it includes anything of clprobe.
#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#endif
#include <CL/cl.h>
