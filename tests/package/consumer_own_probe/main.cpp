#include <clprobe/runner.hpp>

namespace mine {
clprobe::Registry probes(); // made by clprobe_add_probes
}

int main(int argc, char **argv) {
    return clprobe::run_main(argc, argv, mine::probes());
}
