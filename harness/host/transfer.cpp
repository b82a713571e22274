// clprobe: no kernel
#include "host/transfer/transfer.hpp"

namespace clprobe::probes {
namespace {

using namespace transfer;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "host/transfer";
    info.question = "How fast do bytes come to the device and back, and what does it cost to ask?";
    info.method =
        "Sizes from 4 KiB to 16 MiB (less where memory or time are short), four times as many "
        "bytes each, timed by the host's clock; all transfers in turn, in random order, each from "
        "and to random pages of much larger memory, so that small ones are not served by a cache. "
        "Pageable: between ordinary host memory and a buffer, and mappings of such a buffer. "
        "Pinned: with host memory that is a mapping of a buffer with CL_MEM_ALLOC_HOST_PTR, and "
        "mappings of another. A mapping's time is that of mapping, of the host reading every word "
        "of it in place or copying its own memory into it, and of unmapping: where nothing is "
        "copied, that is the speed at which the host reaches the device's memory. The bandwidth is "
        "asymptotic, the slope of time over bytes at the largest sizes, and the fixed cost is what "
        "the smallest ones leave at no bytes: Hockney's r and t0. Contents are random, a page of "
        "the device's side is changed by a copy on the device before each transfer, and pages "
        "chosen after it (of mappings that are read, all of them) are compared with what they must "
        "hold. Zero-copy is seen by mappings that touch nothing, to be read and written: where "
        "they copy, they take longer for more bytes by about what reading and writing them takes.";
    info.pitfalls = {
        "A mapping that is timed without touching it shows how fast an address is returned: "
        "41457 GB/s in another tool.",
        "Drivers keep copies of what was mapped before; unless the device changes the contents, a "
        "second mapping copies nothing.",
        "Host memory that is used for the first time is still to be made by the operating system, "
        "and pages cost more than their bytes: all memory is written before.",
        "The same few bytes again and again come from the host's caches.",
        "Some drivers take twelve times as long where a pointer is off its alignment.",
        "Drivers go other ways for small transfers than for large ones, so one line does not fit "
        "all: the note says where.",
        "Reading a mapping that the host does not cache takes long, and says so here.",
        "What the host itself does goes at its pace of these seconds: on a shared machine, calls "
        "take a fifth more in some runs than in others, mappings two fifths, and what it copies up "
        "to two thirds more, all through a run. Their intervals are never narrower than 20, 35 and "
        "50 % to either side, those of calls and mappings of a CPU, which differ by a factor of "
        "two, than 50 %."};
    info.sources = {"R. W. Hockney, The communication challenge for MPP: Intel Paragon and Meiko "
                    "CS-2, Parallel Computing 20 (1994)",
                    "NVIDIA OpenCL Best Practices Guide, section 3.1.1, pinned memory",
                    "OpenCL 3.0 specification, section 5.2.4, mapping buffer objects"};
    info.findings = finding_keys();
    info.series = {{series_name,
                    axes<Transfer>(),
                    {"time", Unit::second, {}},
                    "host time of one transfer, until it has ended"}};
    info.seconds = 3;
    return info;
}

class TransferProbe final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { run_experiment(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_host_transfer() {
    return std::make_unique<TransferProbe>();
}

} // namespace clprobe::probes
