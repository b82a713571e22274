#include "host/transfer/plan.hpp"

namespace clprobe::probes::transfer {

namespace {

std::string name(Operation operation) {
    return operation_names[static_cast<std::size_t>(operation)];
}
std::string name(Memory memory) {
    return memory_names[static_cast<std::size_t>(memory)];
}

} // namespace

std::string addresses_attribute(Memory memory) {
    return "mapped_addresses." + name(memory);
}

std::vector<FindingKey> keys() {
    std::vector<FindingKey> keys;
    for (const Operation operation :
         {Operation::write, Operation::read, Operation::map_read, Operation::map_write})
        for (const Memory memory : {Memory::pageable, Memory::pinned}) {
            const std::string key = "transfer." + name(operation) + "." + name(memory);
            keys.push_back({key, Unit::byte_per_second, Better::higher,
                            "asymptotic bandwidth, from the growth of time with size"});
            keys.push_back({key + ".fixed", Unit::second, Better::lower,
                            "what a transfer takes beside its bytes, from the small ones"});
        }
    for (const Operation operation : {Operation::write, Operation::read})
        keys.push_back({"transfer." + name(operation) + ".misaligned", Unit::one, Better::lower,
                        "time where the host's pointer is one or four bytes off a page's begin, "
                        "the worse of both, over time where it is not"});
    keys.push_back({"transfer.zero_copy", Unit::one, Better::none,
                    "1 where a mapping copies nothing, 0 where it does"});
    return keys;
}

} // namespace clprobe::probes::transfer
