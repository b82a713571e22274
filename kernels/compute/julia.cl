// The Julia iteration p = p^2 + c of each point of a plane, and in how many iterations |p|^2 < 10.
// A trip of the loop is as many iterations as UNROLL says: 1 or 4. Work-item (column, row) begins at
// ((column, row) * spacing - 0.5) * extent, and leaves its count and the bits of the last px.

#define ITERATE                                                                                    \
    {                                                                                              \
        const float next = x * x - y * y + c;                                                      \
        y = 2.0f * x * y;                                                                          \
        x = next;                                                                                  \
        count += x * x + y * y < 10.0f;                                                            \
    }

kernel void julia(global uint2 *out, uint trips, float spacing, float2 extent, float c) {
    const uint column = (uint)get_global_id(0);
    const uint row = (uint)get_global_id(1);
    float x = ((float)column * spacing - 0.5f) * extent.x;
    float y = ((float)row * spacing - 0.5f) * extent.y;
    uint count = 0;
#pragma unroll 1
    for (uint trip = 0; trip < trips; ++trip) {
        ITERATE
#if UNROLL == 4
        ITERATE
        ITERATE
        ITERATE
#endif
    }
    out[row * (uint)get_global_size(0) + column] = (uint2)(count, as_uint(x));
}
