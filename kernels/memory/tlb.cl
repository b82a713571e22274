// Chases through a few lines in each page.
#define RING_PAST_FIRST_CACHE
#include "common/ring.clh"
