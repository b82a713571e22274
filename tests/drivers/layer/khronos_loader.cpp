// A library that names what the Khronos group's OpenCL loader reads, and has none of its functions.
extern "C" const char *const clprobe_reads[];
const char *const clprobe_reads[] = {"OCL_ICD_FILENAMES", "OCL_ICD_VENDORS",
                                     "/nowhere/of/clprobe/OpenCL/vendors"};
