// Chases through one line in each page.
#include "common/ring.clh"
