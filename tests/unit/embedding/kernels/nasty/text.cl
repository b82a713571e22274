// ; [[ ]] ] [ \ "quoted" )" )--" ?? ${X} @X@ %d #include "common/inner.clh" é
#include "common/outer.clh"
#define TWO_LINES \
    2

  #  include   "common/inner.clh"  // here for the second time
__kernel void text(__global char *out) {
    out[0] = "a\n\"b\\"[get_global_id(0)]; // line 8
}
