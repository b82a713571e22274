#include <clprobe/catch2.hpp>
#include <clprobe/registry.hpp>

int main(int argc, char **argv) {
    const clprobe::Registry registry = clprobe::builtin_probes();
    return clprobe::run_device_tests(argc, argv, registry, CLPROBE_MUTANTS);
}
