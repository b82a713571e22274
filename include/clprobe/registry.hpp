#pragma once
#include <clprobe/kernel.hpp>
#include <clprobe/probe.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// Probes and the kernel texts they build. A value: a program may have several.
class Registry {
public:
    void add(std::unique_ptr<Probe> probe);
    void add(KernelText text);

    [[nodiscard]] const std::vector<std::unique_ptr<Probe>> &probes() const { return probes_; }
    [[nodiscard]] const std::vector<KernelText> &kernels() const { return kernels_; }
    /// The probe of that name, or null.
    [[nodiscard]] const Probe *find(std::string_view name) const;
    /// Throws Error where no such text was added.
    [[nodiscard]] const KernelText &kernel(std::string_view name) const;
    /// Probes that any of the patterns names (`*` stands for any text, a family for all of its
    /// probes, the key of a finding for the probe that makes it), in the registry's order; all of
    /// them for no pattern. Throws InputError for one that fits none, with what may have been
    /// meant.
    [[nodiscard]] std::vector<const Probe *> match(std::span<const std::string> patterns) const;

private:
    std::vector<std::unique_ptr<Probe>> probes_;
    std::vector<KernelText> kernels_;
};

/// The probes that come with clprobe, with their kernels, in its component `probes`.
[[nodiscard]] Registry builtin_probes();

} // namespace clprobe
