#pragma once
#include <clprobe/probe.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace clprobe {

/// A probe of a test's own. It makes one finding, "fake.rate", from the number "rate" of its data,
/// and measures whatever the test gives it to do.
class FakeProbe : public Probe {
public:
    explicit FakeProbe(std::string name, std::vector<std::string> wants = {},
                       std::function<void(Bench &)> experiment = {})
        : experiment_(std::move(experiment)) {
        info_.name = std::move(name);
        info_.depends_on = std::move(wants);
        info_.findings = {{"fake.rate", Unit::op_per_second, Better::higher, "a rate"},
                          {"fake.size", Unit::byte, Better::none, "a size"}};
    }

    void heed(std::string probe) { info_.cross_checks.push_back(std::move(probe)); }

    [[nodiscard]] const ProbeInfo &info() const override { return info_; }

    void measure(Bench &bench) const override {
        if (experiment_)
            experiment_(bench);
    }

    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        if (data.text_attributes.contains("unreadable"))
            throw std::out_of_range("no such point");
        std::vector<Finding> findings;
        for (const FindingKey &key : info_.findings) {
            const auto value = data.number_attribute(key.key);
            findings.push_back(value ? measured(key, *value, {*value, *value})
                                     : without_value(key, Status::inconclusive, "no data"));
        }
        for (const std::string &heeded : info_.cross_checks)
            if (!facts.findings.empty())
                findings.front().note = "set against " + heeded;
        return findings;
    }

protected:
    ProbeInfo info_;

private:
    std::function<void(Bench &)> experiment_;
};

} // namespace clprobe
