// Chases through a buffer: a ring over more and more memory.
#include "common/ring.clh"
