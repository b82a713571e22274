#pragma once
// What every layer between the OpenCL loader and a driver consists of.
#include <CL/cl_layer.h>

namespace layer {

/// The functions that the layer's own calls go on to.
extern cl_icd_dispatch below;

/// Sets those of its functions that the layer replaces; all others go on to the driver. Each layer
/// defines it.
void replace(cl_icd_dispatch &own);

} // namespace layer
