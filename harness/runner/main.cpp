#include <clprobe/registry.hpp>
#include <clprobe/runner.hpp>

int main(int argc, char **argv) {
    return clprobe::run_main(argc, argv, clprobe::builtin_probes());
}
