__kernel void lonely(__global int *out) { out[0] = 1; }
