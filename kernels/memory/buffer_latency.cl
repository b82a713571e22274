// Chases through a buffer: a ring through much memory or little, or through one line in each page. To
// the letter the same for both probes, so that it is inspected once (a compiler's cache is silent).
#include "common/ring.clh"
