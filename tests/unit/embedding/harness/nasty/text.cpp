#include <clprobe/probe.hpp>

#include <memory>

namespace unit_embedding {
namespace {

class Text : public clprobe::Probe {
public:
    const clprobe::ProbeInfo &info() const override { return info_; }
    void measure(clprobe::Bench &) const override {}
    std::vector<clprobe::Finding> interpret(const clprobe::Dataset &,
                                            const clprobe::Facts &) const override {
        return {};
    }

private:
    clprobe::ProbeInfo info_ = [] {
        clprobe::ProbeInfo info;
        info.name = "nasty/text";
        return info;
    }();
};

} // namespace

std::unique_ptr<clprobe::Probe> make_nasty_text() {
    return std::make_unique<Text>();
}

} // namespace unit_embedding
